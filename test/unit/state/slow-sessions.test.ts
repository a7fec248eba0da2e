// Sessions of HTTP mode whose list and buffers are on another machine, which is slow and sometimes fails.
import { afterEach, describe, expect, it } from 'vitest';
import { answering, closeStreams, type EventStream } from '../../blackbox/http/event-stream.ts';
import { type Answered, request } from '../../blackbox/http/exchange.ts';
import { call, done, progress, type Session, startSession } from '../../blackbox/http/fixture.ts';
import { type Held, hold } from '../../blackbox/http/held-answers.ts';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import { opened } from '../../peers/opened.ts';
import { startHttp } from './slow-proxies.ts';
import { type Remote, startRemote } from './slow-state.ts';

const open = opened();
afterEach(async () => {
  closeStreams();
  await closeHostiles();
});

interface Begun {
  readonly upstream: Hostile;
  readonly session: Session;
  readonly lines: readonly string[];
  readonly remote: Remote;
  readonly held: Held;
  /** The id of the first event. */
  readonly first: string;
}

/** A call that has sent one event, and whose client has disconnected. */
async function brokenOff(remote = startRemote()): Promise<Begun> {
  const upstream = await startHostile();
  const { url, lines } = await open(startHttp(upstream.url, remote));
  const calls = hold(upstream, 'tools/call');
  const session = await startSession(url);
  const opening = session.stream(call('c'));
  const held = await calls.nth(1);
  held.send(progress(1));
  const stream = await opening;
  const { id = '' } = await stream.next();
  stream.destroy();
  await stream.ended;
  return { upstream, session, lines, remote, held, first: id };
}

/** Repeats requests that are refused temporarily. */
async function insisting<T extends { readonly status: number }>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await send();
    if (answer.status !== 503 || attempt === 5) return answer;
  }
}

const numbers = (stream: EventStream): number[] =>
  stream.events.filter(({ data }) => data.includes('progress')).map(({ message }) => message.params.progress as number);

describe('a session that is found later', () => {
  it('takes requests, notifications, and its end; an unknown one is not found', async () => {
    const upstream = await startHostile();
    const { url } = await open(startHttp(upstream.url, startRemote()));
    const session = await startSession(url);
    const lists = await Promise.all([1, 2, 3].map((id) => session.post(request(id, 'tools/list'))));
    expect(lists.map(({ status, json }) => [status, json.id])).toEqual([1, 2, 3].map((id) => [200, id]));
    const notification = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' };
    expect((await session.post(notification)).status).toBe(202);
    const foreign = await session.post(request(4, 'tools/list'), { 'mcp-session-id': 'f'.repeat(32) });
    expect([foreign.status, foreign.json.id]).toEqual([404, 4]);
    expect((await session.delete()).status).toBe(204);
    expect((await session.post(request(5, 'tools/list'))).status).toBe(404);
    expect(upstream.all('tools/list')).toHaveLength(3);
  });

  it('is not given up when it cannot be looked for', async () => {
    const remote = startRemote();
    const upstream = await startHostile();
    const { url, lines } = await open(startHttp(upstream.url, remote));
    const session = await startSession(url);
    remote.failEvery = 1;
    const refusals: Answered[] = [];
    for (const id of [1, 2]) refusals.push(await session.post(request(id, 'tools/list')));
    expect(refusals.map(({ status, json, headers }) => [status, json.id, headers['retry-after']])).toEqual([
      [503, 1, '1'],
      [503, 2, '1'],
    ]);
    expect(upstream.all('tools/list')).toHaveLength(0);
    remote.failEvery = 0;
    expect((await session.post(request(1, 'tools/list'))).status).toBe(200);
    expect(upstream.all('tools/list')).toHaveLength(1);
    expect(lines.filter((line) => line.includes('sessions'))).toHaveLength(1);
  });
});

describe('a stream that is read on', () => {
  it('brings what was missed, then what comes meanwhile, each once and in order, and ends with the answer', async () => {
    const { session, held, first, upstream } = await brokenOff();
    for (let n = 2; n <= 20; n++) held.send(progress(n));
    const listening = session.listen(first);
    for (let n = 21; n <= 40; n++) held.send(progress(n));
    const again = await listening;
    for (let n = 41; n <= 60; n++) held.send(progress(n));
    held.finish(done(held.id));
    await again.next(answering('c'));
    expect(await again.ended).toBe(true);
    expect(numbers(again)).toEqual(Array.from({ length: 59 }, (_, i) => i + 2));
    expect(again.events.filter(answering('c'))).toHaveLength(1);
    expect(upstream.executions).toBe(1);
  });

  it('brings the answer that came while nobody read', async () => {
    const { session, held, first } = await brokenOff();
    held.finish(done(held.id));
    await held.seen.closed;
    const again = await session.listen(first);
    expect((await again.next()).message).toMatchObject({ id: 'c', result: {} });
    expect(await again.ended).toBe(true);
    expect(again.events).toHaveLength(1);
  });

  it('goes to the last of several connections that ask for it', async () => {
    const { session, held, first } = await brokenOff();
    held.send(progress(2));
    const [before, after] = [await session.listen(first), await session.listen(first)];
    held.send(progress(3));
    held.finish(done(held.id));
    await after.next(answering('c'));
    expect(await before.ended).toBe(true);
    expect(numbers(after)).toEqual([2, 3]);
    expect(before.events.filter(answering('c'))).toEqual([]);
  });

  it.each([2, 3, 5])('with every call number %d failing, is answered once, with nothing twice', async (every) => {
    const { session, lines, remote, held, first, upstream } = await brokenOff();
    remote.failEvery = every;
    for (let n = 2; n <= 20; n++) held.send(progress(n));
    held.finish(done(held.id));
    await held.seen.closed;
    const again = await insisting(() => session.listen(first));
    const answer = await again.next(answering('c'));
    expect(await again.ended).toBe(true);
    expect(again.events.filter(answering('c'))).toHaveLength(1);
    // The answer, or the error that says that the outcome is unknown.
    const { result, error } = answer.message;
    expect(result ?? error?.data).toMatchObject(result ? { content: [{ text: 'done' }] } : { outcome: 'unknown' });
    const seen = numbers(again);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(upstream.executions).toBe(1);
    expect(remote.failures).toBeGreaterThan(0);
    expect([...new Set(lines)]).toEqual(lines);
  });

  it('brings everything although every event was refused by its first place', async () => {
    const { session, lines, remote, held, first } = await brokenOff();
    remote.failEvery = 1;
    for (let n = 2; n <= 20; n++) held.send(progress(n));
    held.finish(done(held.id));
    await held.seen.closed;
    await expect.poll(() => remote.failures, { timeout: 60_000 }).toBe(20);
    remote.failEvery = 0;
    const again = await session.listen(first);
    expect((await again.next(answering('c'))).message.result).toBeDefined();
    expect(numbers(again)).toEqual(Array.from({ length: 19 }, (_, i) => i + 2));
    expect(lines.filter((line) => line.includes('events'))).toHaveLength(1);
  });
});
