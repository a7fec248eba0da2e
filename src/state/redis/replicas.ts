/**
 * The register of the replicas. Each one renews its entry while it lives; an entry that is not renewed is gone a few
 * seconds later, and with it, for all others, the replica. Entries are sealed: nothing else in the store can name a place
 * for requests.
 */
import { createHash, randomBytes } from 'node:crypto';
import { LONGEST_HANDLE, type ReplicaPlace, type Replicas } from '../../core/ports/replicas.ts';
import { keyOf } from './key-names.ts';
import type { Seal } from './seal.ts';
import type { SealedKeys } from './sealed-keys.ts';

/** How long a silent replica counts as running, and how often entries are renewed and read; in milliseconds. */
const REPLICA_LIFETIME = 6_000;
const RENEWAL = 1_000;
/**
 * How long a store must have worked without a break before a missing entry says that its replica is gone; in milliseconds.
 * Otherwise the first replica that connects after an outage would find that it is the only one.
 */
const SETTLING = 12_000;
const ID_BYTES = 8;
const HANDLE_BYTES = 16;
const HANDLE = /^[A-Za-z0-9_-]+$/;
const PLACE = 'handle';
/** The ids of all replicas, those that have ended lately included. */
const INDEX = keyOf('replicas', 'ids');
const INDEX_LIFETIME = 24 * 60 * 60_000;
const ID = /^[0-9a-f]{16}$/;
const MAX_REPLICAS = 1_000;

export interface Register extends Replicas {
  /** From now on, the others find this replica. */
  enter(place: { readonly address: string; readonly port: number }): Promise<void>;
  /** From now on, the others send it nothing new. */
  drain(): Promise<void>;
  /** The others no longer find it. */
  leave(): Promise<void>;
  /** Called whenever the others may have found this replica gone, or the store may have lost what it had. */
  onInterruption(run: () => void): void;
}

export function redisReplicas(keys: SealedKeys, seal: Seal): Register {
  return new RedisReplicas(keys, seal);
}

class RedisReplicas implements Register {
  readonly id = randomBytes(ID_BYTES).toString('hex');
  readonly #keys: SealedKeys;
  readonly #seal: Seal;
  #known = new Map<string, ReplicaPlace>();
  readonly #watched = new Map<string, Set<() => void>>();
  readonly #onInterruption: (() => void)[] = [];
  #own: ReplicaPlace | undefined;
  /** Since when the store has worked without a break; milliseconds of the clock. 0 at first, when nobody is known. */
  #steadySince = 0;
  /** Whether the index has had the id of this replica. */
  #listed = false;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(keys: SealedKeys, seal: Seal) {
    this.#keys = keys;
    this.#seal = seal;
    keys.client.onReady(() => this.#interrupted());
  }

  newHandle(): string {
    const content = Buffer.concat([Buffer.from(this.id, 'hex'), randomBytes(HANDLE_BYTES)]);
    return this.#seal.seal(PLACE, content).toString('base64url');
  }

  homeOf(handle: string): string | undefined {
    if (handle.length > LONGEST_HANDLE || !HANDLE.test(handle)) return undefined;
    const content = this.#seal.open(PLACE, Buffer.from(handle, 'base64url'));
    return content?.length === ID_BYTES + HANDLE_BYTES ? content.toString('hex', 0, ID_BYTES) : undefined;
  }

  async find(id: string): Promise<ReplicaPlace | undefined> {
    // It may have started a moment ago.
    if (!this.#known.has(id)) await this.#look();
    const known = this.#known.get(id);
    return known?.left ? undefined : known;
  }

  other(): ReplicaPlace | undefined {
    const others = [...this.#known.values()].filter(({ id, draining }) => id !== this.id && !draining);
    return others[Math.floor(Math.random() * others.length)];
  }

  rendezvous(key: string): ReplicaPlace | undefined {
    const isDraining = ({ id, draining }: ReplicaPlace): boolean =>
      id === this.id ? (this.#own?.draining ?? true) : draining;
    const able = [...this.#known.values()].filter((place) => !isDraining(place));
    const chosen = highest(able, key);
    return chosen?.id === this.id ? undefined : chosen;
  }

  get count(): number {
    return 1 + [...this.#known.values()].filter(({ id, left }) => id !== this.id && !left).length;
  }

  whenGone(id: string, run: () => void): () => void {
    const watchers = this.#watched.get(id) ?? new Set();
    this.#watched.set(id, watchers.add(run));
    return () => {
      watchers.delete(run);
      if (watchers.size === 0 && this.#watched.get(id) === watchers) this.#watched.delete(id);
    };
  }

  async enter(place: { readonly address: string; readonly port: number }): Promise<void> {
    this.#own = { id: this.id, draining: false, ...place };
    this.#timer ??= setInterval(() => this.#renew(), RENEWAL).unref();
    this.#keys.client.onReady(() => this.#renew());
    await this.#renew();
  }

  async drain(): Promise<void> {
    if (this.#own) this.#own = { ...this.#own, draining: true };
    await this.#renew();
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    // What others have sent before still gets its answers, so that they must not take this replica for dead.
    if (this.#own) this.#own = { ...this.#own, draining: true, left: true };
    await this.#renew();
    this.#own = undefined;
  }

  onInterruption(run: () => void): void {
    this.#onInterruption.push(run);
  }

  async #renew(): Promise<void> {
    const own = this.#own;
    if (!own) return;
    const { client } = this.#keys;
    try {
      const [, added] = await Promise.all([
        this.#keys.write(keyOf('replica', this.id), JSON.stringify(own), REPLICA_LIFETIME),
        client.run('SADD', INDEX, this.id),
        client.run('PEXPIRE', INDEX, INDEX_LIFETIME),
      ]);
      // The store was emptied, or the others have found this replica gone: it has been away for long.
      if (added === 1 && this.#listed) this.#interrupted();
      this.#listed = true;
    } catch {
      this.#interrupted();
    }
    await this.#look().catch(() => {});
  }

  /** Other replicas may not have been able to renew their entries. */
  #interrupted(): void {
    if (this.#known.size > 0) this.#steadySince = Date.now();
    for (const run of this.#onInterruption) run();
  }

  /** Reads the register. Rejects without the store; what was known stays known. */
  #look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<void> {
    const { client } = this.#keys;
    const names = ((await client.run('SMEMBERS', INDEX)) as Buffer[]).map(String).filter((name) => ID.test(name));
    const found = await Promise.all(names.slice(0, MAX_REPLICAS).map((name) => this.#entry(name)));
    const known = new Map(found.filter((place) => place !== undefined).map((place) => [place.id, place]));
    if (Date.now() - this.#steadySince < SETTLING) {
      for (const [id, place] of this.#known) if (!known.has(id)) known.set(id, place);
    } else {
      const gone = names.filter((name, at) => at < MAX_REPLICAS && !known.has(name));
      if (gone.length > 0) await client.run('SREM', INDEX, ...gone);
    }
    this.#known = known;
    for (const [id, watchers] of [...this.#watched]) {
      if (this.#known.has(id)) continue;
      this.#watched.delete(id);
      for (const run of watchers) run();
    }
  }

  async #entry(name: string): Promise<ReplicaPlace | undefined> {
    const text = await this.#keys.read(keyOf('replica', name));
    // Only a replica can have sealed it.
    const place = text && (JSON.parse(text.toString('utf8')) as ReplicaPlace);
    return place?.id === name ? place : undefined;
  }
}

/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): all replicas choose the same one for a key, and only the keys of a
 * replica that comes or goes move.
 */
function highest(places: readonly ReplicaPlace[], key: string): ReplicaPlace | undefined {
  const weighed = places.map((place) => ({
    place,
    weight: createHash('sha256').update(place.id).update(key).digest('hex'),
  }));
  return weighed.reduce<(typeof weighed)[number] | undefined>(
    (best, one) => (best && best.weight > one.weight ? best : one),
    undefined,
  )?.place;
}
