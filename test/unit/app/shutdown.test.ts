// The limits of a shutdown, on a clock of its own.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Shutdown, type ShutdownReason, type ShutdownStep } from '../../../src/app/shutdown.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const never = (): Promise<void> => new Promise(() => {});

/** A step that never ends; `left` is the time it was given. */
function endless(limit: ShutdownStep['limit']): ShutdownStep & { left: number | undefined } {
  const step = {
    name: 'endless',
    limit,
    left: undefined as number | undefined,
    run(left: number) {
      step.left = left;
      return never();
    },
  };
  return step;
}

/** The end of a shutdown, in milliseconds from its beginning. */
function overAfter(shutdown: Shutdown, reason: ShutdownReason): { at: number } {
  const begun = Date.now();
  const over = { at: Number.POSITIVE_INFINITY };
  shutdown.begin(reason).then(() => {
    over.at = Date.now() - begun;
  });
  return over;
}

describe('the limits', () => {
  it('are those of the reason, whatever happens to the clock of the machine meanwhile', async () => {
    const step = endless('drain');
    const shutdown = new Shutdown([
      { name: 'first', limit: 'drain', run: () => vi.setSystemTime(Date.now() + 3_600_000) },
      step,
    ]);
    shutdown.begin('signal');
    await vi.advanceTimersByTimeAsync(0);
    expect(step.left).toBeGreaterThan(0);
  });
});

describe('the steps', () => {
  it('run once, one after the other, those of an inner list together', async () => {
    const order: string[] = [];
    const step = (name: string): ShutdownStep => ({
      name,
      limit: 'drain',
      run: async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
      },
    });
    const shutdown = new Shutdown([
      step('a'),
      [step('b'), step('c')],
      { ...step('d'), needed: () => false },
      step('e'),
    ]);
    const first = shutdown.begin('client-gone');
    expect(shutdown.begin('signal')).toBe(first);
    await first;
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'c begins', 'b ends', 'c ends', 'e begins', 'e ends']);
  });

  it('go on when one of them fails', async () => {
    const ran: string[] = [];
    const failing = (run: () => unknown): ShutdownStep => ({ name: 'failing', limit: 'close', run });
    const last: ShutdownStep = { name: 'last', limit: 'cut', run: () => ran.push('last') };
    const throws = failing(() => {
      throw new Error('thrown');
    });
    await new Shutdown([throws, failing(() => Promise.reject(new Error('rejected'))), last]).begin('crash');
    expect(ran).toEqual(['last']);
  });
});

describe('a signal', () => {
  it.each(['drain', 'connect'] as const)('leaves calls at least 1.2 s: %s', (limit) => {
    const step = endless(limit);
    new Shutdown([step]).begin('signal');
    expect(step.left).toBeGreaterThanOrEqual(1_200);
  });

  it('is over within 2 s, however many steps take all of their time', async () => {
    const limits = ['connect', 'close', 'drain', 'close', 'cut'] as const;
    const over = overAfter(new Shutdown(limits.map(endless)), 'signal');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(over.at).toBeLessThan(2_000);
  });

  it('shortens a shutdown that is under way', async () => {
    const step = endless('drain');
    const shutdown = new Shutdown([step]);
    const over = overAfter(shutdown, 'client-gone');
    expect(step.left).toBe(5_000);
    await vi.advanceTimersByTimeAsync(100);
    shutdown.begin('signal');
    await vi.advanceTimersByTimeAsync(1_900);
    expect(over.at).toBeLessThan(2_000);
  });
});

it('a client that is gone gives everything 8 s', async () => {
  const limits = ['connect', 'close', 'drain', 'close', 'drain', 'cut'] as const;
  const over = overAfter(new Shutdown(limits.map(endless)), 'client-gone');
  await vi.advanceTimersByTimeAsync(20_000);
  expect(over.at).toBeLessThan(8_000);
});

describe('a parent that is gone, which may have gone unnoticed for a second', () => {
  const UNNOTICED = 1_000;

  it('gives everything 8 s', async () => {
    const limits = ['connect', 'close', 'drain', 'close', 'drain', 'cut'] as const;
    const over = overAfter(new Shutdown(limits.map(endless)), 'parent-gone');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(UNNOTICED + over.at).toBeLessThan(8_000);
  });

  it('gives 2 s to whatever holds the end up, while nothing is in flight', async () => {
    const over = overAfter(new Shutdown([endless('close'), endless('cut')]), 'parent-gone');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(UNNOTICED + over.at).toBeLessThan(2_000);
  });

  it('gives a connection that does not come about so little time that 0.4 s are left to end a local server', () => {
    const step = endless('connect');
    new Shutdown([step]).begin('parent-gone');
    expect(UNNOTICED + (step.left ?? 0)).toBeLessThanOrEqual(1_500);
  });
});
