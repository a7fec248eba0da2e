/** The keys in the store: under one prefix, sealed, and each with an end. */
import type { Log } from '../../core/ports.ts';
import type { StoreClient } from './client.ts';
import { type KeyKind, keyOf, kindOf } from './key-names.ts';
import type { Seal } from './seal.ts';

/** What is read again long after it was written. */
const LASTING: ReadonlySet<string> = new Set<KeyKind>(['secret', 'verdict', 'pins', 'session']);

/** Looks for keys, at the node of a cluster that has them. KEYS: any of them. ARGV: the cursor, the pattern. */
const FIND = "return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 500)";

/** Changes the seal only: not the lifetime, and nothing that another replica has written meanwhile. ARGV: old, new. */
const REPLACE = `
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`;

export class SealedKeys {
  readonly client: StoreClient;
  readonly #seal: Seal;
  readonly #log: Log;
  #told = false;

  constructor(client: StoreClient, seal: Seal, log: Log) {
    this.client = client;
    this.#seal = seal;
    this.#log = log;
  }

  seal(key: string, text: string | Buffer): Buffer {
    return this.#seal.seal(key, text);
  }

  /** What was sealed under the key. Undefined for anything else, which the log mentions once. */
  open(key: string, sealed: unknown): Buffer | undefined {
    if (!Buffer.isBuffer(sealed)) return undefined;
    const opened = this.#seal.open(key, sealed);
    if (!opened) this.tellForeign(key);
    else if (this.#seal.isOld(sealed)) this.#sealAgain(key, sealed, opened);
    return opened;
  }

  /** @param lifetime milliseconds from now on; left out: as it was. */
  async read(key: string, lifetime?: number): Promise<Buffer | undefined> {
    const command = lifetime === undefined ? ['GET', key] : ['GETEX', key, 'PX', lifetime];
    const [name, ...args] = command as [string, ...(string | number)[]];
    return this.open(key, await this.client.run(name, ...args));
  }

  /** @param lifetime in milliseconds. */
  async write(key: string, text: string | Buffer, lifetime: number): Promise<void> {
    await this.client.run('SET', key, this.seal(key, text), 'PX', lifetime);
  }

  async remove(key: string): Promise<void> {
    await this.client.run('DEL', key);
  }

  /** The names of all keys of a kind. */
  async names(kind: KeyKind): Promise<string[]> {
    const prefix = keyOf(kind, '');
    const names = new Set<string>();
    let cursor = '0';
    do {
      const answer = await this.client.script(FIND, [prefix], cursor, `${prefix}*`);
      const [next, found] = answer as [Buffer, Buffer[]];
      cursor = next.toString();
      for (const key of found) names.add(key.toString('utf8').slice(prefix.length));
    } while (cursor !== '0' && names.size < MAX_NAMES);
    return [...names].sort();
  }

  /** Lets operators remove a key of `--state-key` without losing what lives long. */
  #sealAgain(key: string, sealed: Buffer, text: Buffer): void {
    if (!LASTING.has(kindOf(key))) return;
    this.client.script(REPLACE, [key], sealed, this.seal(key, text)).catch(() => {});
  }

  tellForeign(key: string): void {
    if (this.#told) return;
    this.#told = true;
    const kind = kindOf(key);
    this.#log.warn(
      `the store has data of the kind ${kind} that no key of --state-key has sealed; it is ignored ` +
        '(give all replicas the same --state-key, and the proxies a database of their own)',
    );
  }
}

/** A store with more has foreign keys under our prefix. */
const MAX_NAMES = 10_000;
