/** What the rest of the program knows of a sign-in: that the user must act, and where. */
import type { CancelSignal } from './cancel.ts';

export interface PendingSignIn {
  /** The page to open; undefined until it is known, or when no page has been opened yet. */
  readonly url: string | undefined;
  /** The code to enter there, with the device grant (RFC 8628). */
  readonly userCode?: string;
}

/** The client's view of a sign-in: it can be watched, not changed. */
export interface SignIn {
  /** The sign-in that waits for its user, if there is one. */
  readonly pending: PendingSignIn | undefined;
  /** Whether requests with this signal wait for credentials; without a signal, whether any request does. */
  waits(signal?: CancelSignal): boolean;
  /** Whether credentials for the server exist. */
  readonly signedIn: boolean;
  /** How many sign-ins this process or another one has completed since the start. */
  readonly completed: number;
  /**
   * Calls back after every change of `pending`, after every completed sign-in, and when a request
   * starts or stops waiting. Call the returned function to stop.
   */
  watch(listener: () => void): () => void;
}

export class SignInState implements SignIn {
  #pending: PendingSignIn | undefined;
  readonly #listeners = new Set<() => void>();

  #completed = 0;
  /** How many requests wait, by signal; requests without one share an entry. */
  readonly #waiting = new Map<CancelSignal | undefined, number>();
  signedIn = false;

  get pending(): PendingSignIn | undefined {
    return this.#pending;
  }

  get completed(): number {
    return this.#completed;
  }

  waits(signal?: CancelSignal): boolean {
    return signal ? this.#waiting.has(signal) : this.#waiting.size > 0;
  }

  /** Notes that a request waits, until the returned function is called. */
  beginWaiting(signal: CancelSignal | undefined): () => void {
    this.#waiting.set(signal, (this.#waiting.get(signal) ?? 0) + 1);
    this.#tell();
    return () => {
      const left = (this.#waiting.get(signal) ?? 1) - 1;
      if (left > 0) this.#waiting.set(signal, left);
      else this.#waiting.delete(signal);
      this.#tell();
    };
  }

  /** Notes that new credentials exist. */
  complete(): void {
    this.#completed++;
    this.signedIn = true;
    this.#pending = undefined;
    this.#tell();
  }

  set pending(pending: PendingSignIn | undefined) {
    const old = this.#pending;
    if (old?.url === pending?.url && old?.userCode === pending?.userCode && !old === !pending) return;
    this.#pending = pending;
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
