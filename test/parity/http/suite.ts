// Runs the behaviours of one server with every client that can talk to it: once directly, once through the program in
// HTTP mode, on each of its endpoints, and demands the same of both. All clients of a server share one process, as
// they do in a deployment.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import type { Peer } from '../../peers/listen.ts';
import { type Behaviour, observe, type Server } from '../stdio/behaviour.ts';
import { normalise } from '../stdio/normalise.ts';
import { type ClientKind, connect, type Subject } from '../stdio/subject.ts';
import type { Contender, ServerPeer } from '../stdio/suite.ts';

export type Endpoint = '/mcp' | '/sse';

export interface HttpMatrixOptions {
  /** What is added to `--listen`. */
  flags?: string[];
  /** Those of the server's behaviours that can be the same. */
  behaviours?: (behaviour: Behaviour) => boolean;
  /** What must be left of the server when the program is gone. */
  afterwards?: (peer: Peer) => void;
}

export function httpMatrix(contender: Contender, options: HttpMatrixOptions = {}): void {
  const { flags = [], behaviours = () => true, afterwards } = options;
  describe(contender.name, () => {
    let peer: ServerPeer;
    let serving: Serving;
    beforeAll(async () => {
      peer = await contender.start();
      serving = peer.command
        ? await startServing(undefined, [...flags, '--', ...peer.command])
        : await startServing(peer.url, flags);
    });
    afterAll(async () => {
      await serving?.stop();
      await peer?.close();
    });

    describe.each(pairs(contender))('%s on %s', (kind, endpoint, server) => {
      let direct: Subject;
      let proxied: Subject;
      beforeAll(async () => {
        direct = await connect(kind, contender.direct, peer.command ?? peer.url);
        proxied = await connect(kind, endpoint === '/sse' ? 'sse' : 'http', `${serving.url}${endpoint}`);
        await contender.settle(direct, server);
        await contender.settle(proxied, server);
      });
      afterAll(async () => {
        await direct?.close();
        await proxied?.close();
      });

      it('the opening', () => {
        expect(normalise(proxied.opening)).toEqual(normalise(direct.opening));
        expect(firstAnswer(proxied)).toEqual(firstAnswer(direct));
      });

      for (const behaviour of contender.behaviours.filter(behaviours)) {
        it(behaviour.name, async () => {
          // One after the other: some servers tell every client of a change that one of them made.
          const expected = await observe(behaviour, direct, server);
          const actual = await observe(behaviour, proxied, server);
          expect(actual).toEqual(expected);
        });
      }
    });

    it('ends cleanly, with next to nothing to say to people, and leaves nothing on the server', async () => {
      const exit = await serving.stop();
      expect(exit, serving.proxy.stderr).toEqual({ code: 0, signal: null });
      // The first line of a start is for setting up a client.
      const [, ...lines] = serving.proxy.stderr.split('\n').filter(Boolean);
      expect(lines.length).toBeLessThanOrEqual(3);
      afterwards?.(peer);
    });
  });
}

/** HTTP+SSE is of a time before 2026-07-28. */
function pairs({ clients }: Contender): [ClientKind, Endpoint, Server][] {
  return (Object.entries(clients) as [ClientKind, Server][]).flatMap(([kind, server]) => {
    const endpoints: Endpoint[] = kind === 'SDK v2 modern' ? ['/mcp'] : ['/mcp', '/sse'];
    return endpoints.map((endpoint): [ClientKind, Endpoint, Server] => [kind, endpoint, server]);
  });
}

function firstAnswer({ wire }: Subject): unknown {
  const first = wire.events.find(({ kind }) => kind === 'response');
  return normalise(first?.kind === 'response' ? { to: first.to, body: first.body } : 'no answer');
}
