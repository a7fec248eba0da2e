/** Keeps events for clients that reconnect in this process, and a copy for the replica that goes on when it has ended. */
import type { Frame } from '../core/jsonrpc.ts';
import type { KeptEvent, ReplayBuffer, Replays, WaitingEvent } from '../core/ports/replay.ts';
import type { SessionEvents, SessionRecords } from '../core/ports/replicas.ts';
import { NOT_YET } from '../core/ports.ts';

/** The stream of a session that goes on at other replicas, with the same numbers. */
const STANDALONE = 0;

export function mirroredReplays(replays: Replays, records: Pick<SessionRecords, 'events'>): Replays {
  return (session) => new MirroredReplay(replays(session), records.events(session));
}

class MirroredReplay implements ReplayBuffer {
  readonly #buffer: ReplayBuffer;
  readonly #events: SessionEvents;
  /** The first event of the standalone stream that was kept in this process. */
  #first: number | undefined;
  #cleared = false;

  constructor(buffer: ReplayBuffer, events: SessionEvents) {
    this.#buffer = buffer;
    this.#events = events;
  }

  keep(stream: number, sequence: number, frame: Frame, waiting?: WaitingEvent): Promise<void> | undefined {
    if (stream === STANDALONE) this.#first ??= sequence;
    if (!this.#cleared) this.#events.append(stream, sequence, frame);
    return this.#buffer.keep(stream, sequence, frame, waiting);
  }

  peek(stream: number, after: number): readonly KeptEvent[] | typeof NOT_YET {
    // Another replica has sent what lies between the two.
    const misses = stream === STANDALONE && (this.#first === undefined || after + 1 < this.#first);
    return misses ? NOT_YET : this.#buffer.peek(stream, after);
  }

  /** Also finds the events of other replicas. */
  async read(stream: number, after: number): Promise<readonly KeptEvent[]> {
    const [copies, own] = await Promise.all([this.#events.read(), this.#buffer.read(stream, after)]);
    const found = new Map<number, KeptEvent>();
    for (const event of copies) if (event.stream === stream && event.sequence > after) found.set(event.sequence, event);
    for (const event of own) found.set(event.sequence, event);
    return [...found.values()].sort((one, other) => one.sequence - other.sequence);
  }

  forget(stream: number): Promise<void> | undefined {
    return this.#buffer.forget(stream);
  }

  /** The copies stay for the replica that the session has moved to; they go with the record of the session. */
  clear(): Promise<void> | undefined {
    this.#cleared = true;
    return this.#buffer.clear();
  }
}
