/** What a sign-in does where nothing can be written: it works, for this process alone and for as long as it runs. */
import type { Lock, Log, SecretStore } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';

/** Says once why nothing is kept. */
export class Unwritable {
  readonly #log: Log;
  #told = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Whether something could not be written so far. */
  get known(): boolean {
    return this.#told;
  }

  /** Takes the error of a place that cannot be written. */
  take(error: unknown): void {
    const reason = error instanceof Error ? printable(error.message, 300) : 'the credentials cannot be written';
    if (!this.#told) this.#log.warn(`${reason}: this sign-in ends with this process`);
    this.#told = true;
  }
}

/** The store, and what it could not take. */
export function forgivingStore(store: SecretStore, unwritable: Unwritable): SecretStore {
  /** Undefined: what the store may still have was removed. */
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

/** The lock; where it cannot be written, there is nobody to be kept out. */
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
