// Runs a list of behaviours for one server with every client that can talk to it: once directly, and once through the
// proxy. Both must give the same.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { type Behaviour, observe, type Server } from './behaviour.ts';
import { normalise } from './normalise.ts';
import { type ClientKind, connect, type Subject } from './subject.ts';

/** A server at a URL, or one that clients start. */
export type ServerPeer = Peer & { readonly command?: readonly string[] };

export interface Contender {
  name: string;
  start(): Promise<ServerPeer>;
  direct: 'http' | 'sse' | 'stdio';
  /** The clients that share a revision with it, and what each can expect of it. */
  clients: Partial<Record<ClientKind, Server>>;
  /** Waits until a fresh connection is quiet, so that nothing of its opening counts as part of a behaviour. */
  settle(subject: Subject, server: Server): Promise<unknown>;
  behaviours: Behaviour[];
}

export function matrix(contender: Contender): void {
  describe.each(Object.entries(contender.clients) as [ClientKind, Server][])(
    `%s with ${contender.name}`,
    (kind, server) => {
      let peer: ServerPeer;
      let direct: Subject;
      let proxied: Subject;

      beforeAll(async () => {
        peer = await contender.start();
        const target = peer.command ?? peer.url;
        direct = await connect(kind, contender.direct, target);
        proxied = await connect(kind, 'proxy', target);
        await contender.settle(direct, server);
        await contender.settle(proxied, server);
      });
      afterAll(async () => {
        await direct?.close();
        await proxied?.close();
        await peer?.close();
      });

      it('the opening', () => {
        expect(normalise(proxied.opening)).toEqual(normalise(direct.opening));
        const opened = ({ wire }: Subject) => {
          const first = wire.events.find(({ kind }) => kind === 'response');
          return normalise(first?.kind === 'response' ? { to: first.to, body: first.body } : 'no answer');
        };
        expect(opened(proxied)).toEqual(opened(direct));
      });

      for (const behaviour of contender.behaviours) {
        it(behaviour.name, async () => {
          // One after the other: some servers tell every client of a change that one of them made.
          const expected = await observe(behaviour, direct, server);
          const actual = await observe(behaviour, proxied, server);
          expect(actual).toEqual(expected);
        });
      }

      it('the proxy logs next to nothing', () => {
        expect(proxied.stderr().split('\n').filter(Boolean).length).toBeLessThanOrEqual(3);
      });
    },
  );
}
