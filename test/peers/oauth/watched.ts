// A list that grows while a test looks on: the n-th element can be waited for.
import { WAIT_MS } from '../listen.ts';

export class Watched<T> {
  readonly all: T[] = [];
  readonly #what: string;
  readonly #looks = new Set<() => void>();

  constructor(what: string) {
    this.#what = what;
  }

  /** Adds an element and returns its number, from 1. */
  add(element: T): number {
    const number = this.all.push(element);
    for (const look of [...this.#looks]) look();
    return number;
  }

  /** The n-th element, from 1, of those that match. */
  nth(n: number, matches: (element: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#looks.delete(look);
        clearTimeout(timer);
      };
      const look = (): void => {
        const found = this.all.filter(matches);
        if (found.length < n) return;
        done();
        resolve(found[n - 1] as T);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`waited ${WAIT_MS} ms for ${n} ${this.#what}; there are ${this.all.filter(matches).length}`));
      }, WAIT_MS);
      this.#looks.add(look);
      look();
    });
  }
}
