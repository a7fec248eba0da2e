/** Keeps events for clients that reconnect, even if the store for them fails now and then. */

import type { KeptEvent, ReplayBuffer, Replays, WaitingEvent } from '../core/ports/replay.ts';
import { type Log, NOT_YET } from '../core/ports.ts';
import { printable } from '../core/redact.ts';

/**
 * The spare buffers keep the events that the first ones cannot. When the first ones cannot be read, only the spare
 * events remain, and clients are told about the answers that are lost. Every failure is logged.
 */
export function forgivingReplays(replays: Replays, spares: Replays, log: Log): Replays {
  const tell = (error: unknown): void => {
    const reason = printable(error instanceof Error ? error.message : String(error), 300);
    log.warn(`cannot keep events for clients that come back: ${reason}; keeping them in this process`);
  };
  return (session) => new ForgivingReplay(replays(session), spares(session), tell);
}

class ForgivingReplay implements ReplayBuffer {
  readonly #buffer: ReplayBuffer;
  readonly #spare: ReplayBuffer;
  readonly #tell: (error: unknown) => void;
  /** Settles when one of the two buffers has kept every event so far. */
  #kept: Promise<unknown> = Promise.resolve();

  constructor(buffer: ReplayBuffer, spare: ReplayBuffer, tell: (error: unknown) => void) {
    this.#buffer = buffer;
    this.#spare = spare;
    this.#tell = tell;
  }

  keep(stream: number, sequence: number, frame: KeptEvent['frame'], waiting?: WaitingEvent): Promise<void> | undefined {
    const keeping = this.#buffer.keep(stream, sequence, frame, waiting)?.catch((error: unknown) => {
      this.#tell(error);
      return this.#spare.keep(stream, sequence, frame, waiting);
    });
    // Without the values, which would hold on to every event that was ever kept.
    if (keeping) this.#kept = Promise.all([this.#kept, keeping]).then(() => {});
    return keeping;
  }

  /** Only the answer of the first buffer decides whether the spare one is needed. */
  peek(): typeof NOT_YET {
    return NOT_YET;
  }

  async read(stream: number, after: number): Promise<readonly KeptEvent[]> {
    await this.#kept;
    const [kept, spared] = await Promise.all([
      this.#buffer.read(stream, after).catch((error: unknown) => {
        this.#tell(error);
        return [];
      }),
      this.#spare.read(stream, after),
    ]);
    return [...kept, ...spared].sort((one, other) => one.sequence - other.sequence);
  }

  async forget(stream: number): Promise<void> {
    await Promise.all([this.#spare.forget(stream), this.#buffer.forget(stream)?.catch(this.#tell)]);
  }

  async clear(): Promise<void> {
    await Promise.all([this.#spare.clear(), this.#buffer.clear()?.catch(this.#tell)]);
  }
}
