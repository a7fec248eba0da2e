/**
 * The connection to the store: one for the process, opened again whenever it breaks. Every command has a time limit, and
 * only so many may wait, so that nothing in the proxy waits for the store for ever. A command is sent at once or never:
 * one that has failed must not take effect minutes later, when its caller has long decided otherwise.
 */
import type { Redis } from 'iovalkey';
import type { Log } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';
import { atMost } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { monotonicMillis } from '../../platform/clock.ts';
import { type StoreAddress, shownStore } from './address.ts';
import { COMMAND_LIMIT, connect } from './connection.ts';
import { keyOf } from './key-names.ts';

/** Commands that may wait for an answer. */
const MAX_WAITING = 10_000;

/**
 * Milliseconds for which a refused command counts. A store that is full or read-only answers some commands, and refuses
 * others: each replica has one that it refuses every second, the renewal of its entry.
 */
const REFUSED_FOR = 3_000;

/** Why a command has failed that reached its limit. */
const LATE = 'it did not answer in time';
/** The log and `/readyz` show these without a hint, so they say what to do. */
const CLUSTER = 'it is part of a Redis Cluster, so its URL must begin with redis+cluster:// or rediss+cluster://';
const NO_CLUSTER = 'it is not part of a Redis Cluster, so its URL must begin with redis:// or rediss://';

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
  /**
   * Runs a script (Lua), which takes effect as a whole.
   * @param keys all that it may touch: while a cluster moves them from one node to another, it then does not run at all
   */
  script(text: string, keys: readonly string[], ...args: readonly Argument[]): Promise<unknown>;
  /** Resolves as soon as the store can be used, or after the limit in milliseconds. */
  ready(limit: number): Promise<void>;
  /** Called whenever the connection is there again. */
  onReady(run: () => void): void;
  close(): void;
}

export function openClient(address: StoreAddress, log: Log): StoreClient {
  let failures = 0;
  const client = new ConnectedClient(
    connect(address, () => ++failures),
    address,
    log,
  );
  client.onReady(() => {
    failures = 0;
  });
  return client;
}

/**
 * The store is there when it says which of these keys it has. A node of a cluster answers to the first one alone, and to
 * both only with an error: they are in different slots.
 */
const GREETING = [keyOf('replicas', 'ids'), 'mcp-proxy:{0}:'];

class ConnectedClient implements StoreClient {
  readonly #redis: Redis;
  readonly #isCluster: boolean;
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
  /** Whether the store has refused the user or the password on the connection that there is. */
  #refused = false;
  /** When it refused a command last, on a monotonic clock. */
  #refusedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(redis: Redis, address: StoreAddress, log: Log) {
    this.#redis = redis;
    this.#isCluster = address.nodes !== undefined;
    this.#where = shownStore(address);
    this.#log = log;
    this.#first = new Promise((resolve) => this.onReady(resolve));
    redis.on('ready', () => this.#greet());
    let sentinels: string | undefined;
    redis.on('sentinelError', (error: Error) => {
      sentinels = reasonOfSentinel(error) ?? sentinels;
    });
    redis.on('connect', () => {
      this.#refused = false;
    });
    redis.on('error', (error: Error) => {
      if (REFUSED.test(error.message)) this.#refused = true;
      const isSentinels = error.message.startsWith('All sentinels');
      this.#ill(isSentinels ? (sentinels ?? 'no sentinel can be reached') : this.#reasonOf(error));
      if (isSentinels) sentinels = undefined;
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
      const reason = this.#reasonOf(error);
      // A command that was sent before an outage may reach its limit after the end of it.
      const isOver = reason === LATE && this.#answered !== before;
      if (!isAboutKey(error) && !isOver) {
        if (isRefusal(error)) this.#refusedAt = monotonicMillis();
        this.#ill(reason);
      }
      throw this.#error(reason, error);
    } finally {
      this.#waiting--;
    }
  }

  script(text: string, keys: readonly string[], ...args: readonly Argument[]): Promise<unknown> {
    return this.run('EVAL', text, keys.length, ...keys, ...args);
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
      // Some stores go on without the user that they have refused.
      if (this.#refused) return;
      this.#answers = true;
      this.#answered++;
      this.#well();
      for (const run of this.#ready) run();
    };
    this.#redis
      .callBuffer('EXISTS', ...(this.#isCluster ? GREETING.slice(0, 1) : GREETING))
      .then(ready, (error: Error) => {
        // The user of the proxy need not be allowed to do this.
        if (/^NOPERM/.test(error.message)) return ready();
        if (this.#connection !== connection || this.#redis.status !== 'ready') return;
        const reason = this.#reasonOf(error);
        this.#ill(reason);
        // It will be part of one later, too.
        this.#redis.disconnect(reason !== CLUSTER);
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
    if (monotonicMillis() - this.#refusedAt < REFUSED_FOR) return;
    this.#trouble = undefined;
    if (this.#told) this.#log.info(`the store ${this.#where} can be used again`);
    this.#told = false;
  }

  #reasonOf(error: unknown): string {
    return reasonOf(error, this.#isCluster);
  }

  #error(reason: string, cause?: unknown): ProxyError {
    const hint = hintFor(reason);
    return new ProxyError('internal', `the store ${this.#where} cannot be used: ${reason}`, { hint }, cause);
  }
}

/** Whether an error is about one key, not about the store: foreign data, or its way to another node of a cluster. */
function isAboutKey(error: unknown): boolean {
  return error instanceof Error && /WRONGTYPE|^(?:ASK|TRYAGAIN) /.test(error.message);
}

/** Whether the store has answered a command with an error. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Undefined when it only says that a sentinel cannot be reached. */
function reasonOfSentinel({ message }: Error): string | undefined {
  if (/No such master|invalid reply: null/.test(message)) return 'its sentinels know no primary with this name';
  if (REFUSED.test(message)) return 'its sentinels refuse the user or the password';
  return /\bNOPERM\b/.test(message) ? 'the ACL of its sentinels forbids a command' : undefined;
}

/** What servers and sentinels answer to a wrong password, or to none. */
const REFUSED = /\b(?:WRONGPASS|NOAUTH|ERR AUTH)\b/;

/** @param isCluster whether the store was given as one */
function reasonOf(error: unknown, isCluster: boolean): string {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  if (/WRONGTYPE/.test(message)) return 'another program has written to a key of this proxy';
  if (REFUSED.test(message)) return 'it refuses the user or the password';
  if (isCluster && /^(?:CLUSTERDOWN|MASTERDOWN) /.test(message)) return 'it has no primary for the keys of the proxy';
  if (/^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN|CROSSSLOT) |in (?:a )?cluster (?:mode|node)/.test(message)) {
    return isCluster ? 'the keys of the proxy are moving to another node' : CLUSTER;
  }
  if (/cluster support disabled/.test(message)) return NO_CLUSTER;
  if (/^NOPERM/.test(message)) return `its ACL forbids a command: ${printable(message, 200)}`;
  if (/^OOM/.test(message)) return 'it is full';
  if (/^READONLY/.test(message)) return 'it is a read-only replica';
  if (/timed out|timeout/i.test(message)) return LATE;
  return printable(message || code || String(error), 200);
}

function hintFor(reason: string): string {
  if (reason.includes('full')) return 'give it more memory (maxmemory); the proxy stores little, and all of it expires';
  if (reason.startsWith('its sentinels refuse')) return 'give --state their password, too: …/NAME?sentinel_password=…';
  if (reason.includes('password') || reason.includes('ACL')) return 'check the user and the password in --state';
  if (reason === CLUSTER || reason === NO_CLUSTER) return 'change the beginning of the URL in --state';
  if (reason.includes('another program')) return 'give the proxies a database or a server of their own';
  return 'try again; if it lasts, check the store and --state';
}

/** The text of an answer, if it is one. */
export function textOf(answer: unknown): string | undefined {
  return Buffer.isBuffer(answer) ? answer.toString('utf8') : undefined;
}
