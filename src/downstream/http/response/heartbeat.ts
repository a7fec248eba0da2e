/**
 * One slow timer for everything that is open: it sends comments on silent streams, begins streams for slow calls, and
 * drops readers that do not read. A timer for each call would cost more than the call.
 */

import { LinkedList, ListNode } from '../../../core/lists/linked-list.ts';
import { Budget } from '../body-budget.ts';
import { UNREAD } from './unread.ts';

/** Milliseconds between two looks at everything open. */
const EVERY = 5_000;

export abstract class HeartbeatTarget extends ListNode {
  abstract beat(now: number): void;
}

export class Heartbeats {
  readonly #open = new LinkedList<HeartbeatTarget>();
  readonly #timer: NodeJS.Timeout;
  /** The number of open event streams. */
  streams = 0;
  /** What waits for clients to read it. */
  readonly unread = new Budget(UNREAD);

  constructor(every = EVERY) {
    this.#timer = setInterval(() => {
      const now = Date.now();
      for (const beating of this.#open) beating.beat(now);
    }, every);
    this.#timer.unref();
  }

  add(beating: HeartbeatTarget): void {
    this.#open.add(beating);
  }

  delete(beating: HeartbeatTarget): void {
    this.#open.delete(beating);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
