/** Follows a task to its end, for a client that waits for the result of its call. */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { printable } from '../../../core/redact.ts';
import { pause } from '../../../core/timer.ts';
import { ProxyError } from '../../../errors.ts';
import type { TaskState } from '../../../mcp/eras/tasks.ts';

/** Limits of the pause between two looks at a task, in milliseconds. Clients give up after a minute of silence. */
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;
/** The first pause when the server suggests none; each one after it is longer. */
const FIRST_PAUSE = 1_000;
const GROWTH = 1.5;
const LONGEST_OWN_PAUSE = 10_000;
/** A server may discard a task when its lifetime is over; this long after that, it is lost. In milliseconds. */
const GRACE = 60_000;
/** For a task without a limit. */
const LONGEST_LIFE = 24 * 60 * 60_000;
/** How often in a row the server may be out of reach. */
const MAX_FAILURES = 5;

export interface Followed {
  readonly signal: CancelSignal;
  /** Asks the server for the state of the task. Rejects when there is no such task any more. */
  look(): Promise<TaskState>;
  /** Called with each state, the first one too. May call `again` when there is a reason to look at once. */
  seen(state: TaskState, again: () => void): void;
}

/**
 * Resolves with the last state of the task. Rejects when the client cancels, when the task outlives its lifetime, and
 * when the server cannot be asked any more.
 */
export async function followed(first: TaskState, { signal, look, seen }: Followed): Promise<TaskState> {
  const began = Date.now();
  let state = first;
  let failures = 0;
  for (let looks = 0; ; looks++) {
    if (signal.aborted) throw signal.reason;
    const early = new Cancellation();
    seen(state, () => early.abort());
    if (state.isOver) return state;
    const end = began + Math.min(state.lifetime === undefined ? LONGEST_LIFE : state.lifetime + GRACE, LONGEST_LIFE);
    if (Date.now() > end) throw overdue(state);
    await paused(pauseAfter(state, looks), signal, early);
    if (signal.aborted) throw signal.reason;
    try {
      state = await look();
      failures = 0;
    } catch (error) {
      if (signal.aborted || !isPassing(error) || ++failures > MAX_FAILURES) throw error;
    }
  }
}

/** Milliseconds until the next look. */
export function pauseAfter({ interval }: TaskState, looks: number): number {
  if (interval === undefined) return Math.min(LONGEST_OWN_PAUSE, FIRST_PAUSE * GROWTH ** Math.min(looks, 10));
  return Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, interval));
}

async function paused(ms: number, signal: CancelSignal, early: Cancellation): Promise<void> {
  const onAbort = (): void => early.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  await pause(ms, early);
  signal.removeEventListener('abort', onAbort);
}

/** Whether the server may be there again later: a task need not end with a connection. */
function isPassing(error: unknown): boolean {
  return error instanceof ProxyError && ['unreachable', 'timeout', 'failed'].includes(error.code);
}

function overdue({ taskId, status }: TaskState): ProxyError {
  const [id, state] = [printable(taskId, 80), printable(status, 40)].map((text) => JSON.stringify(text));
  const message = `the server's task ${id} is still ${state} after its time to live`;
  return new ProxyError('timeout', message, {
    outcome: 'unknown',
    hint: 'the server may still be at work: check that before you try again',
  });
}
