// The times of an end, on a clock of its own.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EndClock } from '../../../src/app/end-clock.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const never = (): Promise<void> => new Promise(() => {});

describe('a signal', () => {
  test.each(['drain', 'connect'] as const)('leaves calls at least 1.2 s: %s', (step) => {
    const clock = new EndClock();
    clock.hurry('signal');
    expect(clock.left(step)).toBeGreaterThanOrEqual(1_200);
  });

  test('is over within 2 s, however many steps take all of their time', async () => {
    const clock = new EndClock();
    clock.hurry('signal');
    const begun = Date.now();
    let over = Number.POSITIVE_INFINITY;
    const steps = (async () => {
      for (const step of ['connect', 'close', 'drain', 'close'] as const) await clock.wait(step, never());
      over = Date.now();
    })();
    await vi.advanceTimersByTimeAsync(10_000);
    await steps;
    expect(over - begun).toBeLessThan(1_900);
  });

  test('shortens an end that is under way', async () => {
    const clock = new EndClock();
    clock.hurry('client-gone');
    expect(clock.left('drain')).toBe(5_000);
    clock.hurry('signal');
    expect(clock.left('drain')).toBeLessThan(2_000);
  });
});
