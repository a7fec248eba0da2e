/**
 * What a replica needs to go on with the session of another one that has ended. The first replica that a client then comes
 * to takes the session over; one script decides which one that is.
 */
import type { SessionEvents, SessionRecords, TakenSession } from '../../core/ports/replicas.ts';
import { textOf } from './client.ts';
import { digestOf, keyOf } from './key-names.ts';
import { IF_OWN } from './owned.ts';
import type { SealedKeys } from './sealed-keys.ts';
import { APPEND, eventKeys, redisSessionEvents, type WaitingEvents } from './session-events.ts';

/** How often records are given a new lifetime, as a part of it. */
const RENEWALS = 4;
/** Bytes. Records have fewer, except for what JSON escapes. */
const LONGEST = 262_144;
const ID = /^[0-9a-f]{16}$/;
/** Milliseconds until the store is told again what it has not taken. */
const AGAIN = 2_000;
/** Sessions that the store is told of at a time; its queue has room for many more commands. */
const TOGETHER = 100;
/** Ended sessions that are remembered until the store knows. It forgets all others with their lifetime. */
const MAX_ENDED = 10_000;

/** Sets the owner, unless another one than the given one has it. Returns the owner. ARGV: new, old, lifetime. */
const CLAIM = `
local owner = redis.pcall('GET', KEYS[1])
if type(owner) == 'string' and owner ~= ARGV[2] and owner ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return ARGV[1]`;

/** ARGV after the first: the lifetime, the record. */
const KEEP = `${IF_OWN}
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

/** What `RENEW` returns when the store has no record. */
const NO_RECORD = 2;

/** Also sets the owner if the store has lost it. ARGV after the first: the lifetime. */
const RENEW = `${IF_OWN}
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ${NO_RECORD} - redis.call('PEXPIRE', KEYS[2], ARGV[2])`;

const DROP = `${IF_OWN}
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
return 1`;

const FORGET = `${IF_OWN}
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return 1`;

const RELEASE = `${IF_OWN}
redis.call('DEL', KEYS[1])
return 1`;

export interface SessionRecordsOptions {
  /** The id of this replica. */
  readonly own: string;
  /** Milliseconds after which the record of an unused session ends. */
  readonly lifetime: number;
  /** Whether a replica is running; rejects when that is not known. */
  readonly isRunning: (id: string) => Promise<boolean>;
  /** Called with the id of a session that another replica has taken over: it found this one gone. */
  readonly lost: (id: string) => void;
}

/** The records as the replica has them that keeps them. */
export interface OwnRecords extends SessionRecords {
  /** Makes sure, in the background, that the sessions of this process are its own: it may have lost some. */
  renew(): void;
  close(): void;
}

/** A session of this process. */
interface OwnSession {
  readonly id: string;
  /** Undefined when another replica cannot go on with it. */
  readonly record?: () => Buffer | undefined;
  /** Whether the store may have lost the session. */
  unsure: boolean;
  /** Whether the store may not have the record, or may have one that it should not. */
  unwritten: boolean;
}

type Arguments = readonly (string | number | Buffer)[];

export function redisSessionRecords(keys: SealedKeys, options: SessionRecordsOptions): OwnRecords {
  return new RedisSessionRecords(keys, options);
}

class RedisSessionRecords implements OwnRecords {
  readonly #keys: SealedKeys;
  readonly #options: SessionRecordsOptions;
  /** The sessions of this process, by their names in the store. */
  readonly #kept = new Map<string, OwnSession>();
  /** The names of sessions that have ended, which the store may not know. */
  readonly #ended = new Set<string>();
  readonly #waiting: WaitingEvents = { bytes: 0 };
  readonly #timer: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(keys: SealedKeys, options: SessionRecordsOptions) {
    this.#keys = keys;
    this.#options = options;
    this.#timer = setInterval(() => this.renew(), options.lifetime / RENEWALS).unref();
  }

  keep(id: string, record: () => Buffer | undefined): void {
    const name = digestOf(id);
    this.#ended.delete(name);
    this.#set(name, { id, record, unsure: false, unwritten: true });
  }

  drop(id: string): void {
    const name = digestOf(id);
    if (this.#kept.has(name)) this.#set(name, { id, unsure: false, unwritten: true });
  }

  forget(id: string): void {
    const name = digestOf(id);
    if (!this.#kept.delete(name)) return;
    if (this.#ended.size < MAX_ENDED) this.#ended.add(name);
    this.#end(name).catch(this.#later);
  }

  events(id: string): SessionEvents {
    const name = digestOf(id);
    const { lifetime } = this.#options;
    const append = (...args: Arguments): Promise<unknown> | undefined =>
      this.#kept.has(name) ? this.#change(APPEND, name, ...args) : undefined;
    return redisSessionEvents({ keys: this.#keys, name, waiting: this.#waiting, lifetime, change: append });
  }

  async release(id: string): Promise<void> {
    const name = digestOf(id);
    const session = this.#kept.get(name);
    this.#kept.delete(name);
    try {
      await this.#change(RELEASE, name);
    } catch (error) {
      if (session) this.#kept.set(name, session);
      throw error;
    }
  }

  async take(id: string): Promise<TakenSession> {
    const { own, lifetime, isRunning } = this.#options;
    const { client } = this.#keys;
    const name = digestOf(id);
    if (this.#ended.has(name)) return { kind: 'none' };
    const owner = textOf(await client.run('GET', keyOf('owner', name)));
    if (owner !== undefined && owner !== own && ID.test(owner) && (await isRunning(owner))) {
      return { kind: 'elsewhere', replica: owner };
    }
    const record = await this.#keys.read(keyOf('session', name));
    if (!record) return { kind: 'none' };
    const taken = textOf(await client.script(CLAIM, [keyOf('owner', name)], own, owner ?? '', lifetime));
    if (taken !== own)
      return taken !== undefined && ID.test(taken) ? { kind: 'elsewhere', replica: taken } : { kind: 'none' };
    this.#kept.set(name, { id, unsure: false, unwritten: false });
    return { kind: 'taken', record };
  }

  renew(): void {
    for (const session of this.#kept.values()) session.unsure = true;
    this.#catchUp();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
  }

  #set(name: string, session: OwnSession): void {
    this.#kept.set(name, session);
    this.#write(name, session).catch(this.#later);
  }

  /** Tells the store what it does not know, until there is nothing left, or something fails. */
  readonly #catchUp = inBackground(
    async () => {
      for (let due = this.#due(); due.length > 0; due = this.#due()) {
        for (let at = 0; at < due.length; at += TOGETHER) {
          await Promise.all(due.slice(at, at + TOGETHER).map((tell) => tell()));
        }
      }
    },
    () => this.#later(),
  );

  #due(): (() => Promise<void>)[] {
    const sessions = [...this.#kept].filter(([, { unsure, unwritten }]) => unsure || unwritten);
    return [
      ...[...this.#ended].map((name) => () => this.#end(name)),
      ...sessions.map(
        ([name, session]) =>
          () =>
            this.#confirm(name, session),
      ),
    ];
  }

  /** Some seconds from now, tries once more what has failed. */
  readonly #later = (): void => {
    if (this.#closed) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#catchUp();
    }, AGAIN).unref();
  };

  /** Makes sure that the store has a session, which may have ended or changed meanwhile. */
  async #confirm(name: string, session: OwnSession): Promise<void> {
    const isCurrent = (): boolean => this.#kept.get(name) === session;
    if (!isCurrent()) return;
    session.unsure = false;
    try {
      const lifetime = this.#options.lifetime;
      if (!session.unwritten && (await this.#change(RENEW, name, lifetime)) !== NO_RECORD) return;
      if (isCurrent()) await this.#write(name, session);
    } catch (error) {
      session.unsure = true;
      throw error;
    }
  }

  async #write(name: string, session: OwnSession): Promise<void> {
    session.unwritten = true;
    const record = session.record?.();
    if (record && record.length <= LONGEST) {
      await this.#change(KEEP, name, this.#options.lifetime, this.#keys.seal(keyOf('session', name), record));
    } else if (record || !session.record) {
      await this.#change(DROP, name);
    }
    session.unwritten = false;
  }

  async #end(name: string): Promise<void> {
    await this.#change(FORGET, name);
    this.#ended.delete(name);
  }

  /** Runs a script on a session, unless another replica has it. Resolves with what the script returns. */
  async #change(script: string, name: string, ...args: Arguments): Promise<unknown> {
    const { own, lost } = this.#options;
    const touched = [keyOf('owner', name), keyOf('session', name), ...eventKeys(name)];
    const result = await this.#keys.client.script(script, touched, own, ...args);
    if (result !== 0) return result;
    const session = this.#kept.get(name);
    if (this.#kept.delete(name) && session) lost(session.id);
    return result;
  }
}

/** Starts some work, unless it is under way. */
function inBackground(work: () => Promise<void>, failed: () => void): () => void {
  let isRunning = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    const over = (): void => {
      isRunning = false;
    };
    work().then(over, () => {
      over();
      failed();
    });
  };
}
