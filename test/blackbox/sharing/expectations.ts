// What was done, and so what everybody must have got: written down while the clients work, judged at the end.
import type { RpcId } from '../../peers/rpc.ts';
import type { Actor } from './actor.ts';

export interface CallRecord {
  readonly actor: Actor;
  readonly id: RpcId;
  readonly nonce: string;
  /** How many reports of progress belong to it. */
  readonly progress: number;
  /** Cancelled by the client: an answer may or may not come, but never two. */
  readonly cancelled: boolean;
  /** The client was gone before it could be answered. */
  abandoned: boolean;
}

/** Whether what the server asks this client is refused before it gets there. */
export type Refuses = (actor: Actor) => boolean;

export class Expectations {
  readonly calls: CallRecord[] = [];
  /** Nonces of calls that ask, and who asked. */
  readonly questions = new Map<string, Actor>();
  /** Who must hear what: by nonce of the call that caused it. */
  readonly updates = new Map<string, ReadonlySet<Actor>>();
  readonly logs = new Map<string, ReadonlySet<Actor>>();
  readonly announcements = new Map<string, ReadonlySet<Actor>>();
  /** Whether announcements that nobody's call has caused are right: a new session may offer other tools. */
  announcedUnasked = false;

  called(record: Omit<CallRecord, 'abandoned'>): CallRecord {
    const kept = { ...record, abandoned: false };
    this.calls.push(kept);
    return kept;
  }
}
