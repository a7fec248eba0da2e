/** Puts the pieces of one message together without holding it twice. */

/** From this size on, pieces are copied into one growing block as they come. */
const BLOCK_FROM = 524_288;

export interface GathererOptions {
  /** How many bytes will come, if known. */
  readonly expected?: number;
  /** Whether nobody else reads the pieces. Then the memory of a piece is given back as soon as it is copied. */
  readonly owned?: boolean;
}

export class Gatherer {
  #pieces: Buffer[] = [];
  #block: Buffer | undefined;
  readonly #expected: number;
  readonly #owned: boolean;
  /** Bytes gathered so far. */
  size = 0;

  constructor({ expected = 0, owned = false }: GathererOptions = {}) {
    this.#expected = expected;
    this.#owned = owned;
  }

  add(piece: Buffer): void {
    if (piece.length === 0) return;
    const size = this.size + piece.length;
    if (this.#block) {
      if (size > this.#block.length) this.#grow(size);
      this.#move(piece, this.#block, this.size);
    } else if (Math.max(size, this.#expected) < BLOCK_FROM) {
      this.#pieces.push(piece);
    } else {
      const block = Buffer.allocUnsafeSlow(this.#expected >= size ? this.#expected : size * 2);
      let at = 0;
      for (const part of [...this.#pieces, piece]) at += this.#move(part, block, at);
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

  /** Copies a piece into a block, and returns how many bytes it had. */
  #move(piece: Buffer, block: Buffer, at: number): number {
    const length = piece.copy(block, at);
    if (this.#owned) giveBack(piece);
    return length;
  }

  #grow(size: number): void {
    const block = this.#block as Buffer;
    // Memory that was never touched costs nothing, so doubling is cheap.
    const bigger = Buffer.allocUnsafeSlow(Math.max(size, block.length * 2));
    block.copy(bigger, 0, 0, this.size);
    giveBack(block);
    this.#block = bigger;
  }
}

/** Node 20 does not have it: `ArrayBuffer.prototype.transfer` (ECMAScript 2024). */
type Transferable = ArrayBufferLike & { readonly transfer?: (length: number) => ArrayBuffer };

/**
 * Gives the memory of a buffer back at once, where it belongs to this buffer alone. Otherwise V8 keeps it until it
 * collects garbage: since version 13 (Node 24), that is one to two times a large message more.
 */
function giveBack(buffer: Buffer): void {
  const memory: Transferable = buffer.buffer;
  if (memory.byteLength === buffer.length) memory.transfer?.(0);
}
