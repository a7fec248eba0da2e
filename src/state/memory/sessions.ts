/** The sessions of one process; see `Sessions`. */

import {
  type OfKind,
  SESSION_CLOSED,
  type Served,
  type Sessions,
  type SessionsOptions,
} from '../../core/ports/sessions.ts';
import type { ProxyError } from '../../errors.ts';

/** How long an upstream may take to end one session, in milliseconds. */
const CLOSE_LIMIT = 5_000;
/** As many may be closing as may be open, or this many if that is more: each still holds a connection to the server. */
const MAX_CLOSING = 1_000;

export function memorySessions<S extends Served>(options: SessionsOptions): Sessions<S> {
  return new MemorySessions(options);
}

class MemorySessions<S extends Served> implements Sessions<S> {
  readonly #options: SessionsOptions;
  readonly #open = new Map<string, S>();
  readonly #closing = new Map<S, Promise<void>>();
  /** When each session was in use at the last look; milliseconds of the clock. */
  readonly #seen = new WeakMap<S, number>();
  readonly #sweeper: NodeJS.Timeout;
  /** Milliseconds between two sweeps. */
  readonly #pause: number;
  /** When the last sweep was; milliseconds of the clock. */
  #swept = Date.now();

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#pause = Math.min(Math.max(options.idle / 4, 250), 15_000);
    this.#sweeper = setInterval(() => this.#sweep(Date.now()), this.#pause);
    this.#sweeper.unref();
  }

  get size(): number {
    return this.#open.size;
  }

  get full(): boolean {
    const { max } = this.#options;
    return this.#open.size >= max || this.#closing.size >= Math.max(max, MAX_CLOSING);
  }

  all(): Iterable<S> {
    return this.#open.values();
  }

  newId(): string {
    const { newId } = this.#options;
    return newId ? newId() : process.getBuiltinModule('node:crypto').randomBytes(16).toString('hex');
  }

  add(session: S): void {
    this.#open.set(session.id, session);
  }

  peek<K extends S['kind']>(id: string, kind: K): OfKind<S, K> | undefined {
    const session = this.#open.get(id);
    return session?.kind === kind ? (session as OfKind<S, K>) : undefined;
  }

  async find<K extends S['kind']>(id: string, kind: K): Promise<OfKind<S, K> | undefined> {
    return this.peek(id, kind);
  }

  end(session: S): void {
    if (this.#open.get(session.id) !== session) return;
    this.#open.delete(session.id);
    this.#options.ended?.(session.id);
    session.destroy(SESSION_CLOSED);
    this.#follow(session, session.close(CLOSE_LIMIT));
  }

  abandon(session: S): void {
    if (this.#open.get(session.id) !== session) return;
    this.#open.delete(session.id);
    this.#follow(
      session,
      session.idle().then(() => session.close(CLOSE_LIMIT)),
    );
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#open.values()].map((session) => session.idle()));
  }

  async close(limit: number): Promise<void> {
    clearInterval(this.#sweeper);
    for (const session of this.#open.values()) this.#follow(session, session.close(limit));
    this.#open.clear();
    await Promise.all(this.#closing.values());
  }

  destroy(reason: ProxyError): void {
    for (const session of [...this.#open.values(), ...this.#closing.keys()]) session.destroy(reason);
  }

  /** Remembers a session until it is closed. */
  #follow(session: S, closing: Promise<void>): void {
    this.#closing.set(
      session,
      closing.finally(() => this.#closing.delete(session)),
    );
  }

  #sweep(now: number): void {
    // The machine slept, or the program was suspended: meanwhile no client could reach it, and requests may be waiting.
    const stoodStill = now - this.#swept >= 2 * this.#pause;
    this.#swept = now;
    for (const session of [...this.#open.values()]) {
      if (session.inUse || stoodStill) this.#seen.set(session, now);
      else if (now - Math.max(session.lastUsed, this.#seen.get(session) ?? 0) >= this.#options.idle) this.end(session);
    }
  }
}
