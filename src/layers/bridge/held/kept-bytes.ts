/** How many bytes of answers may wait for clients that have not come back yet; all clients share them. */
const MAX = 64 * 1_048_576;

export class KeptBytes {
  #bytes = 0;

  /** Whether there is room for so many bytes more; then they count until they are released. */
  claim(bytes: number): boolean {
    if (this.#bytes + bytes > MAX) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
