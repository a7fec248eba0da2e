/** Several processes of HTTP mode that serve the same clients behind one load balancer. */
import type { Frame } from '../jsonrpc.ts';
import type { KeptEvent } from './replay.ts';

/** The most characters of a handle. Longer texts are not looked at. */
export const LONGEST_HANDLE = 200;

/** A replica that is running. */
export interface ReplicaPlace {
  readonly id: string;
  /** Where it takes requests of other replicas. */
  readonly address: string;
  readonly port: number;
  /** Whether it is about to end, and takes on nothing new. */
  readonly draining: boolean;
  /** Whether it has only what was sent to it before. */
  readonly left?: boolean;
}

/**
 * The replicas, as one of them sees them. A handle is a text that clients carry, such as the id of a session: it cannot be
 * guessed, and says, sealed, which replica it belongs to.
 */
export interface Replicas {
  /** This replica. */
  readonly id: string;
  newHandle(): string;
  /** The replica that made a handle; undefined for any other text. */
  homeOf(handle: string): string | undefined;
  /** A running replica. What is known stays known while the store is gone; rejects for a replica that is not known then. */
  find(id: string): Promise<ReplicaPlace | undefined>;
  /** Another replica that takes on new work; undefined when there is none. */
  other(): ReplicaPlace | undefined;
  /** The replica at which all requests with this key meet, whichever they arrive at; undefined: this one. */
  rendezvous(key: string): ReplicaPlace | undefined;
  /** How many replicas are known, this one included. */
  readonly count: number;
  /** Calls back, once, when a replica is found to be gone. Returns a function that prevents it. */
  whenGone(id: string, run: () => void): () => void;
}

/** The outcome of an attempt to take over a session. */
export type TakenSession =
  | { readonly kind: 'taken'; readonly record: Buffer }
  /** Another replica has it. */
  | { readonly kind: 'elsewhere'; readonly replica: string }
  /** The session does not exist, or has ended. */
  | { readonly kind: 'none' };

/** An event of one of the streams of a session. */
export interface StreamEvent extends KeptEvent {
  readonly stream: number;
}

/** The events of one session that its client may have missed, for the replica that goes on with the session. */
export interface SessionEvents {
  /** Keeps an event, within limits, while the session is kept for other replicas. */
  append(stream: number, sequence: number, frame: Frame): void;
  /** The events of all replicas that have had the session, in any order. Nothing if the store cannot be used. */
  read(): Promise<readonly StreamEvent[]>;
}

/** What another replica needs to go on with a session when this one has ended. */
export interface SessionRecords {
  /**
   * Replaces the record of a session.
   * @param record returns it as it is now, or undefined when nothing is kept any longer. Called again when the store has
   * lost it, or could not take it.
   */
  keep(id: string, record: () => Buffer | undefined): void;
  /** No other replica can go on with the session any longer; it stays here. */
  drop(id: string): void;
  /** The session has ended. */
  forget(id: string): void;
  /** The events of a session. They end with its record. */
  events(id: string): SessionEvents;
  /** Another replica may go on with the session. Resolves when it can take it over. */
  release(id: string): Promise<void>;
  /** Takes over a session of a replica that has ended: one replica gets it. Rejects when the store cannot be used. */
  take(id: string): Promise<TakenSession>;
}
