/** The credentials of one server, shared by every process of this user: read by all, written by whoever has the lock. */
import type { CancelSignal } from '../core/cancel.ts';
import { type ClientRecord, type Credentials, type Issuer, readCredentials } from './credentials.ts';
import type { SecretStore } from './store.ts';

/** How often a process looks whether another one is done, in milliseconds. */
const LOOK_EVERY = 150;

/** A sign-in that waits for its user, kept so that another process can go on with it. */
export interface PendingRecord {
  readonly version: 1;
  /** The authorization request, as the browser gets it. */
  readonly url: string;
  readonly state: string;
  readonly verifier: string;
  readonly redirectUri: string;
  /** Where the listener is, which need not be the port of the redirect URI. */
  readonly port: number;
  readonly issuer: Issuer;
  readonly client: ClientRecord;
  readonly resource?: string;
  readonly scope?: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When a tab was opened for this sign-in, or for an unfinished one before it; 0 for never. */
  readonly openedAt: number;
}

/** What keeps the processes of a user out of each other's way. */
export interface Lock {
  tryAcquire(): Promise<boolean>;
  held(): boolean;
  release(): Promise<void>;
}

/** For a process that shares nothing with others. */
export const ALONE: Lock = { tryAcquire: async () => true, held: () => true, release: async () => {} };

export class Vault {
  readonly #store: SecretStore;
  readonly #name: string;
  readonly #lock: Lock;

  constructor(store: SecretStore, name: string, lock: Lock) {
    this.#store = store;
    this.#name = name;
    this.#lock = lock;
  }

  read(): Credentials | undefined {
    return readCredentials(this.#store, this.#name);
  }

  /**
   * Stores what `change` makes of the stored credentials; resolves with what is stored then. To
   * be called with the lock: a process that lost it, because it was suspended for a long time,
   * leaves what others have stored since alone.
   */
  async update(
    change: (stored: Credentials | undefined) => Omit<Credentials, 'version' | 'serial'>,
  ): Promise<Credentials> {
    const stored = this.read();
    if (stored && !this.#lock.held()) return stored;
    const changed: Credentials = { ...change(stored), version: 1, serial: (stored?.serial ?? 0) + 1 };
    await this.#store.write(this.#name, JSON.stringify(changed));
    return changed;
  }

  async forget(): Promise<void> {
    await this.#store.remove(this.#name);
    await this.forgetPending();
  }

  /** The sign-in that some process has begun, or undefined. */
  pending(): PendingRecord | undefined {
    try {
      const value = JSON.parse(this.#store.read(this.#pendingName) ?? 'null') as Partial<PendingRecord> | null;
      const whole = value?.version === 1 && typeof value.url === 'string' && typeof value.startedAt === 'number';
      return whole ? (value as PendingRecord) : undefined;
    } catch {
      return undefined;
    }
  }

  keepPending(record: PendingRecord): Promise<void> {
    return this.#store.write(this.#pendingName, JSON.stringify(record));
  }

  forgetPending(): Promise<void> {
    return this.#store.remove(this.#pendingName);
  }

  /** Takes the lock if nobody alive has it. */
  tryLock(): Promise<boolean> {
    return this.#lock.tryAcquire();
  }

  unlock(): Promise<void> {
    return this.#lock.release();
  }

  /**
   * Waits for the lock, and looks after every step at what others have stored meanwhile.
   * Resolves with what `look` found, and then without the lock; or with undefined, and then with it.
   */
  async lockUnless<T>(look: () => T | undefined, signal: CancelSignal): Promise<T | undefined> {
    for (;;) {
      const before = look();
      if (before !== undefined) return before;
      if (await this.#lock.tryAcquire()) {
        // The last owner may have stored it between the look and the lock.
        const found = look();
        if (found === undefined) return undefined;
        await this.unlock();
        return found;
      }
      await wait(LOOK_EVERY, signal);
    }
  }

  get #pendingName(): string {
    return `${this.#name}.sign-in`;
  }
}

/** Waits; rejects with the reason of the signal when that is aborted first. */
export function wait(milliseconds: number, signal: CancelSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
