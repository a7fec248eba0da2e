/** Cancellation, kept cheap: every exchange has one, and almost none is ever used. */

/** An object with `handleEvent` works too, as for any event target, so a request can be its own listener. */
export type AbortListener = (() => void) | { handleEvent(): void };

/** The part of an `AbortSignal` that the proxy uses; a real one fits too. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** False while a request waits to be sent for the first time; undefined where its wire does not tell. */
  sent?: boolean | undefined;
  addEventListener(type: 'abort', listener: AbortListener, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: AbortListener): void;
}

/** Controller and signal in one. An `AbortController` costs ten times as much, mostly in garbage. */
export class Cancellation implements CancelSignal {
  aborted = false;
  reason: unknown;
  sent: boolean | undefined;
  #listener: AbortListener | undefined;
  /** Most have one listener, which needs no array. */
  #others: AbortListener[] | undefined;

  /** The same object, typed so that its holder can watch it but not abort it. */
  get signal(): CancelSignal {
    return this;
  }

  /** Calls every listener, once only. */
  abort(reason: unknown = new Error('aborted')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listener = this.#listener;
    const others = this.#others;
    this.#listener = undefined;
    this.#others = undefined;
    if (listener) call(listener);
    if (others) for (const other of others) call(other);
  }

  addEventListener(_type: 'abort', listener: AbortListener): void {
    if (this.aborted) return;
    if (!this.#listener && !this.#others) this.#listener = listener;
    else if (this.#others) this.#others.push(listener);
    else this.#others = [listener];
  }

  removeEventListener(_type: 'abort', listener: AbortListener): void {
    if (this.#listener === listener) {
      this.#listener = undefined;
      return;
    }
    const at = this.#others?.indexOf(listener) ?? -1;
    if (at === -1) return;
    this.#others?.splice(at, 1);
    if (this.#others?.length === 0) this.#others = undefined;
  }
}

function call(listener: AbortListener): void {
  if (typeof listener === 'function') listener();
  else listener.handleEvent();
}

/** The promise; rejects as soon as the signal is aborted. */
export function unlessAborted<T>(promise: Promise<T>, signal: CancelSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error) => {
        settled();
        reject(error);
      },
    );
  });
}
