// An opening that fails, is cancelled or is only half accepted.
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, closeLater, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { regularPost, startHostileSse } from '../../peers/hostile-sse.ts';
import { listenLoopback } from '../../peers/listen.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import type { RpcMessage } from '../../peers/rpc.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const OPENING = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } };

it('the server is not told when a client cancels its initialize', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  server.on('initialize', a.never);
  proxy.rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'i', method: 'initialize', params: OPENING }));
  const opening = await server.seen('initialize');
  proxy.rpc.notify('notifications/cancelled', { requestId: 'i', reason: 'enough' });
  await opening.closed;
  await proxy.close();
  expect(server.all('notifications/cancelled')).toEqual([]);
});

it('the server is not told when a client leaves during its initialize', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  server.on('initialize', a.never);
  proxy.rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'i', method: 'initialize', params: OPENING }));
  const opening = await server.seen('initialize');
  await proxy.close();
  await opening.closed;
  expect(server.all('notifications/cancelled')).toEqual([]);
});

it('the server gets no cancellation when its answer to initialize breaks off', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  server.on('initialize', a.partThenCut({ 'content-type': 'text/event-stream' }, ': hello\n\n'));
  expect((await proxy.rpc.exchange('initialize', OPENING)).message.error).toBeDefined();
  await proxy.close();
  expect(server.all('notifications/cancelled')).toEqual([]);
});

/** An opening with five requests after it, at a server that speaks no transport of MCP. */
async function openedInVain(args: string[]): Promise<RpcMessage['error'][]> {
  const server = closeLater(
    await listenLoopback('/mcp', (req, res) => {
      if (req.method !== 'GET') return res.writeHead(405).end();
      return res.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: hello\n\n');
    }),
  );
  const proxy = startProxy(server.url, args);
  const answers = await Promise.all([
    proxy.rpc.exchange('initialize', OPENING),
    ...Array.from({ length: 5 }, () => proxy.rpc.exchange('tools/list')),
  ]);
  return answers.map(({ message }) => message.error);
}

it.each([[[]], [['--transport', 'http-first']], [['--transport', 'http-only']]])(
  'requests that wait for an initialize that fails get its error (%j)',
  async (args) => {
    const [first, ...waiting] = await openedInVain(args);
    expect(first).toMatchObject({ code: -31003, message: expect.stringContaining('405') });
    expect(waiting).toEqual(Array.from({ length: 5 }, () => first));
  },
);

it.each([[['--transport', 'sse-first']], [['--transport', 'sse-only']]])(
  'requests that wait for an initialize that fails get no internal error (%j)',
  async (args) => {
    const errors = await openedInVain(args);
    expect(errors.map((error) => error?.code)).toEqual(Array.from({ length: 6 }, () => -31003));
    expect(errors[0]?.message).toContain('names no endpoint');
  },
);

it('a server over Streamable HTTP that never answers notifications/initialized delays nothing', async () => {
  const server = await startHostile();
  server.on('notifications/initialized', a.never);
  const proxy = startProxy(server.url, ['--transport', 'http-only']);
  await proxy.rpc.initialize('2025-06-18');
  expect(await proxy.rpc.request('tools/list')).toMatchObject({ tools: [{ name: 'echo' }] });
  expect(server.all('notifications/initialized')).toHaveLength(1);
});

it('a server over HTTP+SSE that never answers notifications/initialized delays nothing', async () => {
  const server = await startHostileSse();
  server.post = (posted, stream, res) => {
    if (posted.message.method !== 'notifications/initialized') regularPost(posted, stream, res);
  };
  const proxy = startProxy(server.url, ['--transport', 'sse-only']);
  await proxy.rpc.initialize('2024-11-05');
  expect(await proxy.rpc.request('tools/list')).toMatchObject({ tools: [{ name: 'echo' }] });
  await server.posted('notifications/initialized');
});
