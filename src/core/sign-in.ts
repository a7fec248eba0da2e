/** What the rest of the program knows of a sign-in: that a user has to do something, and where. */
import type { CancelSignal } from './cancel.ts';

export interface PendingSignIn {
  /** The page to open; undefined while it is being found out, or when nobody opened one yet. */
  readonly url: string | undefined;
  /** The code to enter there, with the device grant (RFC 8628). */
  readonly userCode?: string;
}

/** Seen from the side of the client: watched, never changed. */
export interface SignIn {
  /** The sign-in that waits for its user, or undefined when there is none. */
  readonly pending: PendingSignIn | undefined;
  /** Whether requests with this signal wait for credentials; without one, whether any do. */
  waits(signal?: CancelSignal): boolean;
  /** Whether there are credentials for the server. */
  readonly signedIn: boolean;
  /** How many sign-ins have been completed since the start, by this process or by another one. */
  readonly completed: number;
  /** Calls back after every change of `pending`, after every completed sign-in, and when a request begins or ends to wait, until the function it returns is called. */
  watch(listener: () => void): () => void;
}

export class SignInState implements SignIn {
  #pending: PendingSignIn | undefined;
  readonly #listeners = new Set<() => void>();

  #completed = 0;
  /** How many requests wait, by their signal; requests without one share a place. */
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

  /** Notes that a request waits, until the function it returns is called. */
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

  /** Notes that there are credentials that were not there before. */
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
