/**
 * A linked list for open requests and streams, which each call adds and removes. A `Set` would do, but V8
 * chains each table of a `Set` to the table that replaces it. As soon as one table has grown old,
 * everything that was ever in the later ones stays in memory until the next full collection,
 * which costs more than the rest of a call.
 */

/** What a list can hold. */
export abstract class ListNode {
  // Set in the constructor, which is faster than initializers: every call makes several entries.
  declare before: ListNode | undefined;
  declare after: ListNode | undefined;

  constructor() {
    this.before = undefined;
    this.after = undefined;
  }
}

class Sentinel extends ListNode {}

export class LinkedList<E extends ListNode> implements Iterable<E> {
  /** Before the first and after the last. */
  readonly #ends: ListNode = new Sentinel();
  #size = 0;
  /** Called whenever an entry has been removed, while somebody waits for that. */
  #removed: (() => void)[] | undefined;

  constructor() {
    this.#ends.before = this.#ends;
    this.#ends.after = this.#ends;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds an entry that is in no list, at the end. */
  add(entry: E): void {
    const last = this.#ends.before as ListNode;
    entry.before = last;
    entry.after = this.#ends;
    last.after = entry;
    this.#ends.before = entry;
    this.#size++;
  }

  /** Removes an entry of this list. Returns whether it was there. */
  delete(entry: E): boolean {
    const { before, after } = entry;
    if (!before || !after) return false;
    before.after = after;
    after.before = before;
    entry.before = undefined;
    entry.after = undefined;
    this.#size--;
    if (this.#removed) for (const look of [...this.#removed]) look();
    return true;
  }

  /** Resolves as soon as the list has no entry of a kind. */
  async without(isOfKind: (entry: E) => boolean): Promise<void> {
    const isOver = (): boolean => !this.#some(isOfKind);
    if (isOver()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isOver()) return;
        this.#removed = this.#removed?.filter((other) => other !== look);
        if (this.#removed?.length === 0) this.#removed = undefined;
        resolve();
      };
      this.#removed = [...(this.#removed ?? []), look];
    });
  }

  /** Stops at the first one: it is looked for after each removal. */
  #some(isOfKind: (entry: E) => boolean): boolean {
    for (let at = this.#ends.after; at && at !== this.#ends; at = at.after) if (isOfKind(at as E)) return true;
    return false;
  }

  /** Whether an entry is in a list; each is in one at most. */
  has(entry: E): boolean {
    return entry.before !== undefined;
  }

  /** The present entries, in the order in which they were added. */
  [Symbol.iterator](): Iterator<E> {
    const all: E[] = [];
    for (let at = this.#ends.after; at && at !== this.#ends; at = at.after) all.push(at as E);
    return all[Symbol.iterator]();
  }

  /** The entry that was added last among those of a kind. */
  newestThat(isOfKind: (entry: E) => boolean): E | undefined {
    for (let at = this.#ends.before; at && at !== this.#ends; at = at.before) if (isOfKind(at as E)) return at as E;
    return undefined;
  }

  /** The entry that was added first. */
  get oldest(): E | undefined {
    return this.#size === 0 ? undefined : (this.#ends.after as E);
  }

  /** The entry that was added last. */
  get newest(): E | undefined {
    return this.#size === 0 ? undefined : (this.#ends.before as E);
  }
}
