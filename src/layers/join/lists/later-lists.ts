/** Lists of a server that could not be asked: one client reads them when the server has been left alone long enough. */
import type { Catalog } from '../catalog.ts';

export class LaterLists {
  readonly #catalog: Catalog;
  readonly #load: (method: string) => void;
  readonly #wanted = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param load reads a list now */
  constructor(catalog: Catalog, load: (method: string) => void) {
    this.#catalog = catalog;
    this.#load = load;
  }

  /** Reads a list later, unless another client has done so by then. */
  add(method: string): void {
    this.#wanted.add(method);
    // Clients that wait for the same server try one after the other.
    this.#timer ??= setTimeout(() => this.#look(), this.#catalog.pause + 100 + Math.random() * 400);
  }

  /** The list has been read. */
  drop(method: string): void {
    this.#wanted.delete(method);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (const method of wanted) {
      if (!this.#catalog.mustAsk(method)) continue;
      if (this.#catalog.pause > 0) this.add(method);
      else this.#load(method);
    }
  }
}
