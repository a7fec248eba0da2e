/** The sessions of one modern client with a legacy server: one for each way in which its requests describe it. */

import type { Exchange } from '../../../core/exchange.ts';
import type { Json } from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import { ProxyError } from '../../../errors.ts';
import { canonical } from '../../../mcp/eras/canonical.ts';
import { clientOf, type DeclaredClient, initializeFor } from '../../../mcp/eras/legacy-request.ts';
import { LegacySession, type LegacySessionOptions } from './legacy-session.ts';

/** The programs behind one access to HTTP mode describe themselves differently; no program does so often. */
const MAX_SESSIONS = 64;
/** An unused session is closed after so many milliseconds. */
const IDLE = 30 * 60_000;
const CLOSE_LIMIT = 5_000;

export interface PoolOptions extends Omit<LegacySessionOptions, 'initialize' | 'changed'> {
  readonly ourselves: Json;
}

interface Pooled {
  readonly session: LegacySession;
  readonly key: string;
  /** How many requests wait until it is open. */
  waiting: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

export class SessionPool {
  readonly #options: PoolOptions;
  /** The least recently used first. */
  readonly #pooled = new Map<string, Pooled>();
  /** The keys of descriptions, by their text: nearly all requests of a client have the same. */
  readonly #keys = new Map<string, string>();
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pooled.size;
  }

  get established(): boolean {
    return [...this.#pooled.values()].some(({ session }) => session.established);
  }

  /** The session for a request, if there is one. */
  find(call: Call): LegacySession | undefined {
    return this.#pooled.get(this.#keyOf(clientOf(call)))?.session;
  }

  /** The session for a request, opened: resolves with the session and the server's answer to `initialize`. */
  async open(exchange: Exchange): Promise<{ readonly session: LegacySession; readonly reply: Reply }> {
    if (this.#closed) throw new ProxyError('failed', 'the session is closed');
    const client = clientOf(exchange.call);
    const key = this.#keyOf(client);
    const pooled = this.#pooled.get(key) ?? this.#make(client, key);
    this.#pooled.delete(key);
    this.#pooled.set(key, pooled);
    const { session } = pooled;
    pooled.waiting++;
    try {
      const reply = await session.open(exchange);
      if ('error' in reply) this.#drop(pooled);
      return { session, reply };
    } catch (error) {
      this.#drop(pooled);
      throw error;
    } finally {
      pooled.waiting--;
      this.#rest(pooled);
    }
  }

  closeUnused(): void {
    for (const pooled of this.#pooled.values()) if (!isUsed(pooled)) this.#drop(pooled);
  }

  async close(limit: number): Promise<void> {
    this.#closed = true;
    const all = [...this.#pooled.values()];
    for (const { idle } of all) clearTimeout(idle);
    this.#pooled.clear();
    await Promise.all(all.map(({ session }) => session.close(limit)));
  }

  #keyOf(client: DeclaredClient): string {
    const text = `${client.capabilities?.toString('latin1')}\n${client.clientInfo?.toString('latin1')}`;
    const known = this.#keys.get(text);
    if (known !== undefined) return known;
    const key = canonical(initializeFor(client, this.#options.ourselves).params as Json);
    if (this.#keys.size >= MAX_SESSIONS) this.#keys.clear();
    this.#keys.set(text, key);
    return key;
  }

  #make(client: DeclaredClient, key: string): Pooled {
    if (this.#pooled.size >= MAX_SESSIONS) this.#makeRoom();
    const initialize = initializeFor(client, this.#options.ourselves);
    const session = new LegacySession({ ...this.#options, initialize, changed: () => this.#rest(pooled) });
    const pooled: Pooled = { session, key, waiting: 0, idle: undefined };
    return pooled;
  }

  #makeRoom(): void {
    const unused = [...this.#pooled.values()].find((pooled) => !isUsed(pooled));
    if (!unused) throw new ProxyError('limit', `more than ${MAX_SESSIONS} sessions with the server are in use`);
    this.#drop(unused);
  }

  /** Closes a session that stays unused for long. */
  #rest(pooled: Pooled): void {
    clearTimeout(pooled.idle);
    if (isUsed(pooled) || this.#pooled.get(pooled.key) !== pooled) return;
    pooled.idle = setTimeout(() => this.#drop(pooled), IDLE);
  }

  #drop(pooled: Pooled): void {
    clearTimeout(pooled.idle);
    if (this.#pooled.get(pooled.key) === pooled) this.#pooled.delete(pooled.key);
    pooled.session.close(CLOSE_LIMIT);
  }
}

function isUsed({ session, waiting }: Pooled): boolean {
  return waiting > 0 || session.inUse;
}
