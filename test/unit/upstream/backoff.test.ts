import { describe, expect, it } from 'vitest';
import { nextAttempt, pause, type StreamEnd } from '../../../src/upstream/backoff.ts';

const SERVED: StreamEnd = { kind: 'served', retry: undefined };
const USELESS: StreamEnd = { kind: 'useless', primed: false };
const PRIMED: StreamEnd = { kind: 'useless', primed: true };
const FAILED: StreamEnd = { kind: 'failed' };
const MINUTE = 60_000;

describe('nextAttempt', () => {
  it.each<[string, StreamEnd, number, number | undefined]>([
    ['a stream that served comes back soon', SERVED, 1, 1_000],
    ['as soon as the server wants', { kind: 'served', retry: 250 }, 1, 250],
    ['but not sooner than in a quarter of a second', { kind: 'served', retry: 0 }, 1, 250],
    ['', { kind: 'served', retry: 249 }, 1, 250],
    ['but not later than in five minutes', { kind: 'served', retry: 3_600_000 }, 1, 5 * MINUTE],
    ['one that gave nothing, three times a minute at most', USELESS, 1, 20_000],
    ['and then more and more seldom', USELESS, 2, 40_000],
    ['', USELESS, 3, 80_000],
    ['one that gave only an event id soon, once', PRIMED, 1, 1_000],
    ['then as seldom', PRIMED, 2, 20_000],
    ['up to five minutes', USELESS, 100, 5 * MINUTE],
    ['whenever the server wants, if it says so', { kind: 'useless', primed: true, retry: 2_500 }, 1, 2_500],
    ['each time', { kind: 'useless', primed: true, retry: 2_500 }, 100, 2_500],
    ['without an event id, too', { kind: 'useless', primed: false, retry: 2_500 }, 2, 2_500],
    ['as soon as it wants, once', { kind: 'useless', primed: true, retry: 0 }, 1, 250],
    ['but not several times a second for ever', { kind: 'useless', primed: true, retry: 0 }, 2, 1_000],
    ['nor ever so late', { kind: 'useless', primed: true, retry: Number.POSITIVE_INFINITY }, 1, 5 * MINUTE],
    ['one that failed not before the server wants', { kind: 'failed', retry: 9_000 }, 1, 9_000],
    ['nor sooner than it would otherwise', { kind: 'failed', retry: 10 }, 3, 4_000],
    ['one that failed after a second', FAILED, 1, 1_000],
    ['then two', FAILED, 2, 2_000],
    ['then four', FAILED, 3, 4_000],
    ['up to five minutes as well', FAILED, 1_000_000, 5 * MINUTE],
    ['one that was refused never', { kind: 'refused' }, 1, undefined],
  ])('%s (%j, %i in a row)', (_, ending, misses, delay) => {
    expect(nextAttempt(ending, misses, 0)).toBe(delay);
  });

  it('spreads attempts, and never hurries them', () => {
    for (const ending of [USELESS, FAILED]) {
      for (let misses = 1; misses < 30; misses++) {
        const earliest = nextAttempt(ending, misses, 0) as number;
        const latest = nextAttempt(ending, misses, 0.999_999) as number;
        expect(latest).toBeGreaterThan(earliest);
        expect(latest).toBeLessThanOrEqual(earliest * 1.25);
      }
    }
  });
});

describe('pause', () => {
  it('ends by itself', async () => {
    await pause(1, new AbortController().signal);
  });

  it('ends at once when it is called off, before or after it began', async () => {
    const abort = new AbortController();
    const waiting = pause(2 ** 30, abort.signal);
    abort.abort();
    await waiting;
    await pause(2 ** 30, abort.signal);
  });
});
