/** Events that clients of HTTP mode may have missed. */
import type { Frame } from '../jsonrpc.ts';
import type { NOT_YET } from '../ports.ts';

/** One event of a stream. Within a stream, sequence numbers start at one and grow by one. */
export interface KeptEvent {
  readonly sequence: number;
  readonly frame: Frame;
}

/** An event that waits for its client to connect. It goes to make room only after every event that does not wait. */
export interface WaitingEvent {
  /** Whether the client must still get it. Once false, it stays false. */
  readonly waits: boolean;
  /** Called when the event is forgotten, or was not kept at all. Not called at the end of the session. */
  lost(): void;
}

/**
 * The events sent on the streams of one session, for as long as a client may have missed them
 * (specification 2025-11-25, "Resumability and Redelivery"). The calls of one process take effect
 * in order. A promise that rejects means that the buffer cannot be used now. A call that has
 * nothing to wait for returns no promise.
 */
export interface ReplayBuffer {
  /**
   * May forget other events of the session to make room. An event with the number of one that is kept replaces it.
   * @param waiting left out: the event has been sent, or nobody would miss it
   */
  keep(stream: number, sequence: number, frame: Frame, waiting?: WaitingEvent): Promise<void> | undefined;
  /** As `read`, if the events are at hand. Never throws. */
  peek(stream: number, after: number): readonly KeptEvent[] | typeof NOT_YET;
  /** The kept events of a stream after the given one, in order. */
  read(stream: number, after: number): Promise<readonly KeptEvent[]>;
  /** Forgets a stream whose reader has all of it. */
  forget(stream: number): Promise<void> | undefined;
  /** Forgets everything: the session is over. */
  clear(): Promise<void> | undefined;
}

/** Makes the buffer of the session with this id. */
export type Replays = (session: string) => ReplayBuffer;
