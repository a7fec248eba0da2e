// HTTP+SSE: a session that is lost again during its restoration, and one that only the endpoint has forgotten.
import { afterEach, expect, it } from 'vitest';
import { closeHostiles } from '../../peers/hostile.ts';
import { type HostileSse, regularPost, startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'echo', arguments: { a: 1 } };
const ECHOED = { content: [{ type: 'text', text: '{"a":1}' }] };

async function connected(): Promise<{ server: HostileSse; proxy: ProxyProcess }> {
  const server = await startHostileSse();
  const proxy = startProxy(server.url, ['--transport', 'sse-only']);
  await proxy.rpc.initialize('2024-11-05');
  await server.posted('notifications/initialized');
  return { server, proxy };
}

it('later calls succeed when a stream is cut again while its session is restored', async () => {
  const { server, proxy } = await connected();
  await proxy.rpc.request('logging/setLevel', { level: 'debug' });
  server.post = (posted, stream, res) => {
    if (posted.message.method !== 'logging/setLevel' || stream.number > 2) return regularPost(posted, stream, res);
    res.writeHead(202).end();
    stream.end();
  };
  server.streams[0]?.end();
  await server.posted('logging/setLevel', 2);
  // A call that is on its way at that moment may get an error, but it gets an answer.
  await proxy.rpc.exchange('tools/list');
  expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
  expect(server.streams.length).toBe(3);
});

it('later calls succeed when the endpoint no longer knows a session whose stream is open', async () => {
  const { server, proxy } = await connected();
  server.post = (posted, stream, res) => {
    if (stream.number > 1) regularPost(posted, stream, res);
    else res.writeHead(404).end('Session not found');
  };
  await proxy.rpc.exchange('tools/list');
  await proxy.rpc.exchange('tools/list');
  for (let n = 0; n < 3; n++) expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
  expect(server.streams.length).toBe(2);
});

it('one 404 alone ends nothing', async () => {
  const { server, proxy } = await connected();
  let refused = 0;
  server.post = (posted, stream, res) => {
    if (posted.message.method !== 'tools/call' || refused++ > 0) regularPost(posted, stream, res);
    else res.writeHead(404).end('no such tool');
  };
  expect((await proxy.rpc.exchange('tools/call', CALL)).message.error).toBeDefined();
  expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
  expect(server.streams.length).toBe(1);
});

it('a session that is opened again has its subscriptions, and the client reads them again', async () => {
  const { server, proxy } = await connected();
  await proxy.rpc.request('resources/subscribe', { uri: 'a:1' });
  server.streams[0]?.end();
  expect((await server.posted('resources/subscribe', 2)).message.params).toEqual({ uri: 'a:1' });
  expect((await proxy.rpc.next('notifications/resources/updated')).message.params).toEqual({ uri: 'a:1' });
});
