/**
 * What a replica needs to go on with the session of another one that has ended. The first replica that a client then comes
 * to takes the session over; one script decides which one that is.
 */
import type { SessionRecords, TakenSession } from '../../core/ports/replicas.ts';
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

/** Also sets the owner if the store has lost it. ARGV after the first: the lifetime. */
const RENEW = `${IF_OWN}
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

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

export function redisSessionRecords(
  keys: SealedKeys,
  { own, lifetime, isRunning, lost }: SessionRecordsOptions,
): OwnRecords {
  /** The sessions of this process, by their names in the store. */
  const kept = new Map<string, string>();
  const waiting: WaitingEvents = { bytes: 0 };
  /** Runs a script on a session, unless another replica has it. */
  const change = async (
    script: string,
    name: string,
    ...args: readonly (string | number | Buffer)[]
  ): Promise<void> => {
    const touched = [keyOf('owner', name), keyOf('session', name), ...eventKeys(name)];
    if ((await keys.client.script(script, touched, own, ...args)) !== 0) return;
    const id = kept.get(name);
    if (kept.delete(name) && id !== undefined) lost(id);
  };
  /** One after the other, so that they do not fill the queue of the store. */
  const renew = inBackground(async () => {
    for (const name of [...kept.keys()]) await change(RENEW, name, lifetime);
  });
  const timer = setInterval(renew, lifetime / RENEWALS).unref();
  const take = async (id: string): Promise<TakenSession> => {
    const name = digestOf(id);
    const owner = textOf(await keys.client.run('GET', keyOf('owner', name)));
    if (owner !== undefined && owner !== own && ID.test(owner) && (await isRunning(owner))) {
      return { kind: 'elsewhere', replica: owner };
    }
    const record = await keys.read(keyOf('session', name));
    if (!record) return { kind: 'none' };
    const taken = textOf(await keys.client.script(CLAIM, [keyOf('owner', name)], own, owner ?? '', lifetime));
    if (taken !== own)
      return taken !== undefined && ID.test(taken) ? { kind: 'elsewhere', replica: taken } : { kind: 'none' };
    kept.set(name, id);
    return { kind: 'taken', record };
  };
  const drop = (id: string): void => {
    const name = digestOf(id);
    change(DROP, name).catch(() => {});
  };
  return {
    keep(id, record) {
      if (record.length > LONGEST) {
        drop(id);
        return;
      }
      const name = digestOf(id);
      kept.set(name, id);
      change(KEEP, name, lifetime, keys.seal(keyOf('session', name), record)).catch(() => {});
    },
    drop,
    forget(id) {
      const name = digestOf(id);
      if (!kept.delete(name)) return;
      change(FORGET, name).catch(() => {});
    },
    events(id) {
      const name = digestOf(id);
      const append = (...args: readonly (string | number | Buffer)[]): Promise<void> | undefined =>
        kept.has(name) ? change(APPEND, name, ...args) : undefined;
      return redisSessionEvents({ keys, name, waiting, lifetime, change: append });
    },
    async release(id) {
      const name = digestOf(id);
      kept.delete(name);
      await change(RELEASE, name);
    },
    take,
    renew,
    close: () => clearInterval(timer),
  };
}

/** Starts some work, unless it is under way. Nobody waits for it, or for its failures. */
function inBackground(work: () => Promise<void>): () => void {
  let isRunning = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    const over = (): void => {
      isRunning = false;
    };
    work().then(over, over);
  };
}
