// Bytes and calls that wait for answers: each client has a share, held until the answer, and is refused beyond it.
import { describe, expect, it } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { openStream } from '../event-stream.ts';
import { ask, begin, initialize, modern, notification, request } from '../exchange.ts';
import { cleanUp, done, fixture, type Session, startSession } from '../fixture.ts';
import { hold } from '../held-answers.ts';
import { connect, requestText } from '../raw-connection.ts';

cleanUp();

const MIB = 1_048_576;
const large = (id: number): object =>
  request(id, 'tools/call', { name: 'long', arguments: { x: 'x'.repeat(4 * MIB - 4_000) } });
const small = (id: number): object => request(id, 'ping');
/** So many calls of 4 MiB fit into 32 MiB, with what each costs in addition. */
const FIT = 8;
/** So many calls of one connection, or in one session, may wait. */
const CALLS = 1_000;

function postLarge(session: Session, count: number): Promise<{ status: number }>[] {
  return Array.from({ length: count }, (_, i) => session.post(large(i + 1)));
}

it('in a session, requests that are too large together are refused, small ones go on, and an answer makes room', async () => {
  const { upstream, serving, session } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const answered = postLarge(session, FIT);
  await calls.nth(FIT);
  const refused = await session.post(large(90));
  expect([refused.status, refused.headers['retry-after']], refused.text).toEqual([429, '1']);
  expect(refused.json).toMatchObject({ id: 90, error: { code: -31008 } });
  expect(upstream.executions).toBe(FIT);
  // The same client with a small call, and another client with a large one, are still served.
  expect((await session.post(small(91))).status).toBe(200);
  const other = await startSession(serving.url);
  const others = other.post(large(1));
  (await calls.nth(FIT + 1)).finish(done((await calls.nth(FIT + 1)).id));
  expect((await others).status).toBe(200);
  const first = await calls.nth(1);
  first.finish(done(first.id));
  await Promise.race(answered);
  const again = session.post(large(92));
  await calls.nth(FIT + 2);
  for (let n = 2; n <= FIT + 2; n++) if (n !== FIT + 1) (await calls.nth(n)).finish(done((await calls.nth(n)).id));
  for (const { status } of await Promise.all([...answered, again])) expect(status).toBe(200);
});

it('a session with unfinished messages is refused further ones, while other clients and small messages go on', async () => {
  const { upstream, serving, session } = await fixture();
  const headers = { ...session.headers, 'Content-Type': 'application/json' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const unfinished = await Promise.all(
    Array.from({ length: FIT + 1 }, async () => {
      const connection = await connect(serving.url);
      const head = ['Host: localhost', 'Accept: application/json, text/event-stream', ...lines];
      connection.write(requestText('POST /mcp HTTP/1.1', [...head, `Content-Length: ${4 * MIB}`]));
      connection.write('x'.repeat(4 * MIB - 1_000));
      return connection;
    }),
  );
  const [, body] = await Promise.race(unfinished.map((one) => one.matching(/HTTP\/1\.1 429 [\s\S]*?\r\n\r\n(.*)/)));
  expect(body).toContain('-31008');
  expect((await session.post(small(91))).status).toBe(200);
  const calls = hold(upstream, 'tools/call');
  const others = (await startSession(serving.url)).post(large(1));
  const { id, finish } = await calls.nth(1);
  finish(done(id));
  expect((await others).status).toBe(200);
  for (const one of unfinished) one.destroy();
});

it('a client that has left still counts until its call is answered', async () => {
  const { upstream, serving, session } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const leaving = Array.from({ length: FIT }, (_, i) => {
    const req = begin(serving.url, { path: '/mcp', headers: session.headers, body: large(i + 1) });
    req.on('error', () => {});
    return req;
  });
  await calls.nth(FIT);
  for (const req of leaving) req.destroy();
  expect((await session.post(large(90))).status).toBe(429);
});

it('a cancelled call no longer counts', async () => {
  const { upstream, session } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const answered = postLarge(session, FIT);
  // One of them gets no answer, because it is cancelled.
  await calls.nth(FIT);
  expect((await session.post(large(90))).status).toBe(429);
  await session.post(notification('notifications/cancelled', { requestId: 1 }));
  const again = session.post(large(91));
  await calls.nth(FIT + 1);
  for (let n = 1; n <= FIT + 1; n++) (await calls.nth(n)).finish(done((await calls.nth(n)).id));
  await Promise.all([...answered, again]);
});

it('over HTTP+SSE, the limits are the same', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const stream = await openStream(url, { path: '/sse' });
  const { data: path } = await stream.next(({ event }) => event === 'endpoint');
  await ask(url, { path, body: initialize('2024-11-05') });
  await stream.next();
  await ask(url, { path, body: notification('notifications/initialized') });
  const calls = hold(upstream, 'tools/call');
  for (let n = 1; n <= FIT; n++) expect((await ask(url, { path, body: large(n) })).status).toBe(202);
  const refused = await ask(url, { path, body: large(90) });
  expect([refused.status, refused.json.id, refused.json.error?.code]).toEqual([429, 90, -31008]);
  const first = await calls.nth(1);
  first.finish(done(first.id));
  await stream.next();
  expect((await ask(url, { path, body: large(91) })).status).toBe(202);
});

describe('calls of 2026-07-28', () => {
  /** Sends calls ahead on one connection; returns what comes back on it. */
  async function ahead(url: string, count: number, size = 0): Promise<Awaited<ReturnType<typeof connect>>> {
    const connection = await connect(url);
    for (let id = 1; id <= count; id++) {
      const { body, headers } = modern('tools/call', { name: 'long', arguments: { x: 'x'.repeat(size) } }, id);
      const text = JSON.stringify(body);
      const lines = Object.entries({ ...headers, 'content-type': 'application/json', 'content-length': text.length });
      const all = ['Host: localhost', 'Accept: application/json', ...lines.map(([name, value]) => `${name}: ${value}`)];
      connection.write(requestText('POST /mcp HTTP/1.1', all, text));
    }
    return connection;
  }

  it('each connection gets its own share of bytes', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    const calls = hold(upstream, 'tools/call');
    const connection = await ahead(url, FIT + 1, 4 * MIB - 4_000);
    await calls.nth(FIT);
    // Another connection is served while the first one waits.
    const other = modern('tools/call', { name: 'long', arguments: { x: 'x'.repeat(MIB) } });
    const others = ask(url, { path: '/mcp', ...other });
    const held = await calls.nth(FIT + 1);
    held.finish(`{"jsonrpc":"2.0","id":${held.id},"result":{"resultType":"complete","content":[]}}`);
    expect((await others).status).toBe(200);
    for (let n = 1; n <= FIT; n++) {
      const { id, finish } = await calls.nth(n);
      finish(`{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[]}}`);
    }
    await connection.matching(/HTTP\/1\.1 429 [\s\S]*-31008/);
    expect(upstream.executions).toBe(FIT + 1);
  });

  it('each connection gets its own share of calls', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    const calls = hold(upstream, 'tools/call');
    const connection = await ahead(url, CALLS + 1);
    await calls.nth(CALLS);
    // Another connection is served while the first one waits.
    const others = ask(url, { path: '/mcp', ...modern('tools/call', { name: 'long', arguments: {} }) });
    const complete = ({ id, finish }: Awaited<ReturnType<typeof calls.nth>>): void =>
      finish(`{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[]}}`);
    complete(await calls.nth(CALLS + 1));
    expect((await others).status).toBe(200);
    for (let n = 1; n <= CALLS; n++) complete(await calls.nth(n));
    await connection.matching(/HTTP\/1\.1 429 [\s\S]*-31008/);
    expect(upstream.executions).toBe(CALLS + 1);
  });
});
