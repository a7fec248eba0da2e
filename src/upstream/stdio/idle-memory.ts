/**
 * What a legacy server has told clients whose process was stopped for want of use: how it introduces itself, and its
 * lists. A new client that opens in the same way gets the same answers, and no process is started for it until it calls
 * something.
 */
import type { Json } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { KnownLists } from './known-lists.ts';

/** For how long, in milliseconds. */
const MAX_AGE = 24 * 60 * 60_000;
/** How many ways to open to remember. */
const MAX_INTRODUCTIONS = 16;

interface RememberedIntroduction {
  readonly result: Json;
  readonly lists: KnownLists;
  readonly at: number;
}

export class IdleMemory {
  readonly #introductions = new Map<string, RememberedIntroduction>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Remembers what a session knew when its process was stopped. */
  remember(initialize: Call, result: Json, known: KnownLists): void {
    const key = keyOf(initialize);
    const lists = new KnownLists();
    lists.adopt(known);
    this.#introductions.delete(key);
    this.#introductions.set(key, { result, lists, at: this.#now() });
    const [oldest] = this.#introductions.keys();
    if (this.#introductions.size > MAX_INTRODUCTIONS && oldest !== undefined) this.#introductions.delete(oldest);
  }

  /** What the server answered to the same `initialize`. */
  recall(initialize: Call): Pick<RememberedIntroduction, 'result' | 'lists'> | undefined {
    const found = this.#introductions.get(keyOf(initialize));
    return found && this.#now() - found.at < MAX_AGE ? found : undefined;
  }

  /** The server has changed. */
  clear(): void {
    this.#introductions.clear();
  }
}

function keyOf({ params }: Call): string {
  return params?.toString('latin1') ?? '';
}
