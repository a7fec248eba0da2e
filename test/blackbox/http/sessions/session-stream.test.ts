// The stream of a session, for messages that belong to no request, and what happens to them while no client reads it.
import { describe, expect, it } from 'vitest';
import { answering, openStream } from '../event-stream.ts';
import { ask, modern } from '../exchange.ts';
import { cleanUp, fixture, listening, log, startSession } from '../fixture.ts';
import { hold } from '../held-answers.ts';

cleanUp();

const CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';

it('carries messages that belong to no request, each with an event id of its own', async () => {
  const { stream, theirs } = await listening();
  expect([stream.status, stream.headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/event-stream/)]);
  expect(stream.headers['x-accel-buffering']).toBe('no');
  for (const n of [1, 2, 3]) theirs.send(log(n));
  const events = [await stream.next(), await stream.next(), await stream.next()];
  expect(events.map(({ data }) => data)).toEqual([1, 2, 3].map(log));
  expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  for (const { id } of events) expect(id).toMatch(/\S/);
});

it('is open even if the server has none', async () => {
  const { session, upstream } = await fixture();
  const stream = await session.listen();
  expect(stream.status).toBe(200);
  expect((await session.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(200);
  expect(upstream.all('GET').length).toBeLessThanOrEqual(1);
});

it('carries comments while there are no messages', { timeout: 120_000 }, async () => {
  const { stream } = await listening();
  await stream.comment(1, 60_000);
  expect(stream.events).toEqual([]);
});

it('is replaced when the client opens a second one', async () => {
  const { session, stream, theirs, upstream } = await listening();
  const second = await session.listen();
  expect(second.status).toBe(200);
  await stream.ended;
  theirs.send(CHANGED);
  expect((await second.next()).data).toBe(CHANGED);
  expect(stream.events).toEqual([]);
  // The resumption concerns the client and the proxy only.
  expect(upstream.all('GET')).toHaveLength(1);
});

it('still works after the client has opened many in a row', async () => {
  const { session, theirs } = await listening();
  const streams = await Promise.all(Array.from({ length: 20 }, () => session.listen()));
  const last = await session.listen();
  await Promise.all(streams.map(({ ended }) => ended));
  theirs.send(CHANGED);
  expect((await last.next()).data).toBe(CHANGED);
});

it('is not visible to another session', async () => {
  const { serving, stream, theirs, upstream } = await listening();
  const gets = hold(upstream, 'GET');
  const other = await startSession(serving.url);
  const elsewhere = await other.listen();
  const own = await gets.nth(1);
  theirs.send(log(1));
  own.send(log(2));
  expect((await stream.next()).data).toBe(log(1));
  expect((await elsewhere.next()).data).toBe(log(2));
  expect([stream.events.length, elsewhere.events.length]).toEqual([1, 1]);
});

describe('after it broke off', () => {
  it('it resumes after the last event that the client read, without a gap and without a repetition', async () => {
    const { session, stream, theirs } = await listening();
    for (const n of [1, 2]) theirs.send(log(n));
    const first = await stream.next();
    await stream.next();
    stream.destroy();
    for (const n of [3, 4]) theirs.send(log(n));
    const again = await session.listen(first.id);
    const seen = [await again.next(), await again.next(), await again.next()];
    expect(seen.map(({ data }) => data)).toEqual([2, 3, 4].map(log));
    theirs.send(log(5));
    expect((await again.next()).data).toBe(log(5));
    const ids = [first, ...seen].map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
  });

  it('it resumes as often as it breaks off', async () => {
    const { session, stream, theirs } = await listening();
    theirs.send(log(0));
    let last = await stream.next();
    let current = stream;
    for (let n = 1; n <= 5; n++) {
      current.destroy();
      theirs.send(log(n));
      current = await session.listen(last.id);
      last = await current.next();
      expect(last.data).toBe(log(n));
    }
  });

  it('an event id of another session, or of none, brings no events of others', async () => {
    const { serving, session, stream, theirs } = await listening();
    for (const n of [1, 2]) theirs.send(log(n));
    const first = await stream.next();
    await stream.next();
    const other = await startSession(serving.url);
    for (const last of [first.id, 'unknown', '__proto__', '-1', '9'.repeat(40), 'x'.repeat(2_000)]) {
      const elsewhere = await other.listen(last);
      expect(elsewhere.status).toBeLessThan(500);
      expect((await other.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(200);
      expect(elsewhere.events.filter(({ data }) => data.includes('notifications/message'))).toEqual([]);
      elsewhere.destroy();
    }
    theirs.send(log(3));
    expect((await stream.next()).data).toBe(log(3));
    expect(session.id).not.toBe(other.id);
  });
});

describe('modern subscriptions', () => {
  const listen = modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, 'sub');
  const ACKNOWLEDGED = (id: string): string =>
    `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${id}}}}`;
  const CHANGE = (id: string): string =>
    `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${id}}}}`;

  it('are held open, under the id of the client, until it leaves', async () => {
    const { serving, upstream } = await fixture();
    const subscriptions = hold(upstream, 'subscriptions/listen');
    const opening = openStream(serving.url, { path: '/mcp', ...listen, headers: { ...listen.headers } });
    const held = await subscriptions.nth(1);
    held.send(ACKNOWLEDGED(held.id));
    const stream = await opening;
    expect([stream.status, stream.headers['x-accel-buffering']]).toEqual([200, 'no']);
    held.send(CHANGE(held.id));
    for (const method of ['notifications/subscriptions/acknowledged', 'notifications/tools/list_changed']) {
      const { message } = await stream.next();
      expect(message.method).toBe(method);
      expect(message.params._meta['io.modelcontextprotocol/subscriptionId']).toBe('sub');
    }
    stream.destroy();
    await held.seen.closed;
  });

  it('end for the client when they end at the server', async () => {
    const { serving, upstream } = await fixture();
    const subscriptions = hold(upstream, 'subscriptions/listen');
    const opening = openStream(serving.url, { path: '/mcp', ...listen, headers: { ...listen.headers } });
    const held = await subscriptions.nth(1);
    held.send(ACKNOWLEDGED(held.id));
    const stream = await opening;
    held.finish(`{"jsonrpc":"2.0","id":${held.id},"result":{"resultType":"complete"}}`);
    expect((await stream.next(answering('sub'))).message.result).toEqual({ resultType: 'complete' });
    expect(await stream.ended).toBe(true);
    expect((await ask(serving.url, { path: '/healthz' })).status).toBe(200);
  });
});
