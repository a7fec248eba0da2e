/**
 * Locks between replicas. The owner renews its lock while it lives. A lock whose owner has died is free after a few
 * seconds. Each acquisition raises a counter, the fence: a write under a lock that another replica has had since is
 * refused, however slow its writer was.
 */
import { randomBytes } from 'node:crypto';
import type { Lock, Locks } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { type StoreClient, textOf } from './client.ts';
import { keyOf } from './key-names.ts';

/** How long a silent owner keeps a lock, and how often owners renew theirs; in milliseconds. */
const LOCK_LIFETIME = 10_000;
const RENEWAL = 2_500;
/** Counters live longer than any write that they could refuse; in milliseconds. */
const FENCE_LIFETIME = 24 * 60 * 60_000;
const NAME = /^[a-z0-9.-]{1,90}$/;

/** Returns the fence, or 0. KEYS: the lock, the fence. ARGV: the owner, the lifetimes. */
const ACQUIRE = `
local owner = redis.pcall('GET', KEYS[1])
if owner and type(owner) == 'string' and owner ~= ARGV[1] then return 0 end
local fence = redis.pcall('GET', KEYS[2])
if type(fence) ~= 'string' or not tonumber(fence) then redis.call('DEL', KEYS[2]) end
local number = tonumber(type(fence) == 'string' and fence) or 0
if owner ~= ARGV[1] or number == 0 then number = redis.call('INCR', KEYS[2]) end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return number`;

const RENEW = `
if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;

const RELEASE = `
if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** The locks that this process holds. */
export interface HeldLocks {
  /** The fence of a lock; undefined when this process does not hold it. */
  fence(name: string): number | undefined;
}

/** The key of the counter of a lock. */
export function fenceOf(name: string): string {
  return keyOf('fence', name);
}

export function redisLocks(client: StoreClient): { readonly locks: Locks; readonly held: HeldLocks } {
  const fences = new Map<string, number>();
  return {
    locks(name) {
      if (!NAME.test(name)) throw new ProxyError('internal', `not a name for a lock: ${JSON.stringify(name)}`);
      return new RedisLock(client, name, fences);
    },
    held: { fence: (name) => fences.get(name) },
  };
}

class RedisLock implements Lock {
  readonly #client: StoreClient;
  readonly #name: string;
  readonly #key: string;
  readonly #fences: Map<string, number>;
  readonly #owner = randomBytes(12).toString('hex');
  #heart: NodeJS.Timeout | undefined;
  #fence: number | undefined;

  constructor(client: StoreClient, name: string, fences: Map<string, number>) {
    this.#client = client;
    this.#name = name;
    this.#key = keyOf('lock', name);
    this.#fences = fences;
  }

  async tryAcquire(): Promise<boolean> {
    const keys = [this.#key, fenceOf(this.#name)];
    const fence = await this.#client.script(ACQUIRE, keys, this.#owner, LOCK_LIFETIME, FENCE_LIFETIME);
    if (typeof fence !== 'number' || fence === 0) {
      this.#lose();
      return false;
    }
    this.#fence = fence;
    this.#fences.set(this.#name, fence);
    clearInterval(this.#heart);
    this.#heart = setInterval(() => this.#renew(), RENEWAL);
    this.#heart.unref();
    return true;
  }

  async held(): Promise<boolean> {
    if (this.#fence === undefined) return false;
    return textOf(await this.#client.run('GET', this.#key)) === this.#owner;
  }

  async release(): Promise<void> {
    if (this.#fence === undefined) return;
    this.#lose();
    // If the store cannot be reached, the lock ends soon anyway.
    await this.#client.script(RELEASE, [this.#key], this.#owner).catch(() => {});
  }

  #renew(): void {
    this.#client.script(RENEW, [this.#key], this.#owner, LOCK_LIFETIME).catch(() => {});
  }

  /** The fence stays that of the last write under this lock only as long as the lock is ours. */
  #lose(): void {
    clearInterval(this.#heart);
    if (this.#fence !== undefined && this.#fences.get(this.#name) === this.#fence) this.#fences.delete(this.#name);
    this.#fence = undefined;
  }
}
