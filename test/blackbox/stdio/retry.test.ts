// If a server names a pause (`retry`), the proxy does not come back earlier, whatever else was on the stream. The tests
// check lower bounds only.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { MODERN_ERA } from '../../peers/hostile-eras.ts';
import { endpointEvent, regularPost, startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

/** Longer than any pause of the proxy's own, in milliseconds. */
const RETRY = 1_700;
/** By how much timers of two processes may differ. */
const SKEW = 50;

/** The time from the first call of one function to the first call of the other. */
function stopwatch(): { begin(): void; end(): void; readonly elapsed: number } {
  let [from, to] = [0, 0];
  return {
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

it('a subscription of 2026-07-28', async () => {
  const server = await startHostile();
  const watch = stopwatch();
  const acknowledged = a.event('{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}}');
  server.once('subscriptions/listen', (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(`retry: ${RETRY}\n${acknowledged}`, () => {
      watch.begin();
      res.end();
    });
  });
  server.on(
    'subscriptions/listen',
    a.openSse((res) => {
      watch.end();
      res.write(acknowledged);
    }),
  );
  const proxy = startProxy(server.url);
  await MODERN_ERA.open(proxy);
  proxy.rpc.raw(MODERN_ERA.line('listening', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
  await server.seen('subscriptions/listen', 2);
  expect(watch.elapsed).toBeGreaterThan(RETRY - SKEW);
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

describe('the stream of HTTP+SSE', () => {
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
