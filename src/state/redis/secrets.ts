/**
 * Secret texts in the store. What cannot be written while the store is gone stays in this process, which writes it as soon
 * as the store is back: a refresh token that is lost costs the user a sign-in.
 */
import { type Log, NOT_YET, type SecretStore } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { textOf } from './client.ts';
import { keyOf } from './key-names.ts';
import { fenceOf, type HeldLocks } from './locks.ts';
import type { SealedKeys } from './sealed-keys.ts';

/** Unused credentials are forgotten after this time, in milliseconds. */
const LIFETIME = 90 * 24 * 60 * 60_000;
/** How often to look whether the store has everything, in milliseconds. */
const LOOK_EVERY = 100;
const NAME = /^[a-z0-9.-]{1,80}$/;

/**
 * Writes, unless a lock that guards the key has had a newer owner. KEYS: the text, the fence. ARGV: the fence of the
 * writer, the text, its lifetime.
 */
const FENCED_WRITE = `
if ARGV[1] ~= '' then
  local fence = redis.pcall('GET', KEYS[2])
  if type(fence) == 'string' and tonumber(fence) and tonumber(fence) > tonumber(ARGV[1]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

const FENCED_REMOVE = `
if ARGV[1] ~= '' then
  local fence = redis.pcall('GET', KEYS[2])
  if type(fence) == 'string' and tonumber(fence) and tonumber(fence) > tonumber(ARGV[1]) then return 0 end
end
redis.call('DEL', KEYS[1])
return 1`;

/** A change that the store has not taken yet; without a text, the name is removed. */
interface Unsaved {
  readonly text: string | undefined;
  /** The fence of the lock under which it was made. */
  readonly fence: number | undefined;
}

/** Secrets of which some may be in this process only, until the store is back. */
export interface RedisSecretStore extends SecretStore {
  /** Resolves when the store has all of them, or after the limit in milliseconds. */
  saved(limit: number): Promise<void>;
}

/** @param held the locks of this process: a write under a lock counts only as long as no other replica has had it since. */
export function redisSecrets(keys: SealedKeys, held: HeldLocks, log: Log): RedisSecretStore {
  return new RedisSecrets(keys, held, log);
}

class RedisSecrets implements RedisSecretStore {
  readonly empty = false;
  readonly #keys: SealedKeys;
  readonly #held: HeldLocks;
  readonly #log: Log;
  readonly #unsaved = new Map<string, Unsaved>();
  /** Changes take effect in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(keys: SealedKeys, held: HeldLocks, log: Log) {
    this.#keys = keys;
    this.#held = held;
    this.#log = log;
    keys.client.onReady(() => this.#save());
  }

  peek(name: string): string | undefined | typeof NOT_YET {
    return this.#unsaved.has(name) ? this.#unsaved.get(name)?.text : NOT_YET;
  }

  async read(name: string): Promise<string | undefined> {
    if (!NAME.test(name)) return undefined;
    await this.#last;
    const unsaved = this.#unsaved.get(name);
    if (unsaved) return unsaved.text;
    return textOf(await this.#keys.read(keyOf('secret', name), LIFETIME));
  }

  write(name: string, text: string): Promise<void> {
    return this.#change(name, { text, fence: this.#held.fence(lockOver(name)) });
  }

  remove(name: string): Promise<void> {
    return this.#change(name, { text: undefined, fence: this.#held.fence(lockOver(name)) });
  }

  async names(): Promise<string[]> {
    const names = await this.#keys.names('secret');
    return names.filter((name) => NAME.test(name));
  }

  async #change(name: string, change: Unsaved): Promise<void> {
    if (!NAME.test(name)) throw new ProxyError('internal', `not a name for a credential: ${JSON.stringify(name)}`);
    const turn = this.#last.then(() => this.#send(name, change));
    this.#last = turn.catch(() => {});
    await turn.catch((error: Error) => {
      if (!this.#unsaved.has(name)) {
        this.#log.warn(`${error.message}: this sign-in is kept in this process until the store is back`);
      }
      this.#unsaved.set(name, change);
    });
  }

  async #send(name: string, { text, fence }: Unsaved): Promise<void> {
    const key = keyOf('secret', name);
    const keys = [key, fenceOf(lockOver(name))];
    const { client } = this.#keys;
    const done =
      text === undefined
        ? await client.script(FENCED_REMOVE, keys, fence ?? '')
        : await client.script(FENCED_WRITE, keys, fence ?? '', this.#keys.seal(key, text), LIFETIME);
    this.#unsaved.delete(name);
    // Another replica took the lock over from this one, and what it has stored since is newer.
    if (done === 0) this.#log.debug('a change of stored credentials came too late, and was dropped');
  }

  async saved(limit: number): Promise<void> {
    const until = performance.now() + limit;
    while (this.#unsaved.size > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }

  #save(): void {
    for (const [name, change] of this.#unsaved) {
      const turn = this.#last.then(() => (this.#unsaved.get(name) === change ? this.#send(name, change) : undefined));
      this.#last = turn.catch(() => {});
    }
  }
}

/** The lock that is held while the credentials with this name are written (see `Vault`). */
function lockOver(name: string): string {
  return `${name}.write`;
}
