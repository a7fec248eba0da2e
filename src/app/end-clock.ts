/** How much time there is for each step of an end. */
import type { Ending } from './end-reason.ts';

/** Milliseconds for each step of an end. */
interface Patience {
  /** For answers to requests that reached the server, and for a slow reader to take them. */
  readonly drain: number;
  /** For answers while the connection is still being made. */
  readonly connect: number;
  /** For telling the server. */
  readonly close: number;
  /** For all steps together. */
  readonly whole: number;
}

const PATIENCE: Record<Ending, Patience> = {
  'client-gone': { drain: 5_000, connect: 1_500, close: 1_500, whole: 7_500 },
  signal: { drain: 1_300, connect: 1_250, close: 500, whole: 1_800 },
  crash: { drain: 300, connect: 0, close: 300, whole: 900 },
};

type Step = Exclude<keyof Patience, 'whole'>;

/** The time that is left for each step of an end. A more urgent reason to end may only shorten it. */
export class EndClock {
  #until = { drain: Number.POSITIVE_INFINITY, connect: Number.POSITIVE_INFINITY, whole: Number.POSITIVE_INFINITY };
  #close = Number.POSITIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  hurry(ending: Ending): void {
    const patience = PATIENCE[ending];
    const now = Date.now();
    this.#until = {
      drain: Math.min(this.#until.drain, now + patience.drain),
      connect: Math.min(this.#until.connect, now + patience.connect),
      whole: Math.min(this.#until.whole, now + patience.whole),
    };
    this.#close = Math.min(this.#close, patience.close);
    for (const again of this.#waiting) again();
  }

  /** Milliseconds left for a step that begins now. */
  left(step: Step): number {
    const whole = Math.max(0, this.#until.whole - Date.now());
    return step === 'close' ? Math.min(this.#close, whole) : Math.max(0, this.#until[step] - Date.now());
  }

  /** Waits for a promise, but no longer than the step may take. */
  wait(step: Step, promise: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(again);
        resolve();
      };
      const again = (): void => {
        clearTimeout(timer);
        timer = setTimeout(done, this.left(step));
      };
      this.#waiting.add(again);
      again();
      promise.then(done, done);
    });
  }
}
