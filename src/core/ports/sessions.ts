/** The sessions of HTTP mode. */
import { EndedByProxy } from '../../errors.ts';
import type { Closable } from '../exchange.ts';
import type { Peeked } from '../ports.ts';

/** A client's session, as the manager of all sessions sees it. */
export interface Served extends Closable {
  readonly id: string;
  /** Kind of the session: ids of different kinds look alike. */
  readonly kind: string;
  /** When the client's last request arrived or ended; milliseconds of the clock. */
  readonly lastUsed: number;
  /** Whether the client is connected: it listens, or waits for an answer. */
  readonly inUse: boolean;
  /** Whether calls of the client wait for answers. */
  readonly busy: boolean;
  /** Resolves when no call waits. */
  idle(): Promise<void>;
  /** Lets the calls in flight finish, and ends the session on both sides. */
  close(limit: number): Promise<void>;
}

/** The answer to calls in flight when their session ends. */
export const SESSION_CLOSED = new EndedByProxy('failed', 'the session was closed before the server answered', {
  outcome: 'unknown',
});

/** The members of a union that are of one kind. */
export type OfKind<S extends Served, K extends S['kind']> = Extract<S, { readonly kind: K }>;

/** The sessions of all clients: found by id, closed when unused, and limited in number. */
export interface Sessions<S extends Served> extends Closable {
  readonly size: number;
  readonly full: boolean;
  /** The open sessions of this process, in the order in which they began. */
  all(): Iterable<S>;
  /** An id that cannot be guessed. */
  newId(): string;
  add(session: S): void;
  /** As `find`, for a request that does not want to wait. Never throws. */
  peek<K extends S['kind']>(id: string, kind: K): Peeked<OfKind<S, K>>;
  /** The open session with this id and kind. Rejects when the sessions cannot be searched now. */
  find<K extends S['kind']>(id: string, kind: K): Promise<OfKind<S, K> | undefined>;
  /** Cuts one session, and ends it at the server in the background. */
  end(session: S): void;
  /** Forgets a session that no client can ever use; closes it once its opening is done. */
  abandon(session: S): void;
  /** Resolves as soon as no call of any session waits for its answer. */
  idle(): Promise<void>;
  /** Closes all sessions. */
  close(limit: number): Promise<void>;
}

export interface SessionsOptions {
  readonly max: number;
  /** Milliseconds after which a session is closed whose client is not connected and sends nothing. */
  readonly idle: number;
  /** Makes the ids of sessions; left out: random ones. */
  readonly newId?: (() => string) | undefined;
  /** Called with the id of a session that has ended before the proxy does. */
  readonly ended?: ((id: string) => void) | undefined;
}

export type OpenSessions = <S extends Served>(options: SessionsOptions) => Sessions<S>;
