/** One thing for each identity that clients come with: whoever sends the same headers upstream shares it. */

type Forwarded = Readonly<Record<string, string>>;

/** The one that was not used for longest goes first. */
const MAX = 1_000;

export interface IdentitiesOptions<T> {
  readonly make: (forwarded: Forwarded) => T;
  /** Ends what is not known any more. */
  readonly drop: (dropped: T) => void;
}

export class Identities<T> {
  readonly #options: IdentitiesOptions<T>;
  readonly #known = new Map<string, T>();

  constructor(options: IdentitiesOptions<T>) {
    this.#options = options;
  }

  of(forwarded: Forwarded): T {
    const key = JSON.stringify(Object.entries(forwarded));
    const known = this.#known.get(key) ?? this.#options.make(forwarded);
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known;
    if (this.#known.size > MAX && oldest) {
      this.#known.delete(oldest[0]);
      this.#options.drop(oldest[1]);
    }
    return known;
  }

  all(): T[] {
    return [...this.#known.values()];
  }
}
