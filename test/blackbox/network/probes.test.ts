// What a start costs that learns nothing new, and what a copy of the program leaves behind that was only asked for its
// era, as hosts do before they start the one that they use.
import { rmSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { endpointEvent, startHostileSse } from '../../peers/hostile-sse.ts';
import type { Peer } from '../../peers/listen.ts';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, privateHome, startProxy } from '../../peers/proxy.ts';
import { rpcMethod, startRecorder } from '../../peers/recorder.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { startServerEverythingSse } from '../../peers/server-everything.ts';

const open = opened();
const closeLater = () => open({ close: closeHostiles });

type Start = () => Promise<Peer>;

const legacy = async ({ rpc }: ProxyProcess): Promise<void> => {
  await rpc.initialize('2025-11-25');
  await rpc.request('tools/list');
};
const modern = async ({ rpc }: ProxyProcess): Promise<void> => {
  await rpc.modern('server/discover');
  await rpc.modern('tools/list');
};

describe('every start after the first sends what its client needs, and no more', () => {
  const OPENING = ['POST initialize', 'POST notifications/initialized', 'POST tools/list'];
  it.each<[string, typeof legacy, Start, string[]]>([
    ['a client of 2025-11-25, a server of its revision', legacy, startSdkV1Stateful, OPENING],
    ['a client of 2025-11-25, HTTP+SSE', legacy, startServerEverythingSse, OPENING],
    [
      'a client of 2025-11-25, a server of 2026-07-28',
      legacy,
      startSdkV2Modern,
      ['POST server/discover', 'POST tools/list'],
    ],
    [
      'a client of 2026-07-28, a server of its revision',
      modern,
      startSdkV2Modern,
      ['POST server/discover', 'POST tools/list'],
    ],
    // The first message is the client's own.
    [
      'a client of 2026-07-28, a server of 2025-11-25',
      modern,
      startSdkV1Stateful,
      ['POST server/discover', ...OPENING],
    ],
    ['a client of 2026-07-28, HTTP+SSE', modern, startServerEverythingSse, ['POST server/discover', ...OPENING]],
  ])('%s', async (_, use, start, expected) => {
    const server = await open(start());
    const recorder = await open(startRecorder(server.url));
    const home = privateHome();
    await open({ close: async () => rmSync(home, { recursive: true, force: true }) });
    for (const round of [1, 2, 3]) {
      const before = recorder.requests.length;
      const proxy = startProxy(recorder.url, [], { home });
      await use(proxy);
      expect((await proxy.close()).code).toBe(0);
      const sent = recorder.requests.slice(before).map(({ method, body }) => `${method} ${rpcMethod(body)}`);
      // Streams are opened beside the requests, and the end of a session is no part of its start.
      const posts = sent.filter((line) => line.startsWith('POST') && !line.includes('subscriptions/listen'));
      if (round > 1) expect(posts).toEqual(expected);
    }
  });
});

describe('a copy that only gets a probe', () => {
  const probe = async (target: string | undefined, args: string[]): Promise<void> => {
    const proxy = startProxy(target, args);
    await proxy.rpc.modern('server/discover');
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(proxy.stderr).not.toMatch(/error|warn/);
  };

  it('leaves no session at a server of an older revision', async () => {
    await closeLater();
    const server = await startHostile();
    server.on('server/discover', a.rpcError(-32601, 'Method not found', 404));
    server.on(
      'GET',
      a.openSse(() => {}),
    );
    await probe(server.url, []);
    const sessions = (kind: string) => server.all(kind).map(({ session }) => session);
    expect(server.all('initialize')).toHaveLength(1);
    expect(sessions('DELETE')).toEqual(['session-1']);
    await Promise.all(server.all('GET').map(({ closed }) => closed));
  });

  it('leaves no stream at a server of HTTP+SSE', async () => {
    await closeLater();
    const server = await startHostileSse();
    let open = 0;
    server.begin = (stream, res) => {
      open += 1;
      res.once('close', () => {
        open -= 1;
      });
      stream.write(endpointEvent(`/message?session=${stream.number}`));
    };
    await probe(server.url, []);
    expect(server.streams).toHaveLength(1);
    await vi.waitFor(() => expect(open).toBe(0), 60_000);
  });

  it.each([
    ['of an older revision', {}],
    ['of 2026-07-28', { era: 'modern' }],
    ['that goes on after the end of its stdin', { stays: 'end,term' }],
  ] as const)('leaves no process of a local server %s', async (_, script) => {
    const server = await open(scripted(script));
    await probe(undefined, ['--', ...server.command]);
    await server.allGone();
  });
});
