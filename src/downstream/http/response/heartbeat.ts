/**
 * One slow clock for everything that is open: comments on silent streams, streams for slow calls,
 * an end for readers that do not read. A timer for each would cost more than the call it is for.
 */

import { Entry, Roll } from '../../../core/open.ts';

/** How often everything open is looked at, in milliseconds. */
const EVERY = 5_000;

export abstract class Beating extends Entry {
  abstract beat(now: number): void;
}

export class Pulse {
  readonly #open = new Roll<Beating>();
  readonly #timer: NodeJS.Timeout;
  /** Event streams that are open. */
  streams = 0;

  constructor(every = EVERY) {
    this.#timer = setInterval(() => {
      const now = Date.now();
      for (const beating of this.#open) beating.beat(now);
    }, every);
    this.#timer.unref();
  }

  add(beating: Beating): void {
    this.#open.add(beating);
  }

  delete(beating: Beating): void {
    this.#open.delete(beating);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
