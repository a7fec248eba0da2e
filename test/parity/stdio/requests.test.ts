// How many HTTP requests a connection costs before the first call, and what is left on the server after the last.
import { rmSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { closeProxies, privateHome, startProxy } from '../../peers/proxy.ts';
import { type Recorder, rpcMethod, startRecorder } from '../../peers/recorder.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { startServerEverythingSse } from '../../peers/server-everything.ts';

const opened: { close(): Promise<unknown> }[] = [];
const open = <T extends { close(): Promise<unknown> }>(peer: T): T => {
  opened.push(peer);
  return peer;
};
afterEach(async () => {
  await closeProxies();
  for (const peer of opened.splice(0).reverse()) await peer.close();
});

const CALL = { name: 'echo', arguments: { message: 'x' } };

/** What went upstream before the first tools/call, as "POST method"; the GET stream runs beside the rest. */
function before({ requests }: Recorder): string[] {
  const at = requests.findIndex(({ body }) => rpcMethod(body) === 'tools/call');
  expect(at).toBeGreaterThanOrEqual(0);
  return requests.slice(0, at).map(({ method, path, body }) => `${method} ${rpcMethod(body) ?? path}`);
}

it('a legacy client costs two requests before its first call, and ends its session', async () => {
  const server = open(await startSdkV1Stateful());
  const recorder = open(await startRecorder(server.url));
  const proxy = startProxy(recorder.url);
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/call', CALL);
  expect(before(recorder).filter((line) => line !== 'GET /mcp')).toEqual([
    'POST initialize',
    'POST notifications/initialized',
  ]);
  expect(recorder.requests.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(1);
  expect(server.sessions.size).toBe(1);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(recorder.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
  expect(server.sessions.size).toBe(0);
});

it('a modern client costs one request before its first call', async () => {
  const server = open(await startSdkV2Modern());
  const recorder = open(await startRecorder(server.url));
  const proxy = startProxy(recorder.url);
  await proxy.rpc.modern('server/discover');
  await proxy.rpc.modern('tools/call', CALL);
  expect(before(recorder)).toEqual(['POST server/discover']);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(recorder.requests).toHaveLength(2);
});

it('a modern client that calls at once costs one request before its first call at most', async () => {
  const server = open(await startSdkV2Modern());
  const recorder = open(await startRecorder(server.url));
  const proxy = startProxy(recorder.url);
  await proxy.rpc.modern('tools/call', CALL);
  expect(before(recorder).length).toBeLessThanOrEqual(1);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
});

it('the transport of an HTTP+SSE server is found once and remembered', async () => {
  const server = open(await startServerEverythingSse());
  const recorder = open(await startRecorder(server.url));
  const home = privateHome();
  const start = async (args: string[]): Promise<string[]> => {
    recorder.requests.length = 0;
    const proxy = startProxy(recorder.url, args, { home });
    await proxy.rpc.initialize('2024-11-05');
    await proxy.rpc.request('tools/call', CALL);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    return recorder.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`).sort();
  };
  try {
    const needed = ['GET /sse', 'POST /message', 'POST /message', 'POST /message'];
    expect(await start([])).toEqual([...needed, 'POST /sse']);
    expect(await start([])).toEqual(needed);
    expect(await start(['--transport', 'sse-only'])).toEqual(needed);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
