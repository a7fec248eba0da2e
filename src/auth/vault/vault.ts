/** The credentials of one server, shared by every process of this user: all of them read, and the one with the lock writes. */
import { Cancellation, type CancelSignal } from '../../core/cancel.ts';
import type { Lock, SecretStore } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { checkBrowserUrl } from '../../platform/browser.ts';
import { bearerOf, type ClientRecord, type Credentials, type Issuer } from './credentials.ts';
import { isNumber, readCredentials, soundClient, soundIssuer } from './stored.ts';

/** How often a process checks whether another one is done, in milliseconds. */
const LOOK_EVERY = 150;

/** How often a process checks whether another one has written, in milliseconds. */
const WRITE_EVERY = 20;

/** How long another process may take for a write, in milliseconds. */
const LONGEST_WRITE = 10_000;

/** How long the answer of a browser may take, whichever process waits for it; in milliseconds. */
export const LONGEST_SIGN_IN = 10 * 60_000;

/** In milliseconds. The program grants no server a longer pause, so a record with a longer one is damaged. */
const LONGEST_PAUSE = 60 * 60_000;

type Changed = Omit<Credentials, 'version' | 'serial'>;

/** A sign-in that waits for its user, stored so that another process can continue it. */
export interface PendingRecord {
  readonly version: 1;
  /** The authorization request, as the browser gets it. */
  readonly url: string;
  readonly state: string;
  readonly verifier: string;
  readonly redirectUri: string;
  /** The port of the listener, which may differ from that of the redirect URI. */
  readonly port: number;
  readonly issuer: Issuer;
  readonly client: ClientRecord;
  readonly resource?: string;
  readonly scope?: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The code to enter at the URL, with the device grant: no other process can continue it. */
  readonly userCode?: string;
  /** When a tab was opened for this sign-in, or for an unfinished one before it; 0 for never. */
  readonly openedAt: number;
}

/** Records that a token endpoint would not refresh these credentials for now, so that all processes leave it alone. */
export interface Pause {
  /** The serial of the credentials. */
  readonly serial: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
  /** The number of failures in a row. */
  readonly failures: number;
  /** The message of the last failure. */
  readonly message: string;
}

export class Vault {
  readonly #store: SecretStore;
  readonly #name: string;
  readonly #lock: Lock;
  readonly #writing: Lock;

  /**
   * @param lock for the work on these credentials: a sign-in or a refresh.
   * @param writing held while a change is written, whatever work it belongs to.
   */
  constructor(store: SecretStore, name: string, lock: Lock, writing: Lock) {
    this.#store = store;
    this.#name = name;
    this.#lock = lock;
    this.#writing = writing;
  }

  read(): Promise<Credentials | undefined> {
    return readCredentials(this.#store, this.#name);
  }

  /**
   * Stores new credentials, and resolves with what is stored afterwards. The caller must hold the lock. A process that
   * lost the lock, because it was suspended for a long time, does not overwrite what others have stored since.
   */
  update(changed: Changed): Promise<Credentials> {
    return this.#alone(async () => {
      const stored = await this.read();
      return stored && !(await this.#lock.held()) ? stored : this.#write(stored, changed);
    });
  }

  /**
   * As `update`, but replaces only these very credentials: newer ones stay, and forgotten ones stay forgotten.
   */
  replace(credentials: Credentials, changed: Changed): Promise<Credentials | undefined> {
    return this.#alone(async () => {
      const stored = await this.read();
      const same = stored?.serial === credentials.serial && bearerOf(stored) === bearerOf(credentials);
      return same ? this.#write(stored, changed) : stored;
    });
  }

  async #write(stored: Credentials | undefined, changed: Changed): Promise<Credentials> {
    const next: Credentials = { ...changed, version: 1, serial: (stored?.serial ?? 0) + 1 };
    await this.#store.write(this.#name, JSON.stringify(next));
    return next;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const patience = performance.now() + LONGEST_WRITE;
    // A process that is suspended during a write must not block all others. Each single write is atomic anyway.
    while (!(await this.#writing.tryAcquire()) && performance.now() < patience)
      await wait(WRITE_EVERY, new Cancellation());
    try {
      return await work();
    } finally {
      await this.#writing.release();
    }
  }

  async forget(): Promise<void> {
    await this.#alone(() => this.#store.remove(this.#name));
    await this.#store.remove(this.#pauseName);
    await this.forgetPending();
  }

  /** The record of the last failed refresh of these credentials. */
  async pause(serial: number): Promise<Pause | undefined> {
    const value = await this.#record<Pause>(this.#pauseName);
    const { since, until, failures, message } = value ?? {};
    if (value?.serial !== serial || !isNumber(since) || !isNumber(until) || !isNumber(failures)) return undefined;
    return typeof message === 'string' && until - since <= LONGEST_PAUSE ? (value as Pause) : undefined;
  }

  keepPause(pause: Pause): Promise<void> {
    return this.#store.write(this.#pauseName, JSON.stringify(pause));
  }

  /** The sign-in that this or another process has begun, or undefined. */
  async pending(): Promise<PendingRecord | undefined> {
    return soundPending(await this.#record(this.#pendingName));
  }

  /** The same, as long as the user can still finish its page. */
  async fresh(): Promise<PendingRecord | undefined> {
    const pending = await this.pending();
    const age = pending ? Date.now() - pending.startedAt : LONGEST_SIGN_IN;
    return age >= 0 && age < LONGEST_SIGN_IN ? pending : undefined;
  }

  keepPending(record: PendingRecord): Promise<void> {
    return this.#store.write(this.#pendingName, JSON.stringify(record));
  }

  forgetPending(): Promise<void> {
    return this.#store.remove(this.#pendingName);
  }

  unlock(): Promise<void> {
    return this.#lock.release();
  }

  /**
   * Waits for the lock, and calls `look` after every step to see what others have stored meanwhile. Resolves with what
   * `look` found, and then without the lock; or with undefined, and then with it.
   *
   * Rejects with a ProxyError `timeout` when another process holds the lock for longer than any sign-in may take.
   *
   * @param waiting called after every step at which another process held the lock, with the milliseconds so far.
   */
  async lockUnless<T>(
    look: () => Promise<T | undefined>,
    signal: CancelSignal,
    waiting: (waited: number) => Promise<void> = async () => {},
  ): Promise<T | undefined> {
    const since = performance.now();
    for (;;) {
      const before = await look();
      if (before !== undefined) return before;
      if (await this.#lock.tryAcquire()) {
        // The previous owner may have stored credentials between the look and the lock.
        const found = await this.#orUnlock(look);
        if (found === undefined) return undefined;
        await this.unlock();
        return found;
      }
      const waited = performance.now() - since;
      if (waited > LONGEST_SIGN_IN) throw stuck();
      await waiting(waited);
      await wait(LOOK_EVERY, signal);
    }
  }

  /** Releases the lock if the look fails, because no other code would. */
  async #orUnlock<T>(look: () => Promise<T>): Promise<T> {
    try {
      return await look();
    } catch (error) {
      await this.unlock();
      throw error;
    }
  }

  async #record<T>(name: string): Promise<Partial<T> | undefined> {
    const text = await this.#store.read(name);
    try {
      const value: unknown = JSON.parse(text ?? 'null');
      return typeof value === 'object' && value !== null ? value : undefined;
    } catch {
      return undefined;
    }
  }

  get #pauseName(): string {
    return `${this.#name}.pause`;
  }

  get #pendingName(): string {
    return `${this.#name}.sign-in`;
  }
}

/** A sign-in that another process can continue, or at least show; undefined when the record is damaged. */
function soundPending(value: Partial<PendingRecord> | undefined): PendingRecord | undefined {
  if (value?.version !== 1 || !isNumber(value.startedAt) || !isNumber(value.openedAt)) return undefined;
  if (!soundIssuer(value.issuer) || !soundClient(value.client) || !isSafe(value.url)) return undefined;
  if (value.userCode !== undefined) return typeof value.userCode === 'string' ? (value as PendingRecord) : undefined;
  const { state, verifier, redirectUri, port } = value;
  const answerable = Boolean(state && verifier) && URL.canParse(String(redirectUri));
  return answerable && isNumber(port) && port > 0 && port < 65_536 ? (value as PendingRecord) : undefined;
}

function isSafe(url: unknown): boolean {
  try {
    return typeof url === 'string' && checkBrowserUrl(url).href === url;
  } catch {
    return false;
  }
}

function stuck(): ProxyError {
  return new ProxyError('timeout', 'another mcp-proxy has been at work on this sign-in for too long', {
    hint: 'end it, and try again',
  });
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
