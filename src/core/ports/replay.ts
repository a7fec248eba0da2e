/** What the clients of HTTP mode may have missed. */
import type { Frame } from '../jsonrpc.ts';
import type { NOT_YET } from '../ports.ts';

/** One event of a stream. Within a stream, sequences grow by one, from one on. */
export interface KeptEvent {
  readonly sequence: number;
  readonly frame: Frame;
}

/**
 * What was sent on the event streams of one session, for as long as a client may have missed it (specification
 * 2025-11-25, "Resumability and Redelivery"). The calls of one process take effect in their order. A promise that
 * rejects says that the buffer cannot be used now; where there is nothing to wait for, there is no promise.
 */
export interface ReplayBuffer {
  /** May forget older events of the session for it. */
  keep(stream: number, sequence: number, frame: Frame): Promise<void> | undefined;
  /** As `read`, where the events are at hand. Never throws. */
  peek(stream: number, after: number): readonly KeptEvent[] | typeof NOT_YET;
  /** What is kept of a stream after one of its events, in order. */
  read(stream: number, after: number): Promise<readonly KeptEvent[]>;
  /** Forgets a stream whose reader has all of it. */
  forget(stream: number): Promise<void> | undefined;
  /** Forgets everything: the session is over. */
  clear(): Promise<void> | undefined;
}

/** Makes the buffer of the session with this id. */
export type Replays = (session: string) => ReplayBuffer;
