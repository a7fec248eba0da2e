/** Makes a sign-in work where nothing can be written: for this process only, and for as long as it runs. */
import type { Lock, Log, SecretStore } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';

/** Logs once why the sign-in is not stored. */
export class Unwritable {
  readonly #log: Log;
  #told = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Whether a write has failed so far. */
  get known(): boolean {
    return this.#told;
  }

  /** Takes the error of a failed write. */
  take(error: unknown): void {
    const reason = error instanceof Error ? printable(error.message, 300) : 'the credentials cannot be written';
    if (!this.#told) this.#log.warn(`${reason}: this sign-in ends with this process`);
    this.#told = true;
  }
}

/** The store, with what it could not write kept in memory. */
export function forgivingStore(store: SecretStore, unwritable: Unwritable): SecretStore {
  /** Undefined: removed, even if the store may still have it. */
  const kept = new Map<string, string | undefined>();
  const keep = async (act: () => Promise<void>, otherwise: () => void): Promise<void> => {
    try {
      if (!unwritable.known) await act();
      else otherwise();
    } catch (error) {
      unwritable.take(error);
      otherwise();
    }
  };
  return {
    get empty() {
      return kept.size === 0 && store.empty;
    },
    peek: (name) => (kept.has(name) ? kept.get(name) : store.peek(name)),
    read: async (name) => (kept.has(name) ? kept.get(name) : store.read(name)),
    write: (name, text) =>
      keep(
        () => store.write(name, text),
        () => kept.set(name, text),
      ),
    remove: (name) =>
      keep(
        () => store.remove(name),
        () => kept.set(name, undefined),
      ),
    names: () => store.names(),
  };
}

/** The lock. If it cannot be written, this process alone has the credentials, so it need not keep others out. */
export function forgivingLock(lock: Lock, unwritable: Unwritable): Lock {
  return {
    async tryAcquire() {
      if (unwritable.known) return true;
      return lock.tryAcquire().catch((error: unknown) => {
        unwritable.take(error);
        return true;
      });
    },
    held: async () =>
      unwritable.known ||
      lock.held().catch((error: unknown) => {
        unwritable.take(error);
        return true;
      }),
    release: () => lock.release().catch((error: unknown) => unwritable.take(error)),
  };
}
