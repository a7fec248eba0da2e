/** Everything that replicas share, in one store. Loaded with `--state` only. */
import type { PinStore } from '../../core/ports/pins.ts';
import type { Locks, Log, VerdictMemory } from '../../core/ports.ts';
import { type StoreAddress, shownStore } from './address.ts';
import { openClient } from './client.ts';
import { redisLocks } from './locks.ts';
import { redisPins } from './pins.ts';
import { type Register, redisReplicas } from './replicas.ts';
import { derived, sealWith } from './seal.ts';
import { SealedKeys } from './sealed-keys.ts';
import { type RedisSecretStore, redisSecrets } from './secrets.ts';
import { type OwnRecords, redisSessionRecords } from './session-records.ts';
import { redisVerdicts } from './verdicts.ts';

export interface SharedStateOptions {
  readonly address: StoreAddress;
  /** The texts of `--state-key`: the first one seals, and each of them opens. */
  readonly keys: readonly string[];
  readonly log: Log;
}

export interface SharedState {
  /** The store in messages, without secrets. */
  readonly label: string;
  /** Why the store cannot be used at present; undefined while it can. */
  readonly trouble: string | undefined;
  readonly credentials: RedisSecretStore;
  readonly locks: Locks;
  readonly memory: VerdictMemory;
  /** @param identity tells servers apart. */
  pins(identity: string): PinStore;
  readonly replicas: Register;
  /**
   * @param lifetime milliseconds after which the record of an unused session ends
   * @param lost called with the id of a session that another replica has taken over
   */
  records(lifetime: number, lost: (id: string) => void): OwnRecords;
  /** With these, replicas prove to each other that they are replicas; in the order of `--state-key`. */
  readonly replicaKeys: readonly { readonly id: string; readonly key: Buffer }[];
  /** The address that this machine has towards the store, once there is a connection. */
  readonly localAddress: string | undefined;
  /** Resolves as soon as the store can be used, or after the limit in milliseconds. */
  ready(limit: number): Promise<void>;
  /** Called whenever the connection is there again. */
  onReady(run: () => void): void;
  close(): void;
}

export function openSharedState({ address, keys: secrets, log }: SharedStateOptions): SharedState {
  const client = openClient(address, log);
  const seal = sealWith(secrets);
  const keys = new SealedKeys(client, seal, log);
  const { locks, held } = redisLocks(client);
  const replicas = redisReplicas(keys, seal);
  const isRunning = async (id: string): Promise<boolean> => (await replicas.find(id)) !== undefined;
  return {
    label: shownStore(address),
    get trouble() {
      return client.trouble;
    },
    credentials: redisSecrets(keys, held, log),
    locks,
    memory: redisVerdicts(keys),
    pins: (identity) => redisPins(keys, locks, identity),
    replicas,
    records: (lifetime, lost) => {
      const records = redisSessionRecords(keys, { own: replicas.id, lifetime, isRunning, lost });
      replicas.onInterruption(() => records.renew());
      return records;
    },
    replicaKeys: secrets.map((secret) => ({
      id: derived(secret, 'replica id', 8).toString('hex'),
      key: derived(secret, 'replica', 32),
    })),
    get localAddress() {
      return client.localAddress;
    },
    ready: (limit) => client.ready(limit),
    onReady: (run) => client.onReady(run),
    close: () => client.close(),
  };
}
