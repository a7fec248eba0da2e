/** Puts the pieces of one message together without holding it twice. */

/** From this size on, pieces are copied into one growing block as they come. */
const BLOCK_FROM = 524_288;

export class Gatherer {
  #pieces: Buffer[] = [];
  #block: Buffer | undefined;
  readonly #expected: number;
  /** Bytes gathered so far. */
  size = 0;

  /** @param expected how many bytes will come, if known. */
  constructor(expected = 0) {
    this.#expected = expected;
  }

  add(piece: Buffer): void {
    if (piece.length === 0) return;
    const size = this.size + piece.length;
    if (this.#block) {
      if (size > this.#block.length) this.#grow(size);
      piece.copy(this.#block, this.size);
    } else if (Math.max(size, this.#expected) < BLOCK_FROM) {
      this.#pieces.push(piece);
    } else {
      const block = Buffer.allocUnsafeSlow(this.#expected >= size ? this.#expected : size * 2);
      let at = 0;
      for (const part of [...this.#pieces, piece]) at += part.copy(block, at);
      this.#block = block;
      this.#pieces = [];
    }
    this.size = size;
  }

  /** Returns everything gathered, and starts over. */
  take(): Buffer {
    const { size } = this;
    const pieces = this.#pieces;
    const block = this.#block;
    this.#pieces = [];
    this.#block = undefined;
    this.size = 0;
    if (block) return block.subarray(0, size);
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, size);
  }

  #grow(size: number): void {
    // Memory that was never touched costs nothing, so doubling is cheap.
    const bigger = Buffer.allocUnsafeSlow(Math.max(size, (this.#block as Buffer).length * 2));
    (this.#block as Buffer).copy(bigger, 0, 0, this.size);
    this.#block = bigger;
  }
}
