/** How many bytes of answers may wait for clients that have not come back yet; all clients share them. */
const MAX = 64 * 1_048_576;

export class KeptBytes {
  readonly #max: number;
  #bytes = 0;

  constructor(max = MAX) {
    this.#max = max;
  }

  /** Whether there is room for so many bytes more; then they count until they are released. */
  claim(bytes: number): boolean {
    if (this.#bytes + bytes > this.#max) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
