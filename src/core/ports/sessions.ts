/** The sessions of HTTP mode. */
import type { ProxyError } from '../../errors.ts';
import type { Peeked } from '../ports.ts';

/** A session of a client, as the one who looks after all sessions sees it. */
export interface Served {
  readonly id: string;
  /** What it is: ids of sessions of several kinds look alike. */
  readonly kind: string;
  /** When a request of the client came last, or ended; milliseconds of the clock. */
  readonly lastUsed: number;
  /** Whether the client listens, or waits for an answer. */
  readonly inUse: boolean;
  /** Whether calls of the client wait for answers. */
  readonly busy: boolean;
  /** Resolves when no call does. */
  idle(): Promise<void>;
  /** Ends the session on both sides. Never rejects; settles within `limit` milliseconds. */
  close(limit: number, error?: ProxyError): Promise<void>;
}

/** The members of a union that are of one kind. */
export type OfKind<S extends Served, K extends S['kind']> = Extract<S, { readonly kind: K }>;

/** The sessions of all clients: found by their ids, closed when nobody uses them, never more than allowed. */
export interface Sessions<S extends Served> {
  readonly size: number;
  readonly full: boolean;
  /** An id that nobody can guess. */
  newId(): string;
  add(session: S): void;
  /** As `find`, for a request that need not wait. Never throws. */
  peek<K extends S['kind']>(id: string, kind: K): Peeked<OfKind<S, K>>;
  /** The open session with this id if it is of this kind. Rejects when the sessions cannot be looked through now. */
  find<K extends S['kind']>(id: string, kind: K): Promise<OfKind<S, K> | undefined>;
  /** Closes one session, in the background. */
  end(session: S): void;
  /** Forgets a session that nobody can ever use; it is closed as soon as its opening is through. */
  abandon(session: S): void;
  /** Resolves as soon as no call of any session waits for its answer. */
  idle(): Promise<void>;
  /** Closes all sessions; what waits gets the error. */
  close(limit: number, error: ProxyError): Promise<void>;
}

export interface SessionsOptions {
  readonly max: number;
  /** Milliseconds after which a session is closed that nobody used or listened on. */
  readonly idle: number;
}

export type OpenSessions = <S extends Served>(options: SessionsOptions) => Sessions<S>;
