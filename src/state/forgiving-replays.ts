/** What is kept for clients that come back, although the place for it fails now and then. */

import type { KeptEvent, ReplayBuffer, Replays } from '../core/ports/replay.ts';
import { type Log, NOT_YET } from '../core/ports.ts';
import { printable } from '../core/redact.ts';

/**
 * Events that the first place does not take are kept by the second one. When the first one cannot be read, those are
 * all there are, and clients are told of answers that are lost with it. Every failure is logged.
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
  /** Settles when every event so far is kept in one of the places. */
  #kept: Promise<unknown> = Promise.resolve();

  constructor(buffer: ReplayBuffer, spare: ReplayBuffer, tell: (error: unknown) => void) {
    this.#buffer = buffer;
    this.#spare = spare;
    this.#tell = tell;
  }

  keep(stream: number, sequence: number, frame: KeptEvent['frame']): Promise<void> | undefined {
    const keeping = this.#buffer.keep(stream, sequence, frame)?.catch((error: unknown) => {
      this.#tell(error);
      return this.#spare.keep(stream, sequence, frame);
    });
    if (keeping) this.#kept = Promise.all([this.#kept, keeping]);
    return keeping;
  }

  /** Whether something is in the second place is known only when the first one has answered. */
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
