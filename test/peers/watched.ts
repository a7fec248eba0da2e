// A list that grows while a test waits for its n-th element.
import { Changes } from './changes.ts';

export class Watched<T> {
  readonly all: T[] = [];
  readonly #what: string;
  readonly #changes = new Changes();

  constructor(what: string) {
    this.#what = what;
  }

  /** Adds an element and returns its number, from 1. */
  add(element: T): number {
    const number = this.all.push(element);
    this.#changes.changed();
    return number;
  }

  /** The n-th element, from 1, of those that match. */
  nth(n: number, matches: (element: T) => boolean = () => true): Promise<T> {
    return this.#changes.until(
      () => this.all.filter(matches)[n - 1],
      (reason) => `${reason} for ${n} ${this.#what}; there are ${this.all.filter(matches).length}`,
    );
  }
}
