/**
 * How long a request for all lists waits. The servers that answer must not wait for one that does not, and nobody knows
 * beforehand which one that is. So the request waits until nothing has come for a moment.
 */

/** Milliseconds since the last answer. */
const GRACE = 150;
/** A server that must be started first answers late, and then all of them do at about the same time. */
const START = 1_000;
/** Before any server has answered, and without any list from memory. */
const FIRST = 5_000;
/** The longest wait for a server that has answered before. */
const LONGEST = 3_000;

/** A list that has been asked for. */
export interface Asked {
  /** Settles when it is there, or cannot be had. Never rejects. */
  readonly over: Promise<void>;
  /** Whether a program on this machine must answer. */
  readonly local: boolean;
  /** How long the server took last time, in milliseconds; undefined when it has not answered yet. */
  readonly pace: number | undefined;
}

/** What has happened so far, in milliseconds since the beginning. */
interface WaitProgress {
  /** The last answer of any server; undefined before the first one. */
  readonly any: number | undefined;
  /** The last answer of a program on this machine. */
  readonly local: number | undefined;
}

/** Until when to wait for one list, in milliseconds since the beginning. */
export function waitUntil({ local, pace }: Omit<Asked, 'over'>, progress: WaitProgress): number {
  if (pace !== undefined) return Math.min(LONGEST, GRACE + 4 * pace);
  if (progress.any === undefined) return FIRST;
  if (!local) return progress.any + GRACE;
  return progress.local === undefined ? START : progress.local + GRACE;
}

/** Tells about answers of servers while lists are waited for. */
export class Arrivals {
  readonly #listeners = new Set<(local: boolean) => void>();

  arrived(local: boolean): void {
    for (const listener of this.#listeners) listener(local);
  }

  /**
   * Resolves when every list is there, or enough of them are.
   * @param known whether there is something to answer already
   */
  enough(asked: readonly Asked[], known: boolean): Promise<void> {
    if (asked.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const started = performance.now();
      const open = new Set(asked);
      let progress: WaitProgress = { any: known ? 0 : undefined, local: undefined };
      let timer: ReturnType<typeof setTimeout> | undefined;
      const end = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve();
      };
      const look = (): void => {
        clearTimeout(timer);
        const until = Math.max(...[...open].map((one) => waitUntil(one, progress)));
        const left = until - (performance.now() - started);
        if (open.size === 0 || left <= 0) end();
        else timer = setTimeout(look, left);
      };
      const listener = (local: boolean): void => {
        const now = performance.now() - started;
        progress = { any: now, local: local ? now : progress.local };
        look();
      };
      this.#listeners.add(listener);
      for (const one of asked) {
        one.over.then(() => {
          if (open.delete(one)) look();
        });
      }
      look();
    });
  }
}
