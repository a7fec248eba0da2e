/** One value for each set of headers that clients send upstream: clients with the same headers share it. */

import type { Forwarded } from '../downstream/http/contracts.ts';

/** Beyond this number, the least recently used value goes. */
const MAX = 1_000;

export interface ByForwardedHeadersOptions<T> {
  readonly make: (forwarded: Forwarded) => T;
  /** Ends a value that is no longer kept. */
  readonly drop: (dropped: T) => void;
}

export class ByForwardedHeaders<T> {
  readonly #options: ByForwardedHeadersOptions<T>;
  readonly #known = new Map<string, T>();
  /** The headers that came last, and their value: clients that send none all have the same empty object. */
  #last: { readonly forwarded: Forwarded; readonly value: T } | undefined;

  constructor(options: ByForwardedHeadersOptions<T>) {
    this.#options = options;
  }

  of(forwarded: Forwarded): T {
    if (this.#last?.forwarded === forwarded) return this.#last.value;
    const key = JSON.stringify(Object.entries(forwarded));
    const known = this.#known.get(key) ?? this.#options.make(forwarded);
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known;
    if (this.#known.size > MAX && oldest) {
      this.#known.delete(oldest[0]);
      this.#options.drop(oldest[1]);
    }
    this.#last = { forwarded, value: known };
    return known;
  }

  all(): T[] {
    return [...this.#known.values()];
  }
}
