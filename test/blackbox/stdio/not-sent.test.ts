// Calls that wait for something that fails: they were not sent, so the error must not say that they may have run.
import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type Answer, closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { startHostileSse } from '../../peers/hostile-sse.ts';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { listenRaw } from '../../peers/raw-server.ts';
import { modernParams } from '../../peers/rpc.ts';

afterEach(closeProxies);
afterEach(closeHostiles);
const open = opened();

/** Long enough for an answer on a slow machine. */
const LIMITED = ['--timeout', '3', '--open-timeout', '45'];
const CALL = { name: 'echo', arguments: {} };
const HINT = 'the request was not sent: you can safely send it again';

async function refused(proxy: ProxyProcess, method = 'tools/call', params: object = CALL): Promise<void> {
  const { error } = (await proxy.rpc.exchange(method, params)).message;
  expect(error).toMatchObject({ code: -31003, data: { hint: HINT } });
  expect(error?.data.outcome).toBeUndefined();
}

it.each<[string, Answer]>([
  ['ends half-way', a.partThenCut({ 'content-type': 'application/json' }, '{"jsonrpc"')],
  ['is answered with a page', a.status(500, 'down')],
])('for a lost session to be opened again, and that %s', async (_, answer) => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-06-18');
  await proxy.rpc.request('tools/list');
  server.unknownSession = a.status(404);
  server.forgetSessions();
  server.once('initialize', answer);
  await refused(proxy);
  expect(server.executions).toBe(0);
  expect((await proxy.rpc.request('tools/call', CALL)).content).toHaveLength(1);
});

it('for the stream of HTTP+SSE, which is reset', async () => {
  const server = await startHostileSse();
  const proxy = startProxy(server.url, ['--transport', 'sse-only']);
  server.begin = (stream) => stream.cut();
  const initialize = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  await refused(proxy, 'initialize', initialize);
  expect(server.posts).toEqual([]);
});

it('for a process that ends while it starts', async () => {
  const server = await open(scripted({ dies: 'initialize' }));
  server.deaths(0);
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  server.deaths(1);
  await proxy.rpc.exchange('tools/call', { name: 'end' });
  await refused(proxy);
  expect((await proxy.rpc.request('tools/call', CALL)).content).toHaveLength(1);
});

/** A server that takes connections, and answers nothing on them: the handshake of TLS does not end. */
async function mute(): Promise<string> {
  const { address } = await open(listenRaw(net.createServer()));
  return `https://${address}/mcp`;
}

const AUTHORIZED = ['-H', 'Authorization: Bearer x'];

it('for a connection, until the limit', async () => {
  const proxy = startProxy(await mute(), [...AUTHORIZED, '--timeout', '1']);
  const { error } = (await proxy.rpc.exchange('tools/call', modernParams(CALL))).message;
  expect(error).toMatchObject({ code: -31002, data: { hint: HINT } });
  expect(error?.data.outcome).toBeUndefined();
});

it('for a connection, until the proxy ends', async () => {
  const proxy = startProxy(await mute(), AUTHORIZED);
  const waiting = proxy.rpc.exchange('tools/call', modernParams(CALL));
  proxy.stdin.end();
  const { error } = (await waiting).message;
  expect(error).toMatchObject({ code: -31003, data: { hint: HINT } });
  expect(error?.data.outcome).toBeUndefined();
});

it('for a session that another call opens again, until the limit', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url, LIMITED);
  await proxy.rpc.initialize('2025-06-18');
  await proxy.rpc.request('tools/list');
  server.unknownSession = a.status(404);
  server.forgetSessions();
  server.once('initialize', a.never);
  const first = proxy.rpc.exchange('tools/call', CALL);
  await server.seen('initialize', 2);
  const { error } = (await proxy.rpc.exchange('tools/call', CALL)).message;
  expect(error).toMatchObject({ code: -31002, data: { hint: HINT } });
  expect(error?.data.outcome).toBeUndefined();
  await first;
});

it('but a call on a connection that the server has taken may have run', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url, [...AUTHORIZED, ...LIMITED]);
  server.on('tools/call', a.never);
  await proxy.rpc.initialize('2025-06-18');
  for (const params of [CALL, modernParams(CALL)]) {
    const { error } = (await proxy.rpc.exchange('tools/call', params)).message;
    expect(error).toMatchObject({ code: -31002, data: { outcome: 'unknown' } });
  }
});
