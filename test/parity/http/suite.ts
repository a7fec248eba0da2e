// Runs the behaviours of one server with every client that can talk to it: once directly, and once through the program
// in HTTP mode on each of its endpoints. Both must give the same. All clients of a server share one deployment: a
// process, or several replicas.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { type Deployment, REPLICAS, startDeployment } from '../replicas/deployment.ts';
import { unordered } from '../replicas/unordered.ts';
import { type Behaviour, observe, type Server } from '../stdio/behaviour.ts';
import { normalise } from '../stdio/normalise.ts';
import { type ClientKind, connect, type Subject } from '../stdio/subject.ts';
import type { Contender, ServerPeer } from '../stdio/suite.ts';

export type Endpoint = '/mcp' | '/sse';

export interface HttpMatrixOptions {
  /** What is added to `--listen`. */
  flags?: string[];
  /** Of the program; as many as usual unless given. */
  replicas?: number;
  /** The behaviours of the server that can be the same. */
  behaviours?: (behaviour: Behaviour) => boolean;
  /** What the server must have left once the program has ended. */
  afterwards?: (peer: Peer) => void;
}

export function httpMatrix(contender: Contender, options: HttpMatrixOptions = {}): void {
  const { flags = [], replicas = REPLICAS, behaviours = () => true, afterwards } = options;
  describe(contender.name, () => {
    let peer: ServerPeer;
    let deployment: Deployment;
    beforeAll(async () => {
      peer = await contender.start();
      deployment = peer.command
        ? await startDeployment(undefined, [...flags, '--', ...peer.command], { replicas })
        : await startDeployment(peer.url, flags, { replicas });
    });
    afterAll(async () => {
      await deployment?.stop();
      await peer?.close();
    });

    describe.each(pairs(contender))('%s on %s', (kind, endpoint, server) => {
      let direct: Subject;
      let proxied: Subject;
      beforeAll(async () => {
        direct = await connect(kind, contender.direct, peer.command ?? peer.url);
        proxied = await connect(kind, endpoint === '/sse' ? 'sse' : 'http', `${deployment.url}${endpoint}`);
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

      const chosen = contender.behaviours.filter(behaviours);
      const isUnordered = replicas > 1 && contender.direct === 'stdio' && endpoint === '/mcp' && server.streams;
      for (const behaviour of isUnordered && kind !== 'SDK v2 modern' ? unordered(chosen) : chosen) {
        it(behaviour.name, async () => {
          // One after the other: some servers tell every client of a change that one of them made.
          const expected = await observe(behaviour, direct, server);
          const actual = await observe(behaviour, proxied, server);
          expect(actual).toEqual(expected);
        });
      }
    });

    it('ends cleanly, logs next to nothing, and leaves nothing on the server', async () => {
      const exits = await deployment.stop();
      for (const [at, { stderr }] of deployment.proxies.entries()) {
        expect(exits[at], stderr).toEqual({ code: 0, signal: null });
        // The first line of a start is the one that helps to set up a client.
        const [, ...lines] = stderr.split('\n').filter(Boolean);
        expect(lines.length).toBeLessThanOrEqual(3);
      }
      afterwards?.(peer);
    });
  });
}

/** HTTP+SSE is older than 2026-07-28. */
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
