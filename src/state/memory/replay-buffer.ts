/**
 * Keeps the messages that the proxy sent on the event streams of one session, for as long as a client may have missed
 * them (specification 2025-11-25, "Resumability and Redelivery"). The size is bounded: the oldest events go first, and
 * those that wait for the client to connect go last.
 */
import type { Frame } from '../../core/jsonrpc.ts';
import type { KeptEvent, ReplayBuffer, Replays, WaitingEvent } from '../../core/ports/replay.ts';

const MAX_EVENTS = 256;
const MAX_BYTES = 1_048_576;
/** A last event up to this many bytes stays, however much all sessions keep. */
const SMALL = 16_384;

interface KeptFrame extends KeptEvent {
  readonly stream: number;
  readonly size: number;
  readonly waiting: WaitingEvent | undefined;
}

/** Bytes that all sessions may keep together. Beyond that, each session keeps only its last event, if that is small. */
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

  keep(stream: number, sequence: number, frame: Frame, waiting?: WaitingEvent): undefined {
    const size = frame.reduce((sum, part) => sum + part.length, 0);
    if (size > MAX_BYTES) {
      waiting?.lost();
      return undefined;
    }
    const kept = { stream, sequence, frame, size, waiting };
    // Only an event that waits is replaced.
    const at = waiting ? this.#kept.findLastIndex((one) => one.stream === stream && one.sequence === sequence) : -1;
    const [former] = at === -1 ? [] : this.#kept.splice(at, 1, kept);
    if (!former) this.#kept.push(kept);
    this.#count(size - (former?.size ?? 0));
    this.#makeRoom();
    return undefined;
  }

  /** Forgets events until the rest is not too much. The last one stays if it is small. */
  #makeRoom(): void {
    const gone: KeptFrame[] = [];
    while ((this.#kept.length > 1 || this.#bytes > SMALL) && this.#isTooMuch()) {
      const last = this.#kept.length - 1;
      const oldest = this.#kept.findIndex(({ waiting }, i) => i < last && !waiting?.waits);
      for (const one of this.#kept.splice(Math.max(0, oldest), 1)) {
        this.#count(-one.size);
        gone.push(one);
      }
    }
    for (const { waiting } of gone) waiting?.lost();
  }

  #isTooMuch(): boolean {
    return this.#kept.length > MAX_EVENTS || this.#bytes > MAX_BYTES || this.#budget.used > this.#budget.max;
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
    const gone = this.#kept.filter((event) => event.stream === stream);
    this.#kept = kept;
    this.#count(kept.reduce((sum, { size }) => sum + size, 0) - this.#bytes);
    for (const { waiting } of gone) waiting?.lost();
    return undefined;
  }

  clear(): undefined {
    this.#kept = [];
    this.#count(-this.#bytes);
    return undefined;
  }
}
