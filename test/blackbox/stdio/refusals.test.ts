// Refusals that look like a lost session, and are none: a call that ran is not sent again.
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CHARGE = { name: 'charge', arguments: { amount: 1 } };

it.each([-32601, -32602, -32600, -32603])(
  'a call refused with 400 and -32000, by a server that refuses ping with 400 and %i, runs once',
  async (code) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2025-06-18');
    server.on('tools/call', a.rpcError(-32000, 'failed after the charge', 400));
    server.on('ping', a.rpcError(code, 'no', 400));
    const { message } = await proxy.rpc.exchange('tools/call', CHARGE);
    expect(message.error).toMatchObject({ code: -32000 });
    await proxy.rpc.request('tools/list');
    expect(server.executions).toBe(1);
    expect(server.all('initialize')).toHaveLength(1);
  },
);

describe.each<[string, Answer, number]>([
  ['400 and -32602', a.rpcError(-32602, 'amount too high', 400), -32602],
  ['200 and -32600', a.rpcError(-32600, 'amount too high'), -32600],
])('a slow call that ends with %s', (_, answer, code) => {
  it('runs once, though its session was lost meanwhile', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2025-06-18');
    let finish = (): void => {};
    server.once('tools/call', (res, seen) => {
      finish = () => void answer(res, seen);
    });
    const slow = proxy.rpc.exchange('tools/call', CHARGE);
    await server.seen('tools/call');
    server.unknownSession = a.rpcError(-32001, 'Session not found', 404);
    server.forgetSessions();
    await proxy.rpc.request('tools/list');
    expect(server.all('initialize')).toHaveLength(2);
    finish();
    expect((await slow).message.error).toMatchObject({ code });
    expect(server.all('tools/call')).toHaveLength(1);
  });
});

it('an unknown method on a pooled connection that is reset is sent once', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-06-18');
  await proxy.rpc.request('tools/list');
  server.on('vendor/charge', a.reply({}));
  server.once('vendor/charge', a.reset);
  const { message } = await proxy.rpc.exchange('vendor/charge', {});
  expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
  await proxy.rpc.request('tools/list');
  expect(server.all('vendor/charge').map(({ reused }) => reused)).toEqual([true]);
});
