/** The held calls of one process; see `HeldCalls`. */
import type { Held, HeldCalls } from '../../core/ports/held.ts';

/** How long a client may take to come back, in milliseconds. */
export const HOLD = 10 * 60_000;

export interface HeldLimits {
  readonly total: number;
  /** Of one owner. */
  readonly own: number;
}

const LIMITS: HeldLimits = { total: 2_000, own: 1_000 };

/** The time, which tests can move. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once after so many milliseconds; returns a function that prevents it. */
  after(milliseconds: number, run: () => void): () => void;
}

const CLOCK: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

export function memoryHeldCalls<C extends Held>(clock: Clock = CLOCK, limits: HeldLimits = LIMITS): HeldCalls<C> {
  return new MemoryHeldCalls(clock, limits);
}

class MemoryHeldCalls<C extends Held> implements HeldCalls<C> {
  readonly #clock: Clock;
  readonly #limits: HeldLimits;
  readonly #held = new Map<string, { readonly call: C; readonly stop: () => void }>();
  readonly #byOwner = new Map<string, number>();

  constructor(clock: Clock, limits: HeldLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#held.size;
  }

  async hold(call: C): Promise<string | undefined> {
    const own = this.#byOwner.get(call.owner) ?? 0;
    if (this.#held.size >= this.#limits.total || own >= this.#limits.own) return undefined;
    const handle = process.getBuiltinModule('node:crypto').randomBytes(16).toString('base64url');
    const stop = this.#clock.after(HOLD, () => this.#remove(handle)?.expire());
    this.#held.set(handle, { call, stop });
    this.#byOwner.set(call.owner, own + 1);
    return handle;
  }

  async take(handle: string): Promise<C | undefined> {
    return this.#remove(handle);
  }

  forget(handle: string): undefined {
    this.#remove(handle);
  }

  #remove(handle: string): C | undefined {
    const held = this.#held.get(handle);
    if (!held) return undefined;
    const { call, stop } = held;
    stop();
    this.#held.delete(handle);
    const left = (this.#byOwner.get(call.owner) ?? 1) - 1;
    if (left > 0) this.#byOwner.set(call.owner, left);
    else this.#byOwner.delete(call.owner);
    return call;
  }
}
