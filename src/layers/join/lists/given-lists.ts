/** The lists that a client has got, and what it is told when they are no longer true. */
import type { Json } from '../../../core/json.ts';
import { METHODS } from '../../../mcp/methods.ts';

/** Changes of lists that come at the same moment are told once; in milliseconds. */
const TOGETHER = 50;

export class GivenLists {
  readonly #tell: (change: string) => void;
  readonly #given = new Map<string, readonly Json[]>();
  readonly #changes = new Set<string>();
  #telling: ReturnType<typeof setTimeout> | undefined;

  /** @param tell tells the client with a notification */
  constructor(tell: (change: string) => void) {
    this.#tell = tell;
  }

  give(method: string, entries: readonly Json[]): void {
    this.#given.set(method, entries);
  }

  /** Tells the client which of its lists are different now. */
  compare(current: (method: string) => readonly Json[]): void {
    for (const [method, given] of this.#given) {
      if (!isSame(current(method), given)) this.changed(METHODS.get(method)?.changed ?? '');
    }
  }

  /** Tells the client, together with what else changes now. */
  changed(change: string): void {
    this.#changes.add(change);
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const all = [...this.#changes];
      this.#changes.clear();
      for (const one of all) this.#tell(one);
    }, TOGETHER);
  }

  clear(): void {
    this.#given.clear();
  }

  close(): void {
    this.clear();
    clearTimeout(this.#telling);
  }
}

function isSame(one: readonly Json[], other: readonly Json[]): boolean {
  return one === other || (one.length === other.length && one.every((entry, at) => entry.equals(other[at] as Json)));
}
