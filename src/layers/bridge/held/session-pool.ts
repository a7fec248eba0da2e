/** The sessions of one modern client with a legacy server: one for each way in which its requests describe it. */

import type { Exchange } from '../../../core/exchange.ts';
import type { Json } from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import { ProxyError } from '../../../errors.ts';
import { canonical } from '../../../mcp/eras/canonical.ts';
import { clientOf, type DeclaredClient, initializeFor } from '../../../mcp/eras/legacy-request.ts';
import { HeldSession, type LegacySessionOptions } from './legacy-session.ts';

/** The programs behind one access to HTTP mode describe themselves differently; no program does so often. */
const MAX_SESSIONS = 64;
/** An unused session is closed after so many milliseconds. */
const IDLE = 30 * 60_000;
const CLOSE_LIMIT = 5_000;

export interface PoolOptions extends Omit<LegacySessionOptions, 'initialize' | 'changed'> {
  readonly ourselves: Json;
}

interface Pooled {
  readonly session: HeldSession;
  readonly key: string;
  /** How many requests wait until it is open. */
  waiting: number;
  isOpen: boolean;
  /** Runs out when the session has been unused for long. It may run while the session is in use. */
  idle: NodeJS.Timeout | undefined;
}

export class SessionPool {
  readonly #options: PoolOptions;
  /** The least recently used first. */
  readonly #pooled = new Map<string, Pooled>();
  /** The keys of descriptions, by their text: nearly all requests of a client have the same. */
  readonly #keys = new Map<string, string>();
  /** The description that came last, and its key. */
  #last: { readonly client: DeclaredClient; readonly key: string } | undefined;
  /** The session that was used last. */
  #newest: Pooled | undefined;
  #closed = false;
  /** The sessions that end with the client. */
  readonly #closing: HeldSession[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pooled.size;
  }

  get established(): boolean {
    return [...this.#pooled.values()].some(({ session }) => session.established);
  }

  /** Whether another server answers now, which needs no bridge. */
  get replaced(): boolean {
    for (const { session } of this.#pooled.values()) if (session.replaced) return true;
    return false;
  }

  /** The session for a request, if there is one. */
  find(call: Call): HeldSession | undefined {
    return this.#pooled.get(this.#keyOf(clientOf(call)))?.session;
  }

  /** The session in which a task was made. */
  withTask(taskId: string): HeldSession | undefined {
    for (const { session } of this.#pooled.values()) if (session.tasks.has(taskId)) return session;
    return undefined;
  }

  /** The session for a request, if it is open. */
  ready(client: DeclaredClient): HeldSession | undefined {
    const pooled = this.#pooled.get(this.#keyOf(client));
    if (!pooled?.isOpen) return undefined;
    this.#use(pooled);
    return pooled.session;
  }

  /** The session for a request, opened: resolves with the session and the server's answer to `initialize`. */
  async open(
    exchange: Exchange,
    client = clientOf(exchange.call),
  ): Promise<{ readonly session: HeldSession; readonly reply: Reply }> {
    if (this.#closed) throw new ProxyError('failed', 'the session is closed');
    const key = this.#keyOf(client);
    const pooled = this.#pooled.get(key) ?? this.#make(client, key);
    this.#use(pooled);
    const { session } = pooled;
    pooled.waiting++;
    try {
      const reply = await session.open(exchange);
      if ('error' in reply) this.#drop(pooled);
      else pooled.isOpen = true;
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
    this.#closing.push(...this.#takeAll());
    await Promise.all(this.#closing.map((session) => session.close(limit)));
  }

  destroy(reason: ProxyError): void {
    for (const session of [...this.#takeAll(), ...this.#closing]) session.destroy(reason);
  }

  /** Takes no more requests, and gives up its sessions. */
  #takeAll(): HeldSession[] {
    this.#closed = true;
    const all = [...this.#pooled.values()];
    for (const pooled of all) {
      clearTimeout(pooled.idle);
      pooled.idle = undefined;
    }
    this.#pooled.clear();
    return all.map(({ session }) => session);
  }

  #keyOf(client: DeclaredClient): string {
    if (this.#last && isSame(client, this.#last.client)) return this.#last.key;
    const key = this.#find(client);
    // Copies, which do not keep the whole message in memory.
    const [capabilities, clientInfo] = [client.capabilities, client.clientInfo].map(
      (part) => part && Buffer.from(part),
    );
    this.#last = { client: { capabilities, clientInfo }, key };
    return key;
  }

  #find(client: DeclaredClient): string {
    const text = `${client.capabilities?.toString('latin1')}\n${client.clientInfo?.toString('latin1')}`;
    const known = this.#keys.get(text);
    if (known !== undefined) return known;
    const key = canonical(initializeFor(client, this.#options.ourselves).params as Json);
    if (this.#keys.size >= MAX_SESSIONS) this.#keys.clear();
    this.#keys.set(text, key);
    return key;
  }

  #use(pooled: Pooled): void {
    if (pooled === this.#newest) return;
    this.#newest = pooled;
    this.#pooled.delete(pooled.key);
    this.#pooled.set(pooled.key, pooled);
  }

  #make(client: DeclaredClient, key: string): Pooled {
    if (this.#pooled.size >= MAX_SESSIONS) this.#makeRoom();
    const initialize = initializeFor(client, this.#options.ourselves);
    const session = new HeldSession({ ...this.#options, initialize, changed: () => this.#rest(pooled) });
    const pooled: Pooled = { session, key, waiting: 0, isOpen: false, idle: undefined };
    return pooled;
  }

  #makeRoom(): void {
    const unused = [...this.#pooled.values()].find((pooled) => !isUsed(pooled));
    if (!unused) throw new ProxyError('limit', `more than ${MAX_SESSIONS} sessions with the server are in use`);
    this.#drop(unused);
  }

  /** Closes a session that stays unused for long. */
  #rest(pooled: Pooled): void {
    if (isUsed(pooled)) return;
    // Once a call: to begin a timer costs more than to set it back.
    if (pooled.idle) pooled.idle.refresh();
    else if (this.#pooled.get(pooled.key) === pooled) pooled.idle = setTimeout(() => this.#end(pooled), IDLE);
  }

  #end(pooled: Pooled): void {
    pooled.idle = undefined;
    if (!isUsed(pooled)) this.#drop(pooled);
  }

  #drop(pooled: Pooled): void {
    clearTimeout(pooled.idle);
    pooled.idle = undefined;
    if (this.#newest === pooled) this.#newest = undefined;
    if (this.#pooled.get(pooled.key) === pooled) this.#pooled.delete(pooled.key);
    pooled.session.close(CLOSE_LIMIT);
  }
}

function isUsed({ session, waiting }: Pooled): boolean {
  return waiting > 0 || session.inUse;
}

function isSame(one: DeclaredClient, other: DeclaredClient): boolean {
  return equal(one.capabilities, other.capabilities) && equal(one.clientInfo, other.clientInfo);
}

function equal(one: Json | undefined, other: Json | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && one.equals(other));
}
