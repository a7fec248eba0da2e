/** A linked list that finds its entries by a key, at the same cost however many there are. */
import { LinkedList, ListNode } from './linked-list.ts';

export abstract class KeyedNode extends ListNode {
  #key: string | undefined;

  /** Computes the key; called at most once. */
  protected abstract computeKey(): string;

  get key(): string {
    this.#key ??= this.computeKey();
    return this.#key;
  }
}

export class KeyedList<E extends KeyedNode> extends LinkedList<E> {
  /** Created for the first look-up among several entries. */
  #byKey: Map<string, E> | undefined;

  override add(entry: E): void {
    super.add(entry);
    this.#byKey?.set(entry.key, entry);
  }

  override delete(entry: E): boolean {
    if (this.#byKey?.get(entry.key) === entry) this.#byKey.delete(entry.key);
    return super.delete(entry);
  }

  /** The newest entry with a key. */
  get(key: string): E | undefined {
    if (!this.#byKey) {
      const { newest } = this;
      if (this.size <= 1) return newest?.key === key ? newest : undefined;
      this.#byKey = new Map([...this].map((entry) => [entry.key, entry]));
    }
    return this.#byKey.get(key);
  }
}
