/**
 * How many requests ended in each of the last intervals, how many of them failed, and how long they took. Its size is
 * fixed, and so is the work for one request.
 */

/** Milliseconds of one interval, and the number of intervals that are kept: 15 minutes. */
export const INTERVAL = 10_000;
export const INTERVALS = 90;

/** Durations fall into classes that grow by half a power of two, from a millisecond on: up to 17 minutes. */
const CLASSES = 42;

export interface Interval {
  readonly requests: number;
  readonly failed: number;
  /** Seconds; undefined without requests. Accurate to about a fifth. */
  readonly median: number | undefined;
  readonly slow: number | undefined;
}

interface Slot {
  /** The number of the interval since the epoch of the clock. */
  number: number;
  requests: number;
  failed: number;
  readonly classes: Uint32Array;
}

export class TimeSeries {
  readonly #slots: Slot[] = Array.from({ length: INTERVALS }, () => ({
    number: -1,
    requests: 0,
    failed: 0,
    classes: new Uint32Array(CLASSES),
  }));

  /** @param at milliseconds of any clock, the same one as for `read` */
  add(at: number, seconds: number, failed: boolean): void {
    const number = Math.floor(at / INTERVAL);
    const slot = this.#slots[number % INTERVALS] as Slot;
    if (slot.number !== number) {
      slot.number = number;
      slot.requests = 0;
      slot.failed = 0;
      slot.classes.fill(0);
    }
    slot.requests++;
    if (failed) slot.failed++;
    const at2 = classOf(seconds);
    slot.classes[at2] = (slot.classes[at2] as number) + 1;
  }

  /** All intervals, the oldest one first; the last one is not over yet. */
  read(at: number): Interval[] {
    const last = Math.floor(at / INTERVAL);
    return Array.from({ length: INTERVALS }, (_, i) => {
      const number = last - INTERVALS + 1 + i;
      const slot = this.#slots[((number % INTERVALS) + INTERVALS) % INTERVALS] as Slot;
      return slot.number === number ? intervalOf(slot) : NOTHING;
    });
  }
}

const NOTHING: Interval = { requests: 0, failed: 0, median: undefined, slow: undefined };

function intervalOf({ requests, failed, classes }: Slot): Interval {
  return { requests, failed, median: quantile(classes, requests, 0.5), slow: quantile(classes, requests, 0.95) };
}

function classOf(seconds: number): number {
  const millis = seconds * 1_000;
  return millis <= 1 ? 0 : Math.min(CLASSES - 1, Math.ceil(2 * Math.log2(millis)));
}

/** The middle of the class in which this share of the values is reached, in seconds. */
function quantile(classes: Uint32Array, count: number, share: number): number | undefined {
  if (count === 0) return undefined;
  let seen = 0;
  let at = 0;
  while (at < CLASSES - 1) {
    seen += classes[at] as number;
    if (seen >= share * count) break;
    at++;
  }
  return 2 ** (at / 2 - 0.25) / 1_000;
}
