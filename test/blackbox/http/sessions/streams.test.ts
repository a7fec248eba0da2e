// The form of an answer: JSON if there is nothing else, a stream if there is more or if it takes long.
import { describe, expect, it } from 'vitest';
import * as a from '../../../peers/hostile-answers.ts';
import { answering, openStream } from '../event-stream.ts';
import { ask, BOTH, modern, notification, request } from '../exchange.ts';
import { call, cleanUp, done, fixture, log, progress } from '../fixture.ts';
import { hold } from '../held-answers.ts';

cleanUp();

/** Beyond what the proxy waits in silence, with slack for a busy machine. */
const PATIENCE = 60_000;

function expectStreamHeaders(headers: Record<string, unknown>): void {
  expect(headers['content-type']).toMatch(/^text\/event-stream/);
  expect(headers['x-accel-buffering']).toBe('no');
  expect(headers['cache-control']).toBe('no-cache, no-transform');
}

describe('the answer to a call', () => {
  it('is JSON when it comes first', async () => {
    const { session } = await fixture();
    const answered = await session.post(call(3));
    expect(answered.headers['content-type']).toMatch(/^application\/json/);
    expect(answered.json).toMatchObject({ id: 3, result: { content: [{ text: '{}' }] } });
  });

  it('is JSON when it comes first on a stream of the server', async () => {
    const { upstream, session } = await fixture();
    upstream.once(
      'tools/call',
      a.sse((id) => a.event(done(id))),
    );
    const answered = await session.post(call(3));
    expect(answered.headers['content-type']).toMatch(/^application\/json/);
    expect(answered.json).toMatchObject({ id: 3, result: { content: [{ text: 'done' }] } });
  });

  it('is a stream as soon as another message comes, which the client gets before the answer', async () => {
    const { upstream, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const opening = session.stream(call('slow'));
    const held = await calls.nth(1);
    held.send(progress(1));
    const stream = await opening;
    expectStreamHeaders(stream.headers);
    expect((await stream.next()).data).toBe(progress(1));
    held.send(log(2));
    expect((await stream.next()).data).toBe(log(2));
    held.finish(done(held.id));
    expect((await stream.next()).message).toMatchObject({ id: 'slow', result: { content: [{ text: 'done' }] } });
    expect(await stream.ended).toBe(true);
    const ids = stream.events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/\S/);
  });

  it(
    'is a stream when it takes long, with comments until a message comes',
    async () => {
      const { upstream, session } = await fixture();
      const calls = hold(upstream, 'tools/call');
      const opening = session.stream(call(1));
      const held = await calls.nth(1);
      const stream = await opening;
      expectStreamHeaders(stream.headers);
      await stream.comment(1, PATIENCE);
      held.finish(done(held.id));
      expect((await stream.next(answering(1))).message.result).toBeDefined();
      expect(await stream.ended).toBe(true);
    },
    3 * PATIENCE,
  );

  it('is only JSON for a client that accepts nothing else, without the other messages', async () => {
    const { upstream, session } = await fixture();
    upstream.once(
      'tools/call',
      a.sse((id) => a.event(progress(1)) + a.event(done(id))),
    );
    const answered = await session.post(call(3), { accept: 'application/json' });
    expect([answered.status, answered.headers['content-type']]).toEqual([
      200,
      expect.stringMatching(/^application\/json/),
    ]);
    expect(answered.json).toMatchObject({ id: 3, result: { content: [{ text: 'done' }] } });
  });

  it('is a stream for a client that accepts only streams', async () => {
    const { session } = await fixture();
    const stream = await session.stream(call(3), { accept: 'text/event-stream' });
    expectStreamHeaders(stream.headers);
    expect((await stream.next()).message).toMatchObject({ id: 3 });
    expect(await stream.ended).toBe(true);
    expect(stream.events).toHaveLength(1);
  });

  it('is JSON in the modern era, or a stream whose events have no ids', async () => {
    const { upstream, serving } = await fixture();
    const one = modern('tools/call', { name: 'echo', arguments: {} }, 'm');
    expect((await ask(serving.url, { path: '/mcp', ...one })).headers['content-type']).toMatch(/^application\/json/);
    upstream.once(
      'tools/call',
      a.sse((id) => a.event(progress(1)) + a.event(a.resultText(id, { resultType: 'complete', content: [] }))),
    );
    const stream = await openStream(serving.url, { path: '/mcp', ...one, headers: { ...one.headers, accept: BOTH } });
    expectStreamHeaders(stream.headers);
    expect((await stream.next()).data).toBe(progress(1));
    expect((await stream.next()).message).toMatchObject({ id: 'm', result: { resultType: 'complete' } });
    expect(await stream.ended).toBe(true);
  });
});

describe('a client that disconnects', () => {
  it('cancels nothing in the revisions with a handshake', async () => {
    const { upstream, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const opening = session.stream(call('left'));
    const held = await calls.nth(1);
    held.send(progress(1));
    const stream = await opening;
    await stream.next();
    let closed = false;
    void held.seen.closed.then(() => {
      closed = true;
    });
    stream.destroy();
    await stream.ended;
    // Anything the proxy had to say about it would have come before the answers to these.
    for (let n = 0; n < 5; n++) expect((await session.post(request(n, 'ping'))).status).toBe(200);
    expect(closed).toBe(false);
    expect(upstream.all('notifications/cancelled')).toEqual([]);
    held.finish(done(held.id));
    await held.seen.closed;
    expect(upstream.executions).toBe(1);
  });

  it('cancels its call in 2026-07-28', async () => {
    const { upstream, serving } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const what = modern('tools/call', { name: 'long', arguments: {} });
    const opening = openStream(serving.url, { path: '/mcp', ...what, headers: { ...what.headers, accept: BOTH } });
    const held = await calls.nth(1);
    held.send(progress(1));
    const stream = await opening;
    await stream.next();
    stream.destroy();
    await held.seen.closed;
    expect(upstream.all('notifications/cancelled')).toEqual([]);
  });

  it('cancels its call in 2026-07-28 even before anything has come', async () => {
    const { upstream, serving } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const leave = new AbortController();
    const { body, headers } = modern('tools/call', { name: 'long', arguments: {} });
    const own = { ...headers, 'content-type': 'application/json', accept: BOTH } as Record<string, string>;
    const left = fetch(`${serving.url}/mcp`, {
      method: 'POST',
      headers: own,
      body: JSON.stringify(body),
      signal: leave.signal,
    });
    const held = await calls.nth(1);
    leave.abort();
    await expect(left).rejects.toThrow();
    await held.seen.closed;
  });
});

it('a cancellation reaches the server under the id that it knows, and ends the response', async () => {
  const { upstream, session } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const streams = ['one', 'two'].map((id) => session.stream(call(id, { name: id })));
  const both = [await calls.nth(1), await calls.nth(2)];
  for (const { send } of both) send(progress(1));
  const [one, two] = await Promise.all(streams);
  const cancelled = await session.post(notification('notifications/cancelled', { requestId: 'two', reason: 'enough' }));
  expect(cancelled.status).toBe(202);
  const theirs = both.find(({ seen }) => seen.message.params.name === 'two');
  const arrived = await upstream.seen('notifications/cancelled');
  expect(JSON.stringify(arrived.message.params.requestId)).toBe(theirs?.id);
  expect(arrived.message.params.reason).toBe('enough');
  await two?.ended;
  expect(two?.events.filter(answering('two'))).toEqual([]);
  const other = both.find((held) => held !== theirs);
  other?.finish(done(other.id));
  expect((await one?.next(answering('one')))?.message.result).toBeDefined();
  expect(upstream.all('notifications/cancelled')).toHaveLength(1);
});

it('two calls under one id are each answered on their own response', async () => {
  const { upstream, session } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const one = session.post(call(1, { name: 'one' }));
  const first = await calls.nth(1);
  const two = session.post(call(1, { name: 'two' }));
  const second = await calls.nth(2);
  second.finish(done(second.id, 'two'));
  first.finish(done(first.id, 'one'));
  expect((await two).json).toMatchObject({ id: 1, result: { content: [{ text: 'two' }] } });
  expect((await one).json).toMatchObject({ id: 1, result: { content: [{ text: 'one' }] } });
});

it('a DELETE answers the calls in flight, and ends the session with the server', async () => {
  const { upstream, session } = await fixture();
  const calls = hold(upstream, 'tools/call');
  const answer = session.post(call('cut'));
  await calls.nth(1);
  const stream = await session.listen();
  expect((await session.delete()).status).toBe(204);
  const answered = await answer;
  expect(answered.status).toBe(200);
  expect(answered.json).toMatchObject({ id: 'cut', error: { code: -31003, data: { outcome: 'unknown' } } });
  expect(await stream.ended).toBe(true);
  expect((await upstream.seen('DELETE')).session).toBe('session-1');
});
