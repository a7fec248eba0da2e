/** Time limits. */

import { ProxyError } from '../errors.ts';
import { Cancellation, type CancelSignal } from './cancel.ts';

/**
 * Runs `work` with a signal that aborts together with `parent` or `other`, or after `ms`
 * milliseconds. Unlike `AbortSignal.any`, it leaves nothing behind on a long-lived parent.
 */
export async function withLimit<T>(
  ms: number,
  parent: CancelSignal,
  work: (signal: CancelSignal) => Promise<T>,
  other?: CancelSignal,
): Promise<T> {
  const abort = new Cancellation();
  const onAbort = (): void => abort.abort(parent.reason);
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort, { once: true });
  const onOther = (): void => abort.abort(other?.reason);
  if (other?.aborted) onOther();
  else other?.addEventListener('abort', onOther, { once: true });
  const late = new ProxyError('timeout', `no answer in ${Math.round(ms / 1000)} s`, { outcome: 'unknown' });
  const timer = setTimeout(() => abort.abort(late), ms);
  try {
    return await work(abort.signal);
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', onAbort);
    other?.removeEventListener('abort', onOther);
  }
}

/** Waits for a promise that never rejects, for `ms` milliseconds at most. */
export function atMost(ms: number, promise: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Gives calls half of `limit` milliseconds to finish. Resolves with what is left of the limit. */
export async function drained(idle: Promise<void>, limit: number): Promise<number> {
  const until = performance.now() + limit;
  await atMost(limit / 2, idle);
  return Math.max(0, until - performance.now());
}

/** Resolves after the given milliseconds, or at once when the signal is aborted. */
export function pause(ms: number, signal: CancelSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** How often to look at the clock, in milliseconds. */
const LOOK_EVERY = 15_000;
/** No process waits this long for the processor; in milliseconds. */
const SLEPT = 60_000;

/**
 * Notices that the machine slept, or that the program was suspended. Meanwhile, a connection may have died without a sign
 * of it: the other end gave it up, or a router on the way forgot it.
 */
export class SleepWatch {
  readonly #woken: () => void;
  readonly #timer = setInterval(() => this.look(), LOOK_EVERY).unref();
  #looked = Date.now();

  constructor(woken: () => void) {
    this.#woken = woken;
  }

  /** Call it also before you rely on a connection: after a sleep, timers may be late. */
  look(): void {
    const now = Date.now();
    const passed = now - this.#looked;
    this.#looked = now;
    if (passed >= SLEPT) this.#woken();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/**
 * A time in which something is left alone. The sleep of the machine counts as time that has passed. A clock that is set
 * back to before its beginning ends it: it could last for hours otherwise.
 */
export class QuietPeriod {
  #since = 0;
  #length = 0;

  /** @param ms milliseconds from now */
  begin(ms: number): void {
    this.#since = Date.now();
    this.#length = ms;
  }

  end(): void {
    this.#length = 0;
  }

  /** Milliseconds until it is over; 0 when it is. */
  get left(): number {
    const passed = Date.now() - this.#since;
    if (passed < 0) this.end();
    return this.#length === 0 ? 0 : Math.max(0, this.#length - passed);
  }
}
