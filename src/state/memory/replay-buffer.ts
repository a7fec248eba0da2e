/**
 * Keeps the messages that the proxy sent on the event streams of one session, for as long as a client may have missed
 * them (specification 2025-11-25, "Resumability and Redelivery"). The size is bounded: the oldest events go first.
 */
import type { Frame } from '../../core/jsonrpc.ts';
import type { KeptEvent, ReplayBuffer, Replays } from '../../core/ports/replay.ts';

const MAX_EVENTS = 256;
const MAX_BYTES = 1_048_576;

interface KeptFrame extends KeptEvent {
  readonly stream: number;
  readonly size: number;
}

/** Bytes that all sessions may keep together. Beyond that, each session keeps only its last event. */
export class ReplayBudget {
  readonly max: number;
  used = 0;

  constructor(max = 256 * 1_048_576) {
    this.max = max;
  }
}

export function memoryReplays(): Replays {
  const budget = new ReplayBudget();
  return () => new MemoryReplay(budget);
}

export class MemoryReplay implements ReplayBuffer {
  readonly #budget: ReplayBudget;
  #kept: KeptFrame[] = [];
  #bytes = 0;

  constructor(budget: ReplayBudget) {
    this.#budget = budget;
  }

  keep(stream: number, sequence: number, frame: Frame): undefined {
    const size = frame.reduce((sum, part) => sum + part.length, 0);
    if (size > MAX_BYTES) return undefined;
    this.#kept.push({ stream, sequence, frame, size });
    this.#count(size);
    let surplus = 0;
    while (this.#kept.length - surplus > 1 && this.#isTooMuch(this.#kept.length - surplus)) {
      this.#count(-(this.#kept[surplus++] as KeptFrame).size);
    }
    if (surplus > 0) this.#kept = this.#kept.slice(surplus);
    return undefined;
  }

  #isTooMuch(events: number): boolean {
    return events > MAX_EVENTS || this.#bytes > MAX_BYTES || this.#budget.used > this.#budget.max;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.used += bytes;
  }

  peek(stream: number, after: number): readonly KeptEvent[] {
    return this.#kept.filter((kept) => kept.stream === stream && kept.sequence > after);
  }

  async read(stream: number, after: number): Promise<readonly KeptEvent[]> {
    return this.peek(stream, after);
  }

  forget(stream: number): undefined {
    const kept = this.#kept.filter((event) => event.stream !== stream);
    if (kept.length === this.#kept.length) return undefined;
    this.#kept = kept;
    this.#count(kept.reduce((sum, { size }) => sum + size, 0) - this.#bytes);
    return undefined;
  }

  clear(): undefined {
    this.#kept = [];
    this.#count(-this.#bytes);
    return undefined;
  }
}
