/** Ends a proxy: a list of steps, each with a limit, run once from top to bottom. */

/** Why a proxy ends, which decides how much time it has. */
export type ShutdownReason = 'client-gone' | 'parent-gone' | 'signal' | 'crash';

/** Milliseconds. */
interface ShutdownLimits {
  /** For answers to requests that reached the server, and for a slow client to read them. */
  readonly drain: number;
  /** For answers to requests that still wait for the connection. */
  readonly connect: number;
  /** For messages that tell the server about the end. */
  readonly close: number;
  /** For cutting the remaining connections. This time is in addition to `whole`. */
  readonly cut: number;
  /** For all steps together. */
  readonly whole: number;
}

const LIMITS: Record<ShutdownReason, ShutdownLimits> = {
  'client-gone': { drain: 5_000, connect: 1_500, close: 1_500, cut: 200, whole: 7_500 },
  // The program notices it up to a second late.
  'parent-gone': { drain: 4_000, connect: 500, close: 800, cut: 100, whole: 6_500 },
  signal: { drain: 1_300, connect: 1_250, close: 500, cut: 100, whole: 1_800 },
  crash: { drain: 300, connect: 0, close: 300, cut: 100, whole: 900 },
};

type Limit = Exclude<keyof ShutdownLimits, 'whole'>;

export interface ShutdownStep {
  /** What the step does, for readers of the list. */
  readonly name: string;
  /** How long to wait for it: drain and connect count from the beginning, close and cut from the step. */
  readonly limit: Limit;
  /** The step is skipped if this returns false when its turn comes. */
  readonly needed?: () => boolean;
  /** @param left milliseconds it has */
  run(left: number): unknown;
}

/** Steps of an inner list run together. */
export type Steps = readonly (ShutdownStep | readonly ShutdownStep[])[];

export class Shutdown {
  readonly #steps: Steps;
  #until = { drain: Number.POSITIVE_INFINITY, connect: Number.POSITIVE_INFINITY, whole: Number.POSITIVE_INFINITY };
  #each = { close: Number.POSITIVE_INFINITY, cut: Number.POSITIVE_INFINITY };
  readonly #waiting = new Set<() => void>();
  #running: Promise<void> | undefined;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  get begun(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Runs the steps. Another call does not start them again, but a more urgent reason shortens the remaining time. Never
   * rejects.
   */
  begin(reason: ShutdownReason): Promise<void> {
    this.#hurry(LIMITS[reason]);
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    for (const step of this.#steps) {
      await Promise.all(('run' in step ? [step] : step).map((one) => this.#take(one)));
    }
  }

  /** Runs one step, and waits no longer than its limit. */
  async #take({ limit, needed, run }: ShutdownStep): Promise<void> {
    let result: unknown;
    try {
      if (needed?.() === false) return;
      result = run(this.#left(limit));
    } catch {
      // A step that fails must not keep the others from running.
      return;
    }
    if (result instanceof Promise) await this.#wait(limit, result);
  }

  #hurry(limits: ShutdownLimits): void {
    const now = performance.now();
    this.#until = {
      drain: Math.min(this.#until.drain, now + limits.drain),
      connect: Math.min(this.#until.connect, now + limits.connect),
      whole: Math.min(this.#until.whole, now + limits.whole),
    };
    this.#each = { close: Math.min(this.#each.close, limits.close), cut: Math.min(this.#each.cut, limits.cut) };
    for (const again of this.#waiting) again();
  }

  /** Milliseconds left for a step that begins now. */
  #left(limit: Limit): number {
    if (limit === 'cut') return this.#each.cut;
    const whole = Math.max(0, this.#until.whole - performance.now());
    return limit === 'close' ? Math.min(this.#each.close, whole) : Math.max(0, this.#until[limit] - performance.now());
  }

  #wait(limit: Limit, promise: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(again);
        resolve();
      };
      const again = (): void => {
        clearTimeout(timer);
        timer = setTimeout(done, this.#left(limit));
      };
      this.#waiting.add(again);
      again();
      promise.then(done, done);
    });
  }
}
