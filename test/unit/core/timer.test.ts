import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancellation, type CancelSignal } from '../../../src/core/cancel.ts';
import { drained, QuietPeriod, SleepWatch, withLimit } from '../../../src/core/timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Work that runs until its signal ends it. */
function untilAborted(signal: CancelSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** A parent signal that counts its listeners. */
function counted(): { parent: Cancellation; listeners: () => number } {
  const parent = new Cancellation();
  let count = 0;
  const add = parent.addEventListener.bind(parent);
  const remove = parent.removeEventListener.bind(parent);
  parent.addEventListener = (...args) => {
    count++;
    add(...args);
  };
  parent.removeEventListener = (...args) => {
    count--;
    remove(...args);
  };
  return { parent, listeners: () => count };
}

describe('work with a limit', () => {
  it('that is done in time is what it returns', async () => {
    let seen: CancelSignal | undefined;
    const work = async (signal: CancelSignal): Promise<string> => {
      seen = signal;
      return 'done';
    };
    expect(await withLimit(1_000, new Cancellation(), work)).toBe('done');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen?.aborted).toBe(false);
  });

  it('that fails fails with its own error', async () => {
    const error = new Error('own');
    await expect(withLimit(1_000, new Cancellation(), () => Promise.reject(error))).rejects.toBe(error);
    await expect(
      withLimit(1_000, new Cancellation(), () => {
        throw error;
      }),
    ).rejects.toBe(error);
  });

  it('is aborted at the limit and not before, with a reason that says which', async () => {
    let seen: CancelSignal | undefined;
    const outcome = withLimit(2_000, new Cancellation(), (signal) => {
      seen = signal;
      return untilAborted(signal);
    }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(seen?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const error = await outcome;
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringMatching(/\b2 s\b/) });
    expect(error).toMatchObject({ data: { outcome: 'unknown' } });
  });

  it('is aborted together with its parent, for the reason of the parent', async () => {
    const parent = new Cancellation();
    const outcome = withLimit(1_000, parent, untilAborted).catch((error: unknown) => error);
    const reason = new Error('closing');
    parent.abort(reason);
    expect(await outcome).toBe(reason);
  });

  it('begins aborted where its parent was before', async () => {
    const parent = new Cancellation();
    const reason = new Error('closed');
    parent.abort(reason);
    await expect(withLimit(1_000, parent, untilAborted)).rejects.toBe(reason);
  });

  it('does not abort its parent', async () => {
    const parent = new Cancellation();
    const outcome = withLimit(10, parent, untilAborted).catch(() => 'limited');
    await vi.advanceTimersByTimeAsync(10);
    expect([await outcome, parent.aborted]).toEqual(['limited', false]);
  });

  it('takes the signals of Node for parents, too', async () => {
    const parent = new AbortController();
    const outcome = withLimit(1_000, parent.signal, untilAborted).catch((error: unknown) => error);
    parent.abort('by node');
    expect(await outcome).toBe('by node');
  });
});

describe('nothing is left behind', () => {
  const ENDINGS: [string, (signal: CancelSignal) => Promise<unknown>, 'limit' | undefined][] = [
    ['after success', async () => 'done', undefined],
    ['after a failure', () => Promise.reject(new Error('own')), undefined],
    ['after the limit', untilAborted, 'limit'],
  ];
  it.each(ENDINGS)('on the parent, and no timer, %s', async (_, work, ending) => {
    const { parent, listeners } = counted();
    for (let i = 0; i < 3; i++) {
      const outcome = withLimit(1_000, parent, work).catch(() => {});
      expect([listeners(), vi.getTimerCount()]).toEqual([1, 1]);
      if (ending === 'limit') await vi.advanceTimersByTimeAsync(1_000);
      await outcome;
      expect([listeners(), vi.getTimerCount()]).toEqual([0, 0]);
    }
  });
});

describe('the time that calls get to finish', () => {
  it('is half of the limit, whatever happens to the clock of the machine meanwhile', async () => {
    const never = new Promise<void>(() => {});
    const left = drained(never, 1_000);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(500);
    expect(await left).toBe(500);
  });
});

describe('the watch over the sleep of the machine', () => {
  it('sees each sleep once, whether its timer or a caller looks first', async () => {
    const woken = vi.fn();
    const watch = new SleepWatch(woken);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(woken).toHaveBeenCalledTimes(0);
    vi.setSystemTime(Date.now() + 60_000);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(woken).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + 60_000);
    watch.look();
    watch.look();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(woken).toHaveBeenCalledTimes(2);
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes neither a busy processor nor a clock that is set back for a sleep', async () => {
    const woken = vi.fn();
    const watch = new SleepWatch(woken);
    vi.setSystemTime(Date.now() + 30_000);
    await vi.advanceTimersByTimeAsync(15_000);
    vi.setSystemTime(Date.now() - 3_600_000);
    watch.look();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(woken).not.toHaveBeenCalled();
    watch.stop();
  });
});

describe('a quiet period', () => {
  it('has an end, and can be ended before', () => {
    const quiet = new QuietPeriod();
    expect(quiet.left).toBe(0);
    quiet.begin(1_000);
    vi.setSystemTime(Date.now() + 400);
    expect(quiet.left).toBe(600);
    vi.setSystemTime(Date.now() + 600);
    expect(quiet.left).toBe(0);
    quiet.begin(1_000);
    quiet.end();
    expect(quiet.left).toBe(0);
  });

  it('is over for good when the clock is set back, because its length is then unknown', () => {
    const quiet = new QuietPeriod();
    quiet.begin(1_000);
    const began = Date.now();
    vi.setSystemTime(began - 3_600_000);
    expect(quiet.left).toBe(0);
    vi.setSystemTime(began + 100);
    expect(quiet.left).toBe(0);
  });
});
