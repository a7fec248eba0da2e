// Faults during the very first message: it is answered once, like any other, and the client's next attempt works.
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { answersTo, ERAS } from '../../peers/hostile-eras.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CLOCK = fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url));
const SSE_TYPE = { 'content-type': 'text/event-stream' };
const opening = {
  legacy: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
  modern: modernParams(),
};

/** What comes instead of an answer, and the code that the client gets. */
const faults: [string, Answer, number][] = [
  ['HTTP 401', a.status(401, 'who are you', { 'www-authenticate': 'Bearer' }), -31004],
  ['HTTP 403', a.status(403, 'no'), -31004],
  ['HTTP 429', a.status(429, 'slow down'), -31003],
  ['HTTP 500', a.status(500, 'oops'), -31003],
  ['HTTP 503', a.status(503, 'busy'), -31003],
  ['a close', a.hangUp, -31003],
  ['a reset', a.reset, -31003],
  ['half an answer', a.partThenCut({ 'content-type': 'application/json' }, '{"jsonrpc"'), -31003],
  ['HTML', a.status(200, '<html></html>', { 'content-type': 'text/html' }), -31003],
  ['an empty answer', a.json(''), -31003],
  ['202', a.status(202), -31003],
  ['a stream that ends', a.sse(''), -31003],
  ['a stream that is reset', a.partThenCut(SSE_TYPE, ': hello\n\n', 'rst'), -31003],
  ['an answer to something else', a.json('{"jsonrpc":"2.0","id":"x","result":{}}'), -31003],
];

/** The streams that were asked for at the URL itself; the proxy looks at other places once that has failed. */
const atItsUrl = (server: Hostile): unknown[] =>
  server.all('GET').filter(({ path }) => path === new URL(server.url).pathname);

describe.each(ERAS)('$name', (era) => {
  const method = era.name === 'legacy' ? 'initialize' : 'server/discover';

  it.each(faults)('%s gives one error, and no other transport is tried', async (_, fault, code) => {
    const server = await startHostile();
    server.once(method, fault);
    // A user who gives credentials is not asked to sign in when the server refuses them.
    const proxy = startProxy(server.url, ['-H', 'Authorization: Bearer given']);
    const refused = await proxy.rpc.exchange(method, opening[era.name], 'opening');
    expect(refused.message.error?.code).toBe(code);
    expect(atItsUrl(server)).toEqual([]);
    expect(server.all(method)).toHaveLength(1);

    await era.open(proxy);
    expect((await era.ask(proxy, 'tools/call', { name: 'x', arguments: {} })).message.result).toBeDefined();
    expect(answersTo(proxy, 'opening')).toHaveLength(1);
    expect(proxy.rpc.garbage).toEqual([]);
  });

  it('a port where nothing listens is reported as unreachable, with a cause', async () => {
    const server = await startHostile();
    await server.close();
    const proxy = startProxy(server.url);
    const { message } = await proxy.rpc.exchange(method, opening[era.name]);
    expect(message.error).toMatchObject({ code: -31001, message: expect.stringContaining(new URL(server.url).host) });
    expect((await proxy.close()).code).toBe(0);
  });

  it.each([429, 503])('HTTP %i with a short Retry-After is asked once more, and only once', async (status) => {
    const server = await startHostile();
    server.once(method, a.status(status, 'busy', { 'retry-after': '0' }));
    const proxy = startProxy(server.url);
    await era.open(proxy);
    expect(server.all(method)).toHaveLength(2);

    const stubborn = await startHostile();
    stubborn.on(method, a.status(status, 'busy', { 'retry-after': '0' }));
    const other = startProxy(stubborn.url);
    const { message } = await other.rpc.exchange(method, opening[era.name]);
    expect(message.error).toMatchObject({ code: -31003, data: { httpStatus: status, retryAfter: 0 } });
    expect(stubborn.all(method)).toHaveLength(2);
  });
});

it.each(ERAS)('$name: silence gives one error in the end, and no other transport is tried', async ({ name }) => {
  const method = name === 'legacy' ? 'initialize' : 'server/discover';
  const server = await startHostile();
  server.on(method, a.never);
  const proxy = startProxy(server.url, [], { nodeArgs: ['--require', CLOCK], env: { CLOCK_STEP: '600000' } });
  const answer = proxy.rpc.exchange(method, opening[name], 'opening');
  await server.seen(method);
  // An hour, which is longer than any limit.
  for (let step = 1; step <= 6; step++) {
    proxy.kill('SIGUSR1');
    await proxy.stderrMatching(new RegExp(`^clock ${step * 600_000}$`, 'm'));
  }
  expect((await answer).message.error?.code).toBe(-31002);
  expect(server.all(method)).toHaveLength(1);
  expect(atItsUrl(server)).toEqual([]);
  expect(answersTo(proxy, 'opening')).toHaveLength(1);
});

it.each([400, 404, 405])('HTTP %i on both transports is reported as the first one said it', async (status) => {
  const server = await startHostile();
  server.on('initialize', a.status(status, 'this is the truth'));
  server.on('GET', a.status(405, 'this is not'));
  const proxy = startProxy(server.url);
  const { message } = await proxy.rpc.exchange('initialize', opening.legacy);
  expect(message.error).toMatchObject({ code: -31003, data: { httpStatus: status, body: 'this is the truth' } });
  expect(atItsUrl(server)).toHaveLength(1);
  expect(server.all('initialize')).toHaveLength(1);
});

it.each<[string, Answer]>([
  ['404', a.status(404)],
  ['500', a.status(500, 'oops')],
  ['200 and JSON', a.json('{"jsonrpc":"2.0","id":1,"result":{}}')],
  ['a reset', a.reset],
  ['a stream that stays open', a.openSse((res) => res.write(': hello\n\n'))],
  ['a body that never ends', (res) => void res.writeHead(202, { 'content-type': 'text/plain' }).write('wait')],
])('notifications/initialized that is answered with %s: requests go on', async (_, answer) => {
  const server = await startHostile();
  server.on('notifications/initialized', answer);
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  expect(await proxy.rpc.request('tools/call', { name: 'x', arguments: {} })).toMatchObject({
    content: [{ type: 'text' }],
  });
  expect(proxy.lines).toHaveLength(2);
});
