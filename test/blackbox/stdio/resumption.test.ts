// If the stream of a call breaks off, the proxy resumes it where its events have ids; the client sees one stream
// without gaps and repetitions (specification 2025-11-25, "Resumability and Redelivery").
import { afterEach, expect, it } from 'vitest';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { MODERN_ERA } from '../../peers/hostile-eras.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'long', arguments: {}, _meta: { progressToken: 'p' } };
const progress = (n: number): string =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":${n}}}`;
const done = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"done":true}}`;
const RETRY = 'retry: 10\n';

/** A session without GET stream: every GET that comes is a resumption. */
async function connected(): Promise<{ server: Hostile; proxy: ProxyProcess }> {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  const refused = await server.seen('GET');
  await refused.closed;
  return { server, proxy };
}

const resumptions = (server: Hostile): unknown[] =>
  server
    .all('GET')
    .slice(1)
    .map((seen) => seen.headers['last-event-id']);

/** Remembers the id of the call, because a GET does not have it. */
function callThen(text: string, how: (text: string) => Answer): { answer: Answer; id: () => string } {
  let callId = '';
  return {
    id: () => callId,
    answer: (res, seen) => {
      callId = seen.id;
      return how(text)(res, seen);
    },
  };
}

it.each<[string, (text: string) => Answer]>([
  ['ends', (text) => a.sse(text)],
  ['is closed', (text) => a.partThenCut({ 'content-type': 'text/event-stream' }, text)],
])('a stream that %s after an empty event with an id: the answer comes on a GET', async (_, how) => {
  const { server, proxy } = await connected();
  const call = callThen(`${RETRY}id: c-1\ndata:\n\n`, how);
  server.on('tools/call', call.answer);
  server.on('GET', (res, seen) => a.sse(a.event(done(call.id()), 'c-2'))(res, seen));
  expect(await proxy.rpc.request('tools/call', CALL)).toMatchObject({ done: true });
  expect(resumptions(server)).toEqual(['c-1']);
  const [, get] = server.all('GET');
  expect(get?.session).toBe('session-1');
  expect(get?.headers['mcp-protocol-version']).toBe('2025-11-25');
  expect(server.executions).toBe(1);
});

it('a stream that is cut three times brings all progress once, and then the answer', async () => {
  const { server, proxy } = await connected();
  const call = callThen(`${RETRY}${a.event(progress(1), 'c-1')}${a.event(progress(2), 'c-2')}`, (text) => a.sse(text));
  server.on('tools/call', call.answer);
  server.once('GET', a.sse(a.event(progress(3), 'c-3')));
  server.once(
    'GET',
    a.partThenCut({ 'content-type': 'text/event-stream' }, `${a.event(progress(4), 'c-4')}id: c-5\nda`),
  );
  server.on('GET', (res, seen) => a.sse(a.event(progress(5), 'c-5') + a.event(done(call.id()), 'c-6'))(res, seen));
  expect(await proxy.rpc.request('tools/call', CALL)).toMatchObject({ done: true });
  const seen = proxy.rpc.received.filter(({ message }) => message.method === 'notifications/progress');
  expect(seen.map(({ message }) => message.params.progress)).toEqual([1, 2, 3, 4, 5]);
  expect(resumptions(server)).toEqual(['c-2', 'c-3', 'c-4']);
  expect(server.executions).toBe(1);
});

it('a server error during the resumption leads to another attempt', async () => {
  const { server, proxy } = await connected();
  const call = callThen(`${RETRY}id: c-1\ndata:\n\n`, (text) => a.sse(text));
  server.on('tools/call', call.answer);
  server.once('GET', a.status(503, 'restarting'));
  server.once('GET', a.reset);
  server.on('GET', (res, seen) => a.sse(a.event(done(call.id()), 'c-2'))(res, seen));
  expect(await proxy.rpc.request('tools/call', CALL)).toMatchObject({ done: true });
  expect(new Set(resumptions(server))).toEqual(new Set(['c-1']));
});

it.each([408, 409, 423, 425, 429])(
  'a resumption that is refused with %i, which may pass, is tried again',
  async (status) => {
    const { server, proxy } = await connected();
    const call = callThen(`${RETRY}id: c-1\ndata:\n\n`, (text) => a.sse(text));
    server.on('tools/call', call.answer);
    server.once('GET', a.status(status, 'not now'));
    server.on('GET', (res, seen) => a.sse(a.event(done(call.id()), 'c-2'))(res, seen));
    expect(await proxy.rpc.request('tools/call', CALL)).toMatchObject({ done: true });
    expect(resumptions(server)).toEqual(['c-1', 'c-1']);
    expect(server.executions).toBe(1);
  },
);

it('several calls each resume their own stream', async () => {
  const { server, proxy } = await connected();
  const ids = new Map<string, string>();
  server.on('tools/call', (res, seen) => {
    const { n } = seen.message.params.arguments;
    ids.set(`c-${n}`, seen.id);
    return a.sse(`${RETRY}id: c-${n}\ndata:\n\n`)(res, seen);
  });
  server.on('GET', (res, seen) => {
    const last = String(seen.headers['last-event-id']);
    return a.sse(a.event(`{"jsonrpc":"2.0","id":${ids.get(last)},"result":{"of":"${last}"}}`))(res, seen);
  });
  const calls = Array.from({ length: 10 }, (_, n) => ({ name: 'x', arguments: { n } }));
  const results = await Promise.all(calls.map((call) => proxy.rpc.request('tools/call', call)));
  expect(results).toEqual(calls.map(({ arguments: { n } }) => ({ of: `c-${n}` })));
  expect(server.executions).toBe(10);
});

it.each<[string, Answer]>([
  ['404', a.status(404)],
  ['405', a.status(405)],
  ['400', a.status(400, 'unknown event')],
])(
  'a resumption that is refused with %s ends the call, its outcome unknown, without a second try',
  async (_, refusal) => {
    const { server, proxy } = await connected();
    server.on('tools/call', a.sse(`${RETRY}id: c-1\ndata:\n\n`));
    server.on('GET', refusal);
    const { message } = await proxy.rpc.exchange('tools/call', CALL);
    expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    expect(resumptions(server)).toEqual(['c-1']);
    expect(await proxy.rpc.request('ping')).toEqual({});
  },
);

it('no call waits for an answer that comes after its stream has ended for good', async () => {
  const { server, proxy } = await connected();
  server.on('tools/call', (res, seen) =>
    a.sse(a.event(done(seen.id), 'c-1') + a.event(done(seen.id), 'c-2'))(res, seen),
  );
  await proxy.rpc.request('tools/call', CALL);
  await proxy.rpc.request('tools/call', CALL);
  expect(resumptions(server)).toEqual([]);
  expect(proxy.lines).toHaveLength(3);
});

it('a modern stream is never resumed', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await MODERN_ERA.open(proxy);
  server.on('tools/call', a.sse(`${RETRY}${a.event(progress(1), 'c-1')}`));
  const { message } = await MODERN_ERA.ask(proxy, 'tools/call', CALL);
  expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
  await proxy.rpc.next('notifications/progress');
  expect(server.all('GET')).toEqual([]);
});
