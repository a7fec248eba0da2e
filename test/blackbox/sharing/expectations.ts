// What the clients have done, and so what each must have got: written down while they work, judged at the end.
import type { RpcId } from '../../peers/rpc.ts';
import type { Actor } from './actor.ts';

export interface CallRecord {
  readonly actor: Actor;
  readonly id: RpcId;
  readonly nonce: string;
  /** The number of progress notifications that belong to the call. */
  readonly progress: number;
  /** Cancelled by the client: an answer may or may not come, but never two. */
  readonly cancelled: boolean;
  /** The server asks during the call: a bridge may give signs of life of its own meanwhile. */
  readonly asks: boolean;
  /** The client had left before it could be answered. */
  abandoned: boolean;
}

/** Whether the questions of the server to this client are refused before they get there. */
export type Refuses = (actor: Actor) => boolean;

export class Expectations {
  readonly calls: CallRecord[] = [];
  /** Nonces of calls that ask, with the client that made them. */
  readonly questions = new Map<string, Actor>();
  /** The clients that must get a message, by the nonce of the call that caused it. */
  readonly updates = new Map<string, ReadonlySet<Actor>>();
  readonly logs = new Map<string, ReadonlySet<Actor>>();
  readonly announcements = new Map<string, ReadonlySet<Actor>>();
  /**
   * Whether announcements and updates without a causing call are right: a new session may offer other tools, and
   * resources may have changed before it was there.
   */
  announcedUnasked = false;

  called(record: Omit<CallRecord, 'abandoned'>): CallRecord {
    const kept = { ...record, abandoned: false };
    this.calls.push(kept);
    return kept;
  }
}
