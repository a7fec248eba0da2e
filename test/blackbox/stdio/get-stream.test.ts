// The standalone GET stream is optional. However a server refuses it, calls go on, and the proxy does not ask for it
// again and again.
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { nextAttempt } from '../../../src/upstream/backoff.ts';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { MODERN_ERA } from '../../peers/hostile-eras.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'echo', arguments: {} };

interface Refusal {
  what: string;
  answer: Answer;
  /** Whether the failure may be temporary, so that the proxy tries again soon. */
  fails?: true;
  /** The number of GETs in one attempt: a redirect is followed, and a stale connection is replaced. */
  atOnce?: number;
}

const refusals: Refusal[] = [
  ...[400, 401, 403, 404, 405, 406].map((code) => ({ what: `HTTP ${code}`, answer: a.status(code, 'no stream here') })),
  ...[500, 501, 502, 503].map((code) => ({
    what: `HTTP ${code}`,
    answer: a.status(code, 'no stream here'),
    fails: true as const,
  })),
  { what: 'JSON', answer: a.json('{"ok":true}') },
  { what: 'a JSON-RPC error', answer: a.rpcError(-32000, 'Method not allowed') },
  { what: 'HTML', answer: a.status(200, '<html></html>', { 'content-type': 'text/html' }) },
  { what: '202', answer: a.status(202) },
  { what: '204', answer: a.status(204) },
  { what: 'a stream that ends at once', answer: a.sse('') },
  { what: 'a stream of comments that ends at once', answer: a.sse(': hello\n\n') },
  { what: 'a reset', answer: a.reset, fails: true, atOnce: 2 },
  { what: 'a close', answer: a.hangUp, fails: true, atOnce: 2 },
  { what: 'half a header', answer: a.rawBytes('HTTP/1.1 200 OK\r\nContent-Ty'), fails: true, atOnce: 2 },
  { what: 'silence', answer: a.never },
  { what: 'a stream that stays silent', answer: a.openSse(() => {}) },
  {
    what: 'an endless error page',
    answer: (res) => void res.writeHead(500, { 'content-type': 'text/html' }).write('<html>'),
    fails: true,
  },
  {
    what: 'a redirect in circles',
    answer: (res) => void res.writeHead(307, { location: '/mcp' }).end(),
    fails: true,
    atOnce: 6,
  },
];

it.each(refusals)(
  'a GET that is answered with $what is not repeated soon, and calls go on',
  async ({ answer, ...more }) => {
    const server = await startHostile();
    server.on('GET', answer);
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize();
    const started = performance.now();
    const get = await server.seen('GET');
    expect(get.headers.accept).toBe('text/event-stream');
    expect(get.session).toBe('session-1');
    for (let call = 0; call < 10; call++) await proxy.rpc.request('tools/call', CALL);
    // After a failure, the next attempt may come a second later, on a slow machine even during the calls.
    const seconds = Math.floor((performance.now() - started) / 1000);
    const { atOnce = 1 } = more;
    expect(server.all('GET').length).toBeLessThanOrEqual(atOnce + (more.fails ? seconds : 0));
    expect(server.all('initialize')).toHaveLength(1);
    expect(proxy.stderr.split('\n').filter(Boolean).length).toBeLessThanOrEqual(3);
  },
);

it('messages on the GET stream reach the client, and its answers reach the server', async () => {
  const server = await startHostile();
  server.on(
    'GET',
    a.openSse((res) => {
      res.write(a.event('{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"x":1}}'));
      res.write(a.event('{"jsonrpc":"2.0","id":"ask-1","method":"roots/list"}'));
    }),
  );
  const proxy = startProxy(server.url);
  proxy.rpc.on('roots/list', () => ({ roots: [] }));
  await proxy.rpc.initialize('2025-06-18', { roots: {} });
  expect((await proxy.rpc.next('notifications/tools/list_changed')).message.params).toEqual({ x: 1 });
  expect((await server.seen('response')).message).toEqual({ jsonrpc: '2.0', id: 'ask-1', result: { roots: [] } });
});

it('a GET stream that is cut comes back with the last event id, after the time the server asks for', async () => {
  const server = await startHostile();
  const note = (n: number): string => `{"jsonrpc":"2.0","method":"notifications/message","params":{"n":${n}}}`;
  server.once('GET', a.sse(`retry: 20\n${a.event(note(1), 'e-1')}`));
  server.once('GET', a.sse(a.event(note(2), 'e-2')));
  server.on(
    'GET',
    a.openSse((res) => res.write(a.event(note(3), 'e-3'))),
  );
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  for (const n of [1, 2, 3]) expect((await proxy.rpc.next('notifications/message')).message.params).toEqual({ n });
  expect(server.all('GET').map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'e-1', 'e-2']);
});

const NOTE = a.event('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');

/** A proxy whose GETs are answered with a stream that begins with the note, as far as nothing else is planned. */
async function listening(server: Hostile): Promise<ProxyProcess> {
  server.on(
    'GET',
    a.openSse((res) => res.write(NOTE)),
  );
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  return proxy;
}

// For 409, see below: a server that has not had a stream yet does not mean another one.
it.each([408, 423, 425, 429])('a GET that is refused with %i, which may pass, is sent again', async (status) => {
  const server = await startHostile();
  server.once('GET', a.status(status));
  const proxy = await listening(server);
  await proxy.rpc.next('notifications/message');
  expect(server.all('GET')).toHaveLength(2);
});

it.each([408, 409, 423, 425, 429])('a stream that is refused once with %i after a cut comes back', async (status) => {
  const server = await startHostile();
  server.once('GET', a.sse(`retry: 20\n${NOTE}`));
  server.once('GET', a.status(status));
  const proxy = await listening(server);
  for (const _ of [1, 2]) await proxy.rpc.next('notifications/message');
  expect(server.all('GET')).toHaveLength(3);
  expect(server.all('initialize')).toHaveLength(1);
});

describe('a stream that ends empty a second after it was opened', () => {
  const CLOCK = fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url));
  const STEP = 1_000;

  /** The proxy in front of a server whose GET streams end as soon as the clock has moved. */
  async function shortLived(): Promise<{ server: Hostile; proxy: ProxyProcess; pass: () => Promise<void> }> {
    const server = await startHostile();
    let end = (): void => {};
    server.on(
      'GET',
      a.openSse((res) => {
        end = () => void res.end();
      }),
    );
    const proxy = startProxy(server.url, [], { nodeArgs: ['--require', CLOCK], env: { CLOCK_STEP: String(STEP) } });
    await proxy.rpc.initialize();
    await server.seen('GET');
    // Its answer comes after the headers of the stream.
    await proxy.rpc.request('tools/call', CALL);
    let steps = 0;
    const pass = async (): Promise<void> => {
      proxy.kill('SIGUSR1');
      await proxy.stderrMatching(new RegExp(`^clock ${++steps * STEP}$`, 'm'));
      end();
    };
    return { server, proxy, pass };
  }

  it('is opened again, and after a restart of the server its session, too', async () => {
    const { server, proxy, pass } = await shortLived();
    server.forgetSessions();
    server.once('GET', a.hangUp);
    server.once('GET', a.status(404));
    server.on(
      'GET',
      a.openSse((res) => res.write(NOTE)),
    );
    await pass();
    await proxy.rpc.next('notifications/message');
    expect(server.all('GET').at(-1)?.session).toBe('session-2');
  });

  it('is not opened again and again', async () => {
    const { server, proxy, pass } = await shortLived();
    await pass();
    await server.seen('GET', 2);
    await proxy.rpc.request('tools/call', CALL);
    for (let step = 0; step < 6; step++) {
      await pass();
      await proxy.rpc.request('tools/call', CALL);
    }
    expect(server.all('GET')).toHaveLength(2);
  });
});

it('a modern connection has no GET stream', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await MODERN_ERA.open(proxy);
  await MODERN_ERA.ask(proxy, 'tools/call', CALL);
  await proxy.close();
  expect(server.all('GET')).toEqual([]);
  expect(server.all('DELETE')).toEqual([]);
});

describe('how soon the next attempt comes', () => {
  const attemptsIn = (seconds: number, kind: 'useless' | 'failed', random: number): number => {
    let at = 0;
    for (let misses = 1; ; misses++) {
      at +=
        nextAttempt(kind === 'useless' ? { kind, primed: false } : { kind }, misses, random) ??
        Number.POSITIVE_INFINITY;
      if (at > seconds * 1000) return misses - 1;
    }
  };

  it('never after a refusal', () => {
    for (const misses of [1, 2, 50]) expect(nextAttempt({ kind: 'refused' }, misses, 0.5)).toBeUndefined();
  });

  it.each([0, 0.5, 1])(
    'at most 3 times a minute while the server sends nothing useful, and ever more rarely (random %d)',
    (random) => {
      expect(attemptsIn(60, 'useless', random)).toBeLessThanOrEqual(2);
      expect(attemptsIn(3_600, 'useless', random)).toBeLessThanOrEqual(16);
      for (let misses = 1; misses < 60; misses++) {
        const pause = nextAttempt({ kind: 'useless', primed: false }, misses, random) ?? 0;
        expect(pause).toBeGreaterThanOrEqual(20_000);
        expect(pause).toBeLessThanOrEqual(5 * 60_000 * 1.25);
        expect(nextAttempt({ kind: 'useless', primed: false }, misses + 1, random)).toBeGreaterThanOrEqual(pause);
      }
    },
  );

  it.each([0, 0.5, 1])('soon after a failure, and then with pauses of up to 5 minutes (random %d)', (random) => {
    expect(nextAttempt({ kind: 'failed' }, 1, random)).toBeLessThanOrEqual(2_000);
    expect(attemptsIn(3_600, 'failed', random)).toBeLessThanOrEqual(21);
    const late = nextAttempt({ kind: 'failed' }, 1_000_000, random) ?? 0;
    expect(late).toBeGreaterThanOrEqual(5 * 60_000);
    expect(late).toBeLessThanOrEqual(5 * 60_000 * 1.25);
  });

  it.each([
    [undefined, 1_000],
    // An earlier attempt would be too early, whatever the server asks for.
    [0, 250],
    [20, 250],
    [30_000, 30_000],
    [999_999_999, 5 * 60_000],
  ])('after a useful stream, when the server says (%s): after %i ms', (retry, expected) => {
    expect(nextAttempt({ kind: 'served', retry }, 0, 0.7)).toBe(expected);
  });

  it('at different times for different clients', () => {
    expect(nextAttempt({ kind: 'failed' }, 5, 0)).not.toBe(nextAttempt({ kind: 'failed' }, 5, 1));
  });
});
