// Lets a test wait until something is true of a peer. The peer reports each change, and nothing is polled.
import { WAIT_MS } from './listen.ts';

export class Changes {
  readonly #looks = new Set<() => void>();
  #end: string | undefined;

  /** Makes every wait look again. */
  changed(): void {
    for (const look of [...this.#looks]) look();
  }

  /** Nothing changes after this: each wait looks once more, and then fails with the reason. */
  end(reason: string): void {
    this.#end ??= reason;
    this.changed();
  }

  /** Resolves as soon as `find` returns a value. `failure` describes the state when the wait ends without one. */
  until<T>(find: () => T | undefined, failure: (reason: string) => string, limitMs = WAIT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        finish();
      };
      const look = (): void => {
        const found = find();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#end !== undefined) settle(() => reject(new Error(failure(this.#end as string))));
      };
      const late = (): void => settle(() => reject(new Error(failure(`waited ${limitMs} ms`))));
      const timer = setTimeout(late, limitMs);
      this.#looks.add(look);
      look();
    });
  }
}
