// A tool never runs twice because of the proxy: whatever happens to the answer of a call that ran, the call is not sent
// again, and the client learns that the outcome is unknown.
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS, LEGACY } from '../../peers/hostile-eras.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const JSON_TYPE = { 'content-type': 'application/json' };
const SSE_TYPE = { 'content-type': 'text/event-stream' };
const CHARGE = { name: 'charge', arguments: { amount: 1 } };

const ran: [string, Answer][] = [
  ['404', a.status(404, 'gone')],
  ['404 without a body', a.status(404)],
  ['500', a.status(500, 'crashed')],
  ['502', a.status(502, 'bad gateway')],
  ['503', a.status(503, 'busy')],
  ['503 that asks to come back at once', a.status(503, 'busy', { 'retry-after': '0' })],
  ['504', a.status(504, 'too slow')],
  ['a reset', a.reset],
  ['a close', a.hangUp],
  ['a close after the headers', a.headersThenCut(JSON_TYPE)],
  ['half an answer', a.partThenCut(JSON_TYPE, '{"jsonrpc":"2.0",')],
  ['a reset after half an answer', a.partThenCut(JSON_TYPE, '{"jsonrpc":"2.0",', 'rst')],
  ['an answer that is no JSON', a.json('{"jsonrpc":"2.0","result":{')],
  ['an answer to something else', a.json('{"jsonrpc":"2.0","id":"x","result":{}}')],
  ['an empty answer', a.json('')],
  ['202', a.status(202)],
  ['a stream that ends', a.sse(': hello\n\n')],
  ['a stream that is reset', a.partThenCut(SSE_TYPE, ': hello\n\n', 'rst')],
  ['a stream that cannot be resumed', a.sse('id: 7\nretry: 1\ndata:\n\n')],
];

describe.each(ERAS)('$name', (era) => {
  it.each(ran)(
    'a call that ran and was answered with %s is not repeated, and its outcome is unknown',
    async (_, answer) => {
      const server = await startHostile();
      const proxy = startProxy(server.url);
      await era.open(proxy);
      server.on('tools/call', answer);
      const { message } = await era.ask(proxy, 'tools/call', CHARGE);
      expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
      // The next call must not hide a fault of this one.
      await era.ask(proxy, 'tools/list');
      expect(server.executions).toBe(1);
      expect(server.all('initialize').length).toBe(era === LEGACY ? 1 : 0);
    },
  );

  it('several calls at once, each answered with a reset, run once each', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.on('tools/call', a.reset);
    const calls = Array.from({ length: 10 }, (_, n) => ({ name: 'charge', arguments: { n } }));
    const answers = await Promise.all(calls.map((call) => era.ask(proxy, 'tools/call', call)));
    for (const { message } of answers)
      expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    const sent = server.all('tools/call').map(({ message }) => message.params.arguments.n as number);
    expect(sent.sort((x, y) => x - y)).toEqual(calls.map((_, n) => n));
  });

  it.each([
    ['reset', a.reset],
    ['closed', a.hangUp],
  ])('a list request is sent again after its pooled connection was %s', async (_, cut) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    await era.ask(proxy, 'tools/list');
    server.once('tools/list', cut);
    expect((await era.ask(proxy, 'tools/list')).message.result).toMatchObject({ tools: [{ name: 'echo' }] });
    const [, second, third] = server.all('tools/list');
    expect([second?.reused, third?.reused]).toEqual([true, false]);
  });

  it.each([
    ['reset', a.reset],
    ['closed', a.hangUp],
  ])('a call is not sent again after its pooled connection was %s, because it may have run', async (_, cut) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    await era.ask(proxy, 'tools/list');
    server.once('tools/call', cut);
    const { message } = await era.ask(proxy, 'tools/call', CHARGE);
    expect(server.all('tools/call').map(({ reused }) => reused)).toEqual([true]);
    expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    expect((await era.ask(proxy, 'tools/call', CHARGE)).message.result).toBeDefined();
  });

  it('a list request that is cut again and again ends with an error', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.on('tools/list', a.reset);
    expect((await era.ask(proxy, 'tools/list')).message.error).toMatchObject({ code: -31003 });
    expect(server.all('tools/list').length).toBeLessThanOrEqual(2);
  });

  it('the error says that the call did not run when no server listens any more', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    await server.close();
    const { message } = await era.ask(proxy, 'tools/call', CHARGE);
    // The pooled connection may turn out to be dead first; then a call cannot be repeated.
    if (message.error?.code === -31003) expect(message.error.data).toMatchObject({ outcome: 'unknown' });
    const again = await era.ask(proxy, 'tools/call', CHARGE);
    expect(again.message.error?.code).toBe(-31001);
    expect(again.message.error?.data ?? {}).not.toHaveProperty('outcome');
  });
});

it('a modern call that is the first request is not repeated either', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  server.on('tools/call', a.status(503, 'busy', { 'retry-after': '0' }));
  const [, modern] = ERAS;
  expect((await modern.ask(proxy, 'tools/call', CHARGE)).message.error).toMatchObject({ code: -31003 });
  expect(server.executions).toBe(1);
});
