// How the bridge follows a task: how often it asks, and when it stops.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancellation } from '../../../../../src/core/cancel.ts';
import { Cancelled } from '../../../../../src/core/exchange.ts';
import { ProxyError } from '../../../../../src/errors.ts';
import { followed, pauseAfter } from '../../../../../src/layers/bridge/tasks/follow.ts';
import type { TaskState } from '../../../../../src/mcp/eras/tasks.ts';

const WORKING: TaskState = {
  taskId: 't',
  status: 'working',
  isOver: false,
  interval: 1_000,
  lifetime: 10_000,
  message: undefined,
};
const DONE: TaskState = { ...WORKING, status: 'completed', isOver: true };
const AWAY = new ProxyError('unreachable', 'away');

describe('pauseAfter', () => {
  it.each([
    [5_000, 0, 5_000],
    [5_000, 9, 5_000],
    [0, 0, 100],
    [3_600_000, 0, 30_000],
    [undefined, 0, 1_000],
    [undefined, 2, 2_250],
    [undefined, 1_000, 10_000],
  ])('of the interval %s, at look %i, is %i ms', (interval, looks, expected) => {
    expect(pauseAfter({ ...WORKING, interval }, looks)).toBe(expected);
  });
});

describe('followed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Follows a task through these states; the last one stays. The clock moves as far as necessary. */
  const follow = async (states: readonly (TaskState | Error)[], first = WORKING): Promise<unknown> => {
    const left = [...states];
    const look = async (): Promise<TaskState> => {
      const next = left.length > 1 ? left.shift() : left[0];
      if (next instanceof Error) throw next;
      return next as TaskState;
    };
    const outcome = followed(first, { signal: new Cancellation(), look, seen: () => {} }).catch((error) => error);
    await vi.runAllTimersAsync();
    return outcome;
  };

  it('ends with the task', async () => {
    expect(await follow([WORKING, DONE])).toBe(DONE);
    expect(await follow([], DONE)).toBe(DONE);
  });

  it('goes on when the server is out of reach for a while', async () => {
    expect(await follow([AWAY, AWAY, AWAY, AWAY, AWAY, DONE])).toBe(DONE);
  });

  it('ends when the server stays out of reach, or knows of no such task', async () => {
    expect(await follow([AWAY])).toBe(AWAY);
    const gone = new Error('no such task');
    expect(await follow([gone, DONE])).toBe(gone);
  });

  it.each([10_000, undefined])('ends when a task with the lifetime %s does not', async (lifetime) => {
    const began = Date.now();
    const state = { ...WORKING, lifetime, interval: 30_000 };
    expect(await follow([state], state)).toMatchObject({ code: 'timeout' });
    const whole = lifetime === undefined ? 24 * 3_600_000 : lifetime + 60_000;
    expect(Date.now() - began).toBeGreaterThanOrEqual(whole);
    expect(Date.now() - began).toBeLessThanOrEqual(whole + 60_000);
  });

  it('looks at once when there is a reason', async () => {
    let again = (): void => {};
    const look = vi.fn(async () => DONE);
    const outcome = followed(WORKING, { signal: new Cancellation(), look, seen: (_, now) => (again = now) });
    again();
    expect(await outcome).toBe(DONE);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with the client, whether it waits or asks', async () => {
    const signal = new Cancellation();
    const look = vi.fn(async () => DONE);
    const outcome = followed(WORKING, { signal, look, seen: () => {} }).catch((error) => error);
    signal.abort(new Cancelled());
    expect(await outcome).toBeInstanceOf(Cancelled);
    expect(look).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
