// The stream of a call that broke off at the client goes on from a buffer of limited size.
import { describe, expect, it } from 'vitest';
import { answering, type EventStream } from '../event-stream.ts';
import { request } from '../exchange.ts';
import { call, cleanUp, done, type Fixture, fixture, progress, type Session } from '../fixture.ts';
import { type Held, hold } from '../held-answers.ts';

cleanUp();

interface Begun extends Fixture {
  readonly stream: EventStream;
  readonly held: Held;
  /** The id of the first event. */
  readonly first: string;
}

/** A call that has sent one event, and whose client has disconnected. */
async function brokenOff(id: string | number = 'c'): Promise<Begun> {
  const started = await fixture();
  const calls = hold(started.upstream, 'tools/call');
  const opening = started.session.stream(call(id));
  const held = await calls.nth(1);
  held.send(progress(1));
  const stream = await opening;
  const first = await stream.next();
  expect(first.data).toBe(progress(1));
  stream.destroy();
  await stream.ended;
  return { ...started, stream, held, first: first.id ?? '' };
}

/** Fills the buffer of the session with the events of another call. */
async function flood(session: Session, { upstream }: Fixture, count: number, pad = ''): Promise<void> {
  const calls = hold(upstream, 'tools/call');
  const opening = session.stream(call('flood'));
  const held = await calls.nth(1);
  for (let n = 0; n < count; n++) held.send(progress(n, `flood${pad}`));
  held.finish(done(held.id));
  const stream = await opening;
  await stream.next(answering('flood'));
  expect(stream.events).toHaveLength(count + 1);
}

describe('a call whose stream broke off', () => {
  it('goes on where it was, and gets its answer', async () => {
    const { session, held, first, upstream } = await brokenOff(17);
    held.send(progress(2));
    const again = await session.listen(first);
    expect(again.status).toBe(200);
    expect((await again.next()).data).toBe(progress(2));
    held.send(progress(3));
    expect((await again.next()).data).toBe(progress(3));
    held.finish(done(held.id));
    expect((await again.next()).message).toMatchObject({ id: 17, result: { content: [{ text: 'done' }] } });
    expect(await again.ended).toBe(true);
    expect(upstream.executions).toBe(1);
    expect(upstream.all('notifications/cancelled')).toEqual([]);
  });

  it('can be resumed after its answer has come', async () => {
    const { session, held, first } = await brokenOff();
    held.send(progress(2));
    held.finish(done(held.id));
    await held.seen.closed;
    for (let round = 0; round < 2; round++) {
      const again = await session.listen(first);
      expect((await again.next()).data).toBe(progress(2));
      expect((await again.next()).message).toMatchObject({ id: 'c', result: {} });
      expect(await again.ended).toBe(true);
    }
  });

  it('is kept apart from the stream of the session', async () => {
    const { session, held, first } = await brokenOff();
    const general = await session.listen();
    const again = await session.listen(first);
    held.finish(done(held.id));
    expect((await again.next()).message).toMatchObject({ id: 'c' });
    expect(general.events).toEqual([]);
    let over = false;
    void general.ended.then(() => {
      over = true;
    });
    expect((await session.post(request(1, 'ping'))).status).toBe(200);
    expect(over).toBe(false);
  });

  it('can still answer a question that came while the client was away', async () => {
    const { session, held, first, upstream } = await brokenOff();
    held.send('{"jsonrpc":"2.0","id":"q-1","method":"roots/list"}');
    const again = await session.listen(first);
    const { message } = await again.next();
    expect(message.method).toBe('roots/list');
    expect((await session.post({ jsonrpc: '2.0', id: message.id, result: { roots: [] } })).status).toBe(202);
    const answer = await upstream.seen('response');
    expect(answer.message).toMatchObject({ id: 'q-1', result: { roots: [] } });
    held.finish(done(held.id));
    expect((await again.next(answering('c'))).message.result).toBeDefined();
  });
});

describe('the buffer is limited', () => {
  it('of a long stream, the newest events and the answer are kept', async () => {
    const { session, held, first } = await brokenOff();
    for (let n = 2; n <= 400; n++) held.send(progress(n));
    held.finish(done(held.id));
    await held.seen.closed;
    const again = await session.listen(first);
    const answer = await again.next(answering('c'));
    const seen = again.events.filter(({ data }) => data.includes('notifications/progress'));
    const numbers = seen.map(({ message }) => message.params.progress as number);
    expect(numbers.length).toBeLessThan(399);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, n) => 401 - numbers.length + n));
    expect(answer.message.result).toBeDefined();
    expect(await again.ended).toBe(true);
  });

  it.each<[string, number, string]>([
    ['too many messages', 300, ''],
    ['too large ones', 30, 'x'.repeat(60_000)],
  ])('an answer that had to make room for %s is answered with -31008', async (_what, count, pad) => {
    const begun = await brokenOff();
    const { session, held, first, upstream } = begun;
    held.finish(done(held.id));
    await held.seen.closed;
    await flood(session, begun, count, pad);
    const again = await session.listen(first);
    const { message } = await again.next(answering('c'));
    expect(message.error?.code).toBe(-31008);
    expect(await again.ended).toBe(true);
    expect(upstream.executions).toBe(2);
  });

  it('an answer is kept when many other calls are answered after it', async () => {
    const begun = await brokenOff();
    const { session, held, first } = begun;
    held.finish(done(held.id));
    await held.seen.closed;
    for (let n = 0; n < 40; n++) await flood(session, begun, 1);
    const again = await session.listen(first);
    expect(again.status).toBe(200);
    const { message } = await again.next(answering('c'));
    if (message.error) expect(message.error.code).toBe(-31008);
    else expect(message.result).toBeDefined();
    expect(await again.ended).toBe(true);
  });
});
