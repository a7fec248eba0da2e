/** The sessions of all clients: found by their ids, closed when nobody uses them, never more than allowed. */
import { ProxyError } from '../../../errors.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Refusal } from '../refusal.ts';

/** Milliseconds that an upstream may take over the end of one session. */
const CLOSE_LIMIT = 5_000;

/** More calls than this in one session are refused until some are answered. */
export const MAX_OPEN_CALLS = 1_000;

export const TOO_MANY_CALLS: Refusal = {
  status: 429,
  reply: replyFrom(
    new ProxyError('limit', `more than ${MAX_OPEN_CALLS} calls of this session are waiting for answers`),
  ),
  headers: { 'retry-after': '1' },
};

export interface Served {
  readonly id: string;
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

export interface SessionsOptions {
  readonly max: number;
  /** Milliseconds after which a session is closed that nobody used or listened on. */
  readonly idle: number;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #open = new Map<string, Served>();
  readonly #closing = new Set<Promise<void>>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(Date.now()), Math.min(Math.max(options.idle / 4, 250), 15_000));
    this.#sweeper.unref();
  }

  get size(): number {
    return this.#open.size;
  }

  get full(): boolean {
    return this.#open.size >= this.#options.max;
  }

  /** An id that nobody can guess. */
  newId(): string {
    return process.getBuiltinModule('node:crypto').randomBytes(16).toString('hex');
  }

  add(session: Served): void {
    this.#open.set(session.id, session);
  }

  get<S extends Served>(id: string, kind: abstract new (...args: never[]) => S): S | undefined {
    const session = this.#open.get(id);
    return session instanceof kind ? session : undefined;
  }

  /** Closes one session, in the background. */
  end(session: Served): void {
    if (this.#open.get(session.id) !== session) return;
    this.#open.delete(session.id);
    this.#follow(session.close(CLOSE_LIMIT));
  }

  /** Forgets a session that nobody can ever use; it is closed as soon as its opening is through. */
  abandon(session: Served): void {
    if (this.#open.get(session.id) !== session) return;
    this.#open.delete(session.id);
    this.#follow(session.idle().then(() => session.close(CLOSE_LIMIT)));
  }

  /** Resolves as soon as no call of any session waits for its answer. */
  async idle(): Promise<void> {
    await Promise.all([...this.#open.values()].map((session) => session.idle()));
  }

  /** Closes all sessions; what waits gets the error. */
  async close(limit: number, error: ProxyError): Promise<void> {
    clearInterval(this.#sweeper);
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all([...open.map((session) => session.close(limit, error)), ...this.#closing]);
  }

  /** Remembers what is being closed until it is. */
  #follow(closing: Promise<void>): void {
    const closed = closing.finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  #sweep(now: number): void {
    for (const session of [...this.#open.values()]) {
      if (!session.inUse && now - session.lastUsed >= this.#options.idle) this.end(session);
    }
  }
}
