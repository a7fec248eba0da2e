// Sessions that are still being opened: at a slow server, by clients that do not wait.
import type { ClientRequest } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { WAIT_MS } from '../../../peers/listen.ts';
import { openStream } from '../event-stream.ts';
import { type Ask, ask, begin, initialize, openSession } from '../exchange.ts';
import { cleanUp, fixture, startSession } from '../fixture.ts';
import { LATE_SESSION, openLate } from '../late-opening.ts';
import { PING } from '../limited-proxy.ts';
import { countedOnce } from '../metrics.ts';

cleanUp();

/** Sends a request that the client is not going to wait for. */
function sent(url: string, what: Ask): ClientRequest {
  const req = begin(url, what);
  // It is cut off on purpose.
  req.on('error', () => {});
  return req;
}

describe.each([
  ['', []],
  [' with a header of its own', ['--header', 'Authorization: Bearer fixed']],
])('a client that leaves while its session opens leaves nothing at the server%s', (_what, args) => {
  it('over HTTP+SSE', async () => {
    const upstream = await startHostile();
    const serving = await startServing(upstream.url, args);
    const { url } = serving;
    const late = openLate(upstream);
    const stream = await openStream(url, { path: '/sse' });
    const { data: path } = await stream.next(({ event }) => event === 'endpoint');
    expect((await ask(url, { path, body: initialize('2024-11-05') })).status).toBe(202);
    await upstream.seen('initialize');
    stream.destroy();
    await countedOnce(url, ({ sessions, streams }) => sessions + streams === 0);
    late.open();
    expect((await upstream.seen('DELETE')).session).toBe(LATE_SESSION);
    expect(await serving.stop()).toEqual({ code: 0, signal: null });
  });

  it('over Streamable HTTP', async () => {
    const upstream = await startHostile();
    const serving = await startServing(upstream.url, args);
    const { url } = serving;
    const late = openLate(upstream);
    const opening = sent(url, { path: '/mcp', body: initialize() });
    await upstream.seen('initialize');
    opening.destroy();
    await countedOnce(url, ({ sessions }) => sessions === 0);
    late.open();
    expect((await upstream.seen('DELETE')).session).toBe(LATE_SESSION);
    expect(await serving.stop()).toEqual({ code: 0, signal: null });
  });
});

it('does not count for --max-sessions, however long the server hangs', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url, ['--max-sessions', '1']);
  upstream.once('initialize', a.never);
  const opening = sent(url, { path: '/mcp', body: initialize() });
  await upstream.seen('initialize');
  expect((await ask(url, { path: '/mcp', body: initialize() })).status).toBe(503);
  opening.destroy();
  await vi.waitFor(() => openSession(url), { timeout: WAIT_MS });
});

describe('a second initialize in a session', () => {
  it('whose client does not wait for the answer leaves the session open', async () => {
    const { upstream, serving, session } = await fixture();
    const late = openLate(upstream);
    const again = sent(serving.url, { path: '/mcp', headers: session.headers, body: initialize() });
    await upstream.seen('initialize', 2);
    again.destroy();
    await countedOnce(serving.url, ({ responses }) => responses('/mcp')[499] !== undefined);
    late.open();
    const answered = await session.post(PING, { accept: 'application/json' });
    expect([answered.status, answered.json.result]).toEqual([200, {}]);
  });

  it('that the server refuses leaves the session open', async () => {
    const { upstream, session } = await fixture();
    upstream.once('initialize', a.rpcError(-32603, 'not again'));
    expect((await session.post(initialize())).json.error?.code).toBe(-32603);
    for (let n = 0; n < 2; n++) {
      const answered = await session.post(PING);
      expect([answered.status, answered.json.result]).toEqual([200, {}]);
    }
  });
});

it('a shared session that is closed while it opens is closed at the server, too', async () => {
  const upstream = await startHostile();
  const idle = ['--session-idle', '3'];
  const { url } = await startServing(upstream.url, [...idle, '--upstream-session', 'shared']);
  const late = openLate(upstream);
  const stream = await openStream(url, { path: '/sse' });
  const { data: path } = await stream.next(({ event }) => event === 'endpoint');
  await ask(url, { path, body: initialize('2024-11-05') });
  await upstream.seen('initialize');
  stream.destroy();
  await countedOnce(url, ({ sessions }) => sessions === 0);
  // Another session, left alone only now, ends after the same time: its end proves that the time of the first one is
  // over.
  const beside = await startHostile();
  const other = await startServing(beside.url, idle);
  await startSession(other.url);
  await beside.seen('DELETE');
  late.open();
  expect((await upstream.seen('DELETE')).session).toBe(LATE_SESSION);
  // The next client gets a session that works.
  const next = await startSession(url);
  expect((await next.post(PING)).status).toBe(200);
});
