/** The results that clients have only got the beginning of. Limited in number, size and time: the oldest ones go first. */

interface KeptResult {
  /** The session whose client may read it. */
  readonly owner: object;
  readonly texts: readonly string[];
  readonly bytes: number;
  readonly until: number;
}

export const PREFIX = 'mcp-proxy://results/';
const MAX_RESULTS = 100;
const MAX_BYTES = 32 * 1_048_576;
/** In milliseconds. */
const LIFETIME = 60 * 60_000;
/** The same in words. */
export const KEPT_FOR = 'an hour';

export class KeptResults {
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #kept = new Map<string, KeptResult>();
  #bytes = 0;

  /** @param newId makes texts that cannot be guessed */
  constructor(now: () => number = Date.now, newId: () => string = () => crypto.randomUUID()) {
    this.#newId = newId;
    this.#now = now;
  }

  /** The URI of the result; undefined if it is too large to be kept. */
  keep(owner: object, texts: readonly string[], bytes: number): string | undefined {
    if (bytes > MAX_BYTES) return undefined;
    for (const [uri, { until }] of this.#kept) {
      const hasRoom = this.#kept.size < MAX_RESULTS && this.#bytes + bytes <= MAX_BYTES;
      if (hasRoom && until > this.#now()) break;
      this.#drop(uri);
    }
    const uri = PREFIX + this.#newId();
    this.#kept.set(uri, { owner, texts, bytes, until: this.#now() + LIFETIME });
    this.#bytes += bytes;
    return uri;
  }

  get(owner: object, uri: string): readonly string[] | undefined {
    const kept = this.#kept.get(uri);
    return kept && kept.owner === owner && kept.until > this.#now() ? kept.texts : undefined;
  }

  /** The client has gone. */
  forget(owner: object): void {
    for (const [uri, kept] of this.#kept) if (kept.owner === owner) this.#drop(uri);
  }

  #drop(uri: string): void {
    this.#bytes -= this.#kept.get(uri)?.bytes ?? 0;
    this.#kept.delete(uri);
  }
}
