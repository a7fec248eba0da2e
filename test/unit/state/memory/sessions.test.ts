import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SESSION_CLOSED, type Served, type Sessions } from '../../../../src/core/ports/sessions.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { memorySessions } from '../../../../src/state/memory/sessions.ts';
import { settled } from '../../downstream/http/response.ts';

const IDLE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

type Kind = 'fake' | 'other';
type AnyFake = Fake | Fake<'other'>;

/** A session whose end takes as long as the test wants. */
class Fake<K extends Kind = 'fake'> implements Served {
  readonly kind: K;
  readonly id: string;
  lastUsed = Date.now();
  inUse = false;
  busy = false;
  readonly closings: { readonly limit: number; readonly error: ProxyError | undefined }[] = [];
  readonly reasons: ProxyError[] = [];
  finish: () => void = () => {};
  answer: () => void = () => {};
  readonly #slow: boolean;

  constructor(id: string, slow = false, kind = 'fake' as K) {
    this.kind = kind;
    this.id = id;
    this.#slow = slow;
  }

  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  destroy(reason: ProxyError): void {
    this.reasons.push(reason);
  }

  close(limit: number): Promise<void> {
    this.closings.push({ limit, error: this.reasons.at(-1) });
    if (!this.#slow) return Promise.resolve();
    return new Promise((resolve) => {
      this.finish = resolve;
    });
  }
}

const ENDED = new ProxyError('failed', 'the end');
const every: Sessions<AnyFake>[] = [];
afterEach(async () => {
  for (const sessions of every.splice(0)) await sessions.close(0);
});

function sessionsOf(...served: AnyFake[]): Sessions<AnyFake> {
  const sessions = memorySessions<AnyFake>({ max: 3, idle: IDLE });
  every.push(sessions);
  for (const session of served) sessions.add(session);
  return sessions;
}

/** Whether a promise settles with what can happen now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await settled();
  return done;
}

describe('sessions', () => {
  it('are found by their ids, where they are of the kind that is looked for', () => {
    const [one, two] = [new Fake('1'), new Fake<'other'>('2', false, 'other')];
    const sessions = sessionsOf(one, two);
    expect(sessions.peek('1', 'fake')).toBe(one);
    expect(sessions.peek('2', 'other')).toBe(two);
    expect(sessions.peek('1', 'other')).toBeUndefined();
    for (const id of ['3', '', '__proto__', 'constructor']) expect(sessions.peek(id, 'fake'), id).toBeUndefined();
  });

  it('are as many as there may be, and not one more', () => {
    const three = new Fake('3');
    const sessions = sessionsOf(new Fake('1'), new Fake('2'));
    expect([sessions.size, sessions.full]).toEqual([2, false]);
    sessions.add(three);
    expect([sessions.size, sessions.full]).toEqual([3, true]);
    sessions.end(three);
    expect([sessions.size, sessions.full]).toEqual([2, false]);
  });

  it('are not added without end while others wait to be closed', async () => {
    const sessions = sessionsOf();
    const closing = Array.from({ length: 1_000 }, (_, i) => new Fake(`${i}`));
    for (const [i, session] of closing.entries()) {
      expect(sessions.full, `${i}`).toBe(false);
      session.busy = true;
      sessions.add(session);
      sessions.abandon(session);
    }
    expect([sessions.size, sessions.full]).toEqual([0, true]);
    closing[0]?.answer();
    await vi.waitFor(() => expect(sessions.full).toBe(false));
    for (const session of closing) session.answer();
  });

  it('have ids that are long, of visible characters, and never the same', () => {
    const sessions = sessionsOf();
    const ids = Array.from({ length: 1_000 }, () => sessions.newId());
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('a session that is ended', () => {
  it('is closed once, and not found any more, while that is still under way', () => {
    const session = new Fake('1', true);
    const sessions = sessionsOf(session);
    sessions.end(session);
    sessions.end(session);
    expect(sessions.peek('1', 'fake')).toBeUndefined();
    expect(session.closings).toEqual([{ limit: 5_000, error: SESSION_CLOSED }]);
    session.finish();
  });

  it('leaves another one alone that has its id by now', () => {
    const [old, young] = [new Fake('1'), new Fake('1')];
    const sessions = sessionsOf(old);
    sessions.end(old);
    sessions.add(young);
    sessions.end(old);
    expect(sessions.peek('1', 'fake')).toBe(young);
    expect(young.closings).toEqual([]);
  });
});

describe('a session that nobody uses', () => {
  it('is closed when its time is over, give or take a quarter of it', () => {
    const session = new Fake('1');
    const sessions = sessionsOf(session);
    vi.advanceTimersByTime(IDLE - 1);
    expect(session.closings).toHaveLength(0);
    vi.advanceTimersByTime(IDLE / 4);
    expect(session.closings).toHaveLength(1);
    expect(sessions.size).toBe(0);
    vi.advanceTimersByTime(2 * IDLE);
    expect(session.closings).toHaveLength(1);
  });

  it('stays as long as it was used lately', () => {
    const session = new Fake('1');
    const sessions = sessionsOf(session);
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(IDLE / 2);
      session.lastUsed = Date.now();
    }
    expect(sessions.peek('1', 'fake')).toBe(session);
    vi.advanceTimersByTime(1.5 * IDLE);
    expect(sessions.peek('1', 'fake')).toBeUndefined();
  });

  it('stays as long as its client listens or waits, however long that is', () => {
    const session = new Fake('1');
    session.inUse = true;
    const sessions = sessionsOf(session);
    vi.advanceTimersByTime(100 * IDLE);
    expect(session.closings).toHaveLength(0);
    session.inUse = false;
    // From the last time on that it was in use.
    vi.advanceTimersByTime(IDLE * 0.75);
    expect(session.closings).toHaveLength(0);
    vi.advanceTimersByTime(IDLE / 4);
    expect(session.closings).toHaveLength(1);
    expect(sessions.size).toBe(0);
  });

  it('has all its time again after the machine slept, and no more than that', () => {
    const [used, heard] = [new Fake('1'), new Fake('2')];
    heard.inUse = true;
    const sessions = sessionsOf(used, heard);
    vi.advanceTimersByTime(IDLE / 2);
    // Timers stand still during the sleep, and the clock does not.
    vi.setSystemTime(Date.now() + 10 * IDLE);
    heard.inUse = false;
    vi.advanceTimersByTime(IDLE / 4);
    expect(sessions.size).toBe(2);
    vi.advanceTimersByTime(IDLE / 2);
    expect(sessions.size).toBe(2);
    vi.advanceTimersByTime(IDLE / 2);
    expect(sessions.size).toBe(0);
  });

  it('takes no other one with it', () => {
    const [idle, used] = [new Fake('1'), new Fake('2')];
    const sessions = sessionsOf(idle, used);
    used.inUse = true;
    vi.advanceTimersByTime(2 * IDLE);
    expect(sessions.peek('1', 'fake')).toBeUndefined();
    expect(sessions.peek('2', 'fake')).toBe(used);
  });

  it.each([
    ['a moment', 1],
    ['a second', 1_000],
    ['a week', 7 * 24 * 3_600_000],
  ])('is found soon also where it may be idle for %s', (_, idle) => {
    const sessions = memorySessions<AnyFake>({ max: 1, idle });
    every.push(sessions);
    // Used at some time between two looks.
    vi.advanceTimersByTime(12_345);
    const session = new Fake('1');
    sessions.add(session);
    vi.advanceTimersByTime(idle - 1);
    expect(session.closings).toHaveLength(0);
    vi.advanceTimersByTime(15_001);
    expect(session.closings).toHaveLength(1);
  });
});

describe('the end', () => {
  it('waits for calls that wait for answers, in all sessions', async () => {
    const [one, two, quiet] = [new Fake('1'), new Fake('2'), new Fake('3')];
    one.busy = true;
    two.busy = true;
    const idle = sessionsOf(one, two, quiet).idle();
    expect(await isSettled(idle)).toBe(false);
    one.answer();
    expect(await isSettled(idle)).toBe(false);
    two.answer();
    await idle;
  });

  it('closes all sessions, tells them why and how long it may take, and waits for them', async () => {
    const [one, two] = [new Fake('1'), new Fake('2', true)];
    const sessions = sessionsOf(one, two);
    sessions.destroy(ENDED);
    const closed = sessions.close(1_234);
    expect(sessions.size).toBe(0);
    expect(await isSettled(closed)).toBe(false);
    two.finish();
    await closed;
    for (const session of [one, two]) expect(session.closings).toEqual([{ limit: 1_234, error: ENDED }]);
  });

  it('waits for sessions that were being closed already, and closes them no second time', async () => {
    const session = new Fake('1', true);
    const sessions = sessionsOf(session);
    sessions.end(session);
    const closed = sessions.close(1_000);
    expect(await isSettled(closed)).toBe(false);
    session.finish();
    await closed;
    expect(session.closings).toHaveLength(1);
  });

  it('looks for idle sessions no more', async () => {
    const sessions = sessionsOf();
    await sessions.close(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
