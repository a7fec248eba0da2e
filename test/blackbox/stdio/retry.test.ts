// If a server names a pause (`retry`), the proxy does not come back earlier, whatever else was on the stream. The tests
// check lower bounds only.
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { MODERN_ERA } from '../../peers/hostile-eras.ts';
import { endpointEvent, regularPost, startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { MODERN } from '../../peers/rpc.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

/** Longer than any pause of the proxy's own, in milliseconds. */
const RETRY = 1_700;
/** What a server of 2026-07-28 answers to an `initialize`. */
const UNSUPPORTED =
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"unsupported","data":{"supported":["2026-07-28"]}}}';
/** By how much timers of two processes may differ. */
const SKEW = 50;

/** The time from the first call of one function to the first call of the other. */
function stopwatch(): { begin(): void; end(): void; readonly begun: boolean; readonly elapsed: number } {
  let [from, to] = [0, 0];
  return {
    get begun() {
      return from > 0;
    },
    begin: () => {
      from ||= performance.now();
    },
    end: () => {
      to ||= performance.now();
    },
    get elapsed() {
      return to - from;
    },
  };
}

describe('the GET stream of a session', () => {
  it.each([
    ['carried an event id and nothing else', `id: e-1\nretry: ${RETRY}\ndata: \n\n`, 'ends'],
    ['carried nothing at all beside it', `retry: ${RETRY}\n\n`, 'ends'],
    ['carried a message', `retry: ${RETRY}\n${a.event('{"jsonrpc":"2.0","method":"notifications/x"}')}`, 'ends'],
    ['broke off', `id: e-1\nretry: ${RETRY}\ndata: \n\n`, 'breaks'],
  ])('that %s', async (_, text, how) => {
    const server = await startHostile();
    const watch = stopwatch();
    server.once('GET', (res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(text, () => {
        watch.begin();
        if (how === 'ends') res.end();
        else res.destroy();
      });
    });
    server.on(
      'GET',
      a.openSse(() => watch.end()),
    );
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize();
    await server.seen('GET', 2);
    expect(watch.elapsed).toBeGreaterThan(RETRY - SKEW);
  });
});

it.each([429, 503])('a GET that is refused with %i and Retry-After', async (status) => {
  const server = await startHostile();
  const watch = stopwatch();
  server.once('GET', (res) => {
    watch.begin();
    res.writeHead(status, { 'retry-after': '3' }).end();
  });
  server.on(
    'GET',
    a.openSse(() => watch.end()),
  );
  await startProxy(server.url).rpc.initialize();
  await server.seen('GET', 2);
  expect(watch.elapsed).toBeGreaterThan(3_000 - SKEW);
});

describe('a subscription of 2026-07-28', () => {
  const ACKNOWLEDGED = a.event('{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}}');
  const LISTEN = MODERN_ERA.line('listening', 'subscriptions/listen', { notifications: { toolsListChanged: true } });

  /** A server of which the next subscriptions end after these answers, and a later one stays open. */
  async function listening(...answers: Answer[]): Promise<Hostile> {
    const server = await startHostile();
    for (const answer of answers) server.once('subscriptions/listen', answer);
    server.on(
      'subscriptions/listen',
      a.openSse((res) => res.write(ACKNOWLEDGED)),
    );
    return server;
  }

  const ending =
    (text: string, ended: () => void = () => {}): Answer =>
    (res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(text, () => {
        ended();
        res.end();
      });
    };

  async function modernClient(server: Hostile): Promise<void> {
    const proxy = startProxy(server.url);
    await MODERN_ERA.open(proxy);
    proxy.rpc.raw(LISTEN);
  }

  /** For a client of an older revision, the proxy listens itself. */
  async function legacyClient(server: Hostile): Promise<void> {
    server.on('initialize', a.status(400, UNSUPPORTED, { 'content-type': 'application/json' }));
    const capabilities = { tools: { listChanged: true } };
    server.on(
      'server/discover',
      a.reply({ supportedVersions: [MODERN], capabilities, ttlMs: 0, cacheScope: 'private' }),
    );
    await startProxy(server.url).rpc.initialize();
  }

  it.each([
    ['that was acknowledged', `retry: ${RETRY}\n${ACKNOWLEDGED}`, modernClient],
    ['that named the pause at its end', `${ACKNOWLEDGED}retry: ${RETRY}\n\n`, modernClient],
    ['of the proxy itself that was acknowledged', `retry: ${RETRY}\n${ACKNOWLEDGED}`, legacyClient],
    ['of the proxy itself that carried nothing at all beside it', `retry: ${RETRY}\n\n`, legacyClient],
  ])('%s', async (_, text, connect) => {
    const watch = stopwatch();
    const server = await listening(ending(text, watch.begin));
    await connect(server);
    await server.seen('subscriptions/listen', 2);
    watch.end();
    expect(watch.elapsed).toBeGreaterThan(RETRY - SKEW);
  });

  it.each([408, 409, 423, 425, 429])('that is refused with %i, which may pass, after it has ended', async (status) => {
    const watch = stopwatch();
    const server = await listening(ending(`retry: ${RETRY}\n${ACKNOWLEDGED}`), (res) => {
      watch.begin();
      res.writeHead(status).end();
    });
    await modernClient(server);
    await server.seen('subscriptions/listen', 3);
    watch.end();
    expect(watch.elapsed).toBeGreaterThan(RETRY - SKEW);
  });

  it.each([
    ['after it has ended', modernClient],
    ['that the proxy opens itself', legacyClient],
  ])('%s, at a busy server', async (_, connect) => {
    const watch = stopwatch();
    const busy: Answer = (res) => {
      watch.begin();
      res.writeHead(503, { 'retry-after': '3' }).end();
    };
    const server = await listening(...(connect === modernClient ? [ending(ACKNOWLEDGED), busy] : [busy]));
    await connect(server);
    await server.seen('subscriptions/listen', connect === modernClient ? 3 : 2);
    watch.end();
    expect(watch.elapsed).toBeGreaterThan(3_000 - SKEW);
  });
});

it('a POST stream that is resumed', async () => {
  const server = await startHostile();
  const watch = stopwatch();
  let answer = '';
  server.once('tools/call', (res, seen) => {
    answer = a.resultText(seen.id, { content: [] });
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(`id: e-1\nretry: ${RETRY}\ndata: \n\n`, () => {
      watch.begin();
      res.end();
    });
  });
  server.on('GET', (res, seen) => {
    if (seen.headers['last-event-id'] === undefined) return res.writeHead(405).end();
    watch.end();
    return a.sse(a.event(answer))(res, seen);
  });
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  expect(await proxy.rpc.request('tools/call', { name: 'echo', arguments: {} })).toEqual({ content: [] });
  expect(watch.elapsed).toBeGreaterThan(RETRY - SKEW);
});

it('a POST stream whose resumption is refused with Retry-After', async () => {
  const server = await startHostile();
  const watch = stopwatch();
  let answer = '';
  server.once('tools/call', (res, seen) => {
    answer = a.resultText(seen.id, { content: [] });
    return a.sse('id: e-1\ndata: \n\n')(res, seen);
  });
  server.on('GET', (res, seen) => {
    if (seen.headers['last-event-id'] === undefined) return res.writeHead(405).end();
    if (watch.begun) {
      watch.end();
      return a.sse(a.event(answer))(res, seen);
    }
    watch.begin();
    return res.writeHead(429, { 'retry-after': '3' }).end();
  });
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  expect(await proxy.rpc.request('tools/call', { name: 'echo', arguments: {} })).toEqual({ content: [] });
  expect(watch.elapsed).toBeGreaterThan(3_000 - SKEW);
});

describe('the stream of HTTP+SSE', () => {
  it('that is refused with Retry-After when it is opened again', async () => {
    const server = await startHostileSse();
    const watch = stopwatch();
    const proxy = startProxy(server.url, ['--transport', 'sse-only']);
    await proxy.rpc.initialize('2024-11-05');
    await server.posted('notifications/initialized');
    server.refuse = (res) => {
      server.refuse = undefined;
      watch.begin();
      res.writeHead(503, { 'retry-after': '4' }).end();
    };
    server.begin = (stream) => {
      watch.end();
      stream.write(endpointEvent(`/message?session=${stream.number}`));
    };
    server.streams[0]?.end();
    await server.posted('initialize', 2);
    expect(watch.elapsed).toBeGreaterThan(4_000 - SKEW);
  });

  it.each(['alone', 'with a call that waits for it'])('%s', async (how) => {
    const server = await startHostileSse();
    const watch = stopwatch();
    server.begin = (stream) => {
      if (stream.number === 2) watch.end();
      stream.write(`retry: ${RETRY}\n${endpointEvent(`/message?session=${stream.number}`)}`);
    };
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2024-11-05');
    await server.posted('notifications/initialized');
    server.post = (posted, stream, res) =>
      stream.number === 1 ? void res.writeHead(202).end() : regularPost(posted, stream, res);
    watch.begin();
    server.streams[0]?.end();
    if (how !== 'alone') {
      // The first call may still be on its way over the old stream, and ends with it.
      const calls = [await proxy.rpc.exchange('tools/list'), await proxy.rpc.exchange('tools/list')];
      expect(calls.at(-1)?.message.result).toBeDefined();
    }
    await server.posted('initialize', 2);
    expect(watch.elapsed).toBeGreaterThan(RETRY - SKEW);
  });
});
