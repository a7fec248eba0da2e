// A server that restarts forgets its sessions, and the client does not notice: the proxy opens the session once more,
// restores what the client had set, and sends the refused calls again.
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'echo', arguments: {} };

async function connected(): Promise<{ server: Hostile; proxy: ProxyProcess }> {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-06-18', { sampling: {} });
  await proxy.rpc.request('tools/list');
  return { server, proxy };
}

const unknownSession: [string, Answer][] = [
  ['404', a.status(404)],
  ['404 with an explanation', a.status(404, 'Session not found')],
  ['404 with a JSON-RPC error', a.rpcError(-32001, 'Session not found', 404)],
  ['400 with a JSON-RPC error', a.rpcError(-32000, 'Bad Request: No valid session ID provided', 400)],
  ['401 without a challenge', a.status(401, 'unknown session')],
  ['a JSON-RPC error under 200', a.rpcError(-32600, 'unknown session')],
];

describe.each(unknownSession)('a server that says %s', (_, answer) => {
  it('after a restart the next call succeeds, and runs once', async () => {
    const { server, proxy } = await connected();
    server.unknownSession = answer;
    server.forgetSessions();
    expect(await proxy.rpc.request('tools/call', CALL)).toMatchObject({ content: [{ type: 'text' }] });
    expect(server.executions).toBe(1);
    const opened = server.all('initialize');
    expect(opened).toHaveLength(2);
    expect(opened[1]?.message.params).toEqual(opened[0]?.message.params);
    expect(opened[1]?.session).toBeUndefined();
    expect(server.all('notifications/initialized').map(({ session }) => session)).toEqual(['session-1', 'session-2']);
    await proxy.close();
    expect(server.all('DELETE').map(({ session }) => session)).toEqual(['session-2']);
  });

  it('twenty calls at once open one new session', async () => {
    const { server, proxy } = await connected();
    server.unknownSession = answer;
    server.forgetSessions();
    const calls = Array.from({ length: 20 }, (_unused, n) => ({ name: 'echo', arguments: { n } }));
    const results = await Promise.all(calls.map((call) => proxy.rpc.request('tools/call', call)));
    expect(results.map(({ content }) => content[0].text)).toEqual(calls.map((call) => JSON.stringify(call.arguments)));
    expect(server.all('initialize')).toHaveLength(2);
    expect(server.executions).toBe(20);
  });
});

it('the server gets log level and subscriptions again, and the client reads its lists again', async () => {
  const { server, proxy } = await connected();
  await proxy.rpc.request('logging/setLevel', { level: 'debug' });
  await proxy.rpc.request('logging/setLevel', { level: 'warning' });
  for (const uri of ['a:1', 'a:2', 'a:3']) await proxy.rpc.request('resources/subscribe', { uri });
  await proxy.rpc.request('resources/unsubscribe', { uri: 'a:2' });
  const before = server.requests.length;
  server.forgetSessions();
  await proxy.rpc.request('tools/call', CALL);
  const replayed = server.requests.slice(before).filter(({ session }) => session === 'session-2');
  expect(replayed[0]?.kind).toBe('notifications/initialized');
  const told = replayed.filter(({ kind }) => kind.startsWith('logging/') || kind.startsWith('resources/'));
  expect(told.map(({ kind, message }) => [kind, message.params])).toEqual([
    ['logging/setLevel', { level: 'warning' }],
    ['resources/subscribe', { uri: 'a:1' }],
    ['resources/subscribe', { uri: 'a:3' }],
  ]);
  const call = replayed.findIndex(({ kind }) => kind === 'tools/call');
  expect(call).toBeGreaterThan(replayed.findLastIndex(({ kind }) => kind === 'resources/subscribe'));
  await proxy.rpc.next('notifications/tools/list_changed');
  // What changed in between was told to the old session, or to none.
  for (const uri of ['a:1', 'a:3']) {
    const { message } = await proxy.rpc.next('notifications/resources/updated');
    expect(message.params).toEqual({ uri });
  }
  expect(proxy.rpc.untaken()).toEqual([]);
});

it('a server that loses the session twice gets two new ones', async () => {
  const { server, proxy } = await connected();
  for (let loss = 0; loss < 2; loss++) {
    server.forgetSessions();
    await proxy.rpc.request('tools/call', CALL);
  }
  expect(server.all('initialize')).toHaveLength(3);
});

it('a refusal of one call does not count as a lost session', async () => {
  const { server, proxy } = await connected();
  for (const answer of [a.status(404), a.status(400, 'no'), a.rpcError(-32600, 'no'), a.status(401, 'no')]) {
    server.once('tools/call', answer);
    expect((await proxy.rpc.exchange('tools/call', CALL)).message.error).toBeDefined();
  }
  expect(server.all('initialize')).toHaveLength(1);
  expect(server.executions).toBe(4);
});

it('a refusal of the credentials does not count as a lost session', async () => {
  const { server, proxy } = await connected();
  server.unknownSession = a.status(401, 'expired', { 'www-authenticate': 'Bearer error="invalid_token"' });
  server.forgetSessions();
  expect((await proxy.rpc.exchange('tools/call', CALL)).message.error).toMatchObject({ code: -31004 });
  expect(server.all('initialize')).toHaveLength(1);
});

it.each<[string, Answer]>([
  ['500', a.status(500, 'still starting')],
  ['503', a.status(503, 'still starting')],
  ['404', a.status(404, 'still starting')],
  ['a JSON-RPC error', a.rpcError(-32603, 'still starting')],
  ['a reset', a.reset],
])(
  'a server that meets the new session with %s at first: every call is answered, and later ones succeed',
  async (_, no) => {
    const { server, proxy } = await connected();
    server.forgetSessions();
    server.once('initialize', no);
    const answers = await Promise.all(Array.from({ length: 5 }, () => proxy.rpc.exchange('tools/call', CALL)));
    for (const { message } of answers) expect(message.error ?? message.result).toBeDefined();
    expect(await proxy.rpc.request('tools/call', CALL)).toMatchObject({ content: [{ type: 'text' }] });
    expect(await proxy.rpc.request('tools/list')).toMatchObject({ tools: [{ name: 'echo' }] });
  },
);
