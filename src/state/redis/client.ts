/**
 * The connection to the store: one for the process, opened again whenever it breaks. Every command has a time limit, and
 * only so many may wait, so that nothing in the proxy waits for the store for ever. A command is sent at once or never:
 * one that has failed must not take effect minutes later, when its caller has long decided otherwise.
 */
import { isIP } from 'node:net';
import type { Redis, RedisOptions } from 'iovalkey';
import iovalkey from 'iovalkey';
import type { Log } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';
import { atMost } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { type StoreAddress, shownStore } from './address.ts';

/** How long one command may take, or wait for the first connection; in milliseconds. */
const COMMAND_LIMIT = 2_000;
/** How long a store may send nothing while commands wait, before the connection is opened again; in milliseconds. */
const SILENCE_LIMIT = 3_000;
const CONNECT_LIMIT = 5_000;
/** Commands that may wait for an answer. */
const MAX_WAITING = 10_000;
/** Pauses before the connection is opened again, in milliseconds: at first, and at most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 5_000];

/** Why a command has failed that reached its limit. */
const LATE = 'it did not answer in time';
/** Why a command has failed whose key is at another node. */
const CLUSTER = 'it is part of a Redis Cluster, which is not supported';

type Argument = string | number | Buffer;

export interface StoreClient {
  /** Why the store cannot be used at present; undefined while it can. */
  readonly trouble: string | undefined;
  /** The address that this machine has towards the store; undefined while there is no connection. */
  readonly localAddress: string | undefined;
  /**
   * Sends one command. Resolves with numbers, null, Buffers, or arrays of them. Rejects with a ProxyError within a few
   * seconds.
   */
  run(command: string, ...args: readonly Argument[]): Promise<unknown>;
  /** Runs a script (Lua) on one key, which takes effect as a whole. */
  script(text: string, key: string, ...args: readonly Argument[]): Promise<unknown>;
  /** Resolves as soon as the store can be used, or after the limit in milliseconds. */
  ready(limit: number): Promise<void>;
  /** Called whenever the connection is there again. */
  onReady(run: () => void): void;
  close(): void;
}

export function openClient(address: StoreAddress, log: Log): StoreClient {
  const { username, password, database } = address;
  const where = shownStore(address);
  let failures = 0;
  const redis = new iovalkey.Redis({
    ...placeOf(address),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db: database,
    // It would need one more permission, and tells on stderr when it has none.
    enableReadyCheck: false,
    connectTimeout: CONNECT_LIMIT,
    commandTimeout: COMMAND_LIMIT,
    // A command that may have taken effect must not take effect twice.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: null,
    socketTimeout: SILENCE_LIMIT,
    // The client counts anew with each connection, even to a store that answers nothing on it.
    retryStrategy: () => pauseBefore(++failures),
    // After a failover, the former primary refuses writes: another connection may reach the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    keepAlive: 10_000,
    noDelay: true,
  });
  const connection = new StoreConnection(redis, where, log);
  connection.onReady(() => {
    failures = 0;
  });
  return connection;
}

/** Where the store is, or where to ask for it. */
function placeOf({ tls, host, port, sentinel }: StoreAddress): RedisOptions {
  // A server name cannot be an address (RFC 6066, section 3).
  if (!sentinel) return { host, port, ...(tls && { tls: isIP(host) ? {} : { servername: host } }) };
  return {
    name: sentinel.primary,
    sentinels: sentinel.addresses.map((each) => ({ ...each })),
    // The certificates must be for the names by which the sentinels are called, and for those that they tell.
    ...(tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
    sentinelCommandTimeout: COMMAND_LIMIT,
    sentinelRetryStrategy: pauseBefore,
  };
}

function pauseBefore(attempt: number): number {
  const pause = Math.min(FIRST_PAUSE * 2 ** Math.min(attempt - 1, 10), LONGEST_PAUSE);
  // Replicas that lost the store at the same moment must not all come back at the same moment.
  return Math.round(pause * (0.5 + Math.random() / 2));
}

class StoreConnection implements StoreClient {
  readonly #redis: Redis;
  readonly #where: string;
  readonly #log: Log;
  readonly #ready: (() => void)[] = [];
  #waiting = 0;
  /** Whether the store has answered on the connection that there is. */
  #answers = false;
  /** How many answers have come. */
  #answered = 0;
  /** The number of the last connection. */
  #connection = 0;
  /** Resolves with the first answer of the store. */
  readonly #first: Promise<void>;
  #trouble: string | undefined = 'not connected yet';
  #told = false;
  #closed = false;

  constructor(redis: Redis, where: string, log: Log) {
    this.#redis = redis;
    this.#where = where;
    this.#log = log;
    this.#first = new Promise((resolve) => this.onReady(resolve));
    redis.on('ready', () => this.#greet());
    let unknown = false;
    redis.on('sentinelError', (error: Error) => {
      unknown = /No such master|invalid reply: null/.test(error.message);
    });
    redis.on('error', (error: Error) => {
      if (!/^All sentinels/.test(error.message)) this.#ill(reasonOf(error));
      else this.#ill(unknown ? 'its sentinels know no primary with this name' : 'no sentinel can be reached');
    });
    redis.on('close', () => {
      this.#answers = false;
      this.#ill('the connection was closed');
    });
  }

  get trouble(): string | undefined {
    return this.#trouble === undefined ? undefined : `the store ${this.#where} cannot be used: ${this.#trouble}`;
  }

  get localAddress(): string | undefined {
    const { stream } = this.#redis as unknown as { readonly stream?: { readonly localAddress?: string } };
    return stream?.localAddress;
  }

  async run(command: string, ...args: readonly Argument[]): Promise<unknown> {
    if (this.#waiting >= MAX_WAITING) throw this.#error('too many commands wait for its answers');
    this.#waiting++;
    const before = this.#answered;
    try {
      if (!this.#answers) await atMost(COMMAND_LIMIT, this.#first);
      if (!this.#answers) throw new Error(this.#trouble ?? 'the connection was closed');
      const answer: unknown = await this.#redis.callBuffer(command, ...args);
      this.#answered++;
      if (this.#trouble !== undefined && this.#answers) this.#well();
      return answer;
    } catch (error) {
      const reason = reasonOf(error);
      // A command that was sent before an outage may reach its limit after the end of it.
      const isOver = reason === LATE && this.#answered !== before;
      // Foreign data under a key of ours concerns that key only.
      if (!isAboutKey(error) && !isOver) this.#ill(reason);
      // Half of the keys would work.
      if (reason === CLUSTER) this.#redis.disconnect();
      throw this.#error(reason, error);
    } finally {
      this.#waiting--;
    }
  }

  script(text: string, key: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.run('EVAL', text, 1, key, ...args);
  }

  ready(limit: number): Promise<void> {
    return this.#answers ? Promise.resolve() : atMost(limit, this.#first);
  }

  onReady(run: () => void): void {
    this.#ready.push(run);
  }

  close(): void {
    this.#closed = true;
    this.#redis.disconnect();
  }

  /** Waits for an answer on a new connection: the system accepts connections for a process that answers nothing. */
  #greet(): void {
    const connection = ++this.#connection;
    const ready = (): void => {
      this.#answers = true;
      this.#answered++;
      this.#well();
      for (const run of this.#ready) run();
    };
    this.#redis.ping().then(ready, (error: Error) => {
      // The user of the proxy need not be allowed to do this.
      if (/^NOPERM/.test(error.message)) return ready();
      if (this.#connection !== connection || this.#redis.status !== 'ready') return;
      this.#ill(reasonOf(error));
      this.#redis.disconnect(true);
    });
  }

  /** Logs each outage once. */
  #ill(reason: string): void {
    if (this.#closed) return;
    // The reason why the connection broke says more than that it is closed.
    if (this.#trouble === undefined || this.#trouble === 'not connected yet') this.#trouble = reason;
    if (this.#told) return;
    this.#told = true;
    this.#log.error(`${this.trouble} (going on with what needs no other replica)`);
  }

  #well(): void {
    this.#trouble = undefined;
    if (this.#told) this.#log.info(`the store ${this.#where} can be used again`);
    this.#told = false;
  }

  #error(reason: string, cause?: unknown): ProxyError {
    const hint = hintFor(reason);
    return new ProxyError('internal', `the store ${this.#where} cannot be used: ${reason}`, { hint }, cause);
  }
}

/** Whether an error is about the data under one key, not about the store. */
function isAboutKey(error: unknown): boolean {
  return error instanceof Error && /WRONGTYPE/.test(error.message);
}

function reasonOf(error: unknown): string {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  if (/WRONGTYPE/.test(message)) return 'another program has written to a key of this proxy';
  if (/^(?:WRONGPASS|NOAUTH|ERR AUTH)/.test(message)) return 'it refuses the user or the password';
  if (/^(?:MOVED|ASK|CLUSTERDOWN|CROSSSLOT) |in a cluster node/.test(message)) return CLUSTER;
  if (/^NOPERM/.test(message)) return `its ACL forbids a command: ${printable(message, 200)}`;
  if (/^OOM/.test(message)) return 'it is full';
  if (/^READONLY/.test(message)) return 'it is a read-only replica';
  if (/timed out|timeout/i.test(message)) return LATE;
  return printable(message || code || String(error), 200);
}

function hintFor(reason: string): string {
  if (reason.includes('full')) return 'give it more memory (maxmemory); the proxy stores little, and all of it expires';
  if (reason.includes('password') || reason.includes('ACL')) return 'check the user and the password in --state';
  if (reason === CLUSTER) return 'give --state a server that is not part of a cluster';
  if (reason.includes('another program')) return 'give the proxies a database or a server of their own';
  return 'try again; if it lasts, check the store and --state';
}

/** The text of an answer, if it is one. */
export function textOf(answer: unknown): string | undefined {
  return Buffer.isBuffer(answer) ? answer.toString('utf8') : undefined;
}
