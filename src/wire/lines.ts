/** Newline-delimited JSON, the framing of the stdio transport (specification, "stdio"). */
import type { Frame } from '../core/jsonrpc.ts';
import { Gatherer, type GathererOptions } from './message-buffer.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const EMPTY = Buffer.alloc(0);

/** How many bytes to keep of each end of a line that is too long. */
const ENDS = 4_096;

let chunks = 0;

/** How many chunks have been split into lines. Lines that are written while it stays the same may come from one chunk. */
export function chunksSoFar(): number {
  return chunks;
}

/**
 * Splits a byte stream into lines. A line longer than `limit` is not kept: when it ends, its
 * first and last bytes go to `overflow`.
 */
export class LineReader {
  readonly #limit: number;
  readonly #line: (line: Buffer) => void;
  readonly #overflow: (head: Buffer, tail: Buffer) => void;
  readonly #gathered: Gatherer;
  #skipping = false;
  #head = EMPTY;
  #tail = EMPTY;

  /** @param memory whether the chunks are owned: whether nobody else reads them. */
  constructor(
    limit: number,
    line: (line: Buffer) => void,
    overflow: (head: Buffer, tail: Buffer) => void,
    memory: Pick<GathererOptions, 'owned'> = {},
  ) {
    this.#gathered = new Gatherer(memory);
    this.#limit = limit;
    this.#line = line;
    this.#overflow = overflow;
  }

  push(chunk: Buffer): void {
    chunks++;
    let at = 0;
    while (at < chunk.length) {
      const newline = chunk.indexOf(LF, at);
      if (newline === -1) break;
      if (this.#gathered.size === 0 && !this.#skipping && newline - at <= this.#limit) {
        // Nearly every line is in one chunk.
        this.#whole(chunk.subarray(at, newline));
      } else {
        this.#keep(chunk.subarray(at, newline));
        this.#end();
      }
      at = newline + 1;
    }
    if (at < chunk.length) this.#keep(at === 0 ? chunk : chunk.subarray(at));
  }

  /** The stream has ended: an unterminated last line counts as a line. */
  end(): void {
    this.#end();
  }

  #keep(piece: Buffer): void {
    if (this.#skipping) {
      this.#tail = Buffer.concat([this.#tail, piece.subarray(-ENDS)]).subarray(-ENDS);
      return;
    }
    this.#gathered.add(piece);
    if (this.#gathered.size <= this.#limit) return;
    this.#skipping = true;
    const kept = this.#gathered.take();
    // Copies, so that the whole line can be forgotten.
    this.#head = Buffer.from(kept.subarray(0, ENDS));
    this.#tail = Buffer.from(kept.subarray(-ENDS));
  }

  #end(): void {
    if (this.#skipping) {
      this.#skipping = false;
      this.#overflow(this.#head, this.#tail);
      return;
    }
    if (this.#gathered.size > 0) this.#whole(this.#gathered.take());
  }

  #whole(line: Buffer): void {
    const text = line[line.length - 1] === CR ? line.subarray(0, -1) : line;
    if (text.length > 0) this.#line(text);
  }
}

export const NEWLINE = Buffer.from('\n');

/**
 * A frame without newlines. Pretty-printed JSON holds them. In valid JSON they occur only between
 * tokens, so replacing them with spaces changes nothing.
 */
export function flat(frame: Frame): Frame {
  return frame.some(hasNewline) ? frame.map((part) => (hasNewline(part) ? flatten(part) : part)) : frame;
}

/** A frame as one line. */
export function asLine(frame: Frame): Frame {
  if (frame.length === 1) return [withNewline(frame[0] as Buffer)];
  const parts = flat(frame);
  const last = parts[parts.length - 1] as Buffer;
  return [...parts.slice(0, -1), withNewline(last)];
}

/** Bytes up to which a loop is faster than calls into Node. */
const SHORT = 512;

/** One part as the end of a line: copied once, and scanned while it is in the cache. */
function withNewline(part: Buffer): Buffer {
  const { length } = part;
  const line = Buffer.allocUnsafe(length + 1);
  line[length] = LF;
  if (length <= SHORT) {
    for (let i = 0; i < length; i++) {
      const c = part[i] as number;
      line[i] = c === LF || c === CR ? SPACE : c;
    }
    return line;
  }
  line.set(part);
  if (hasNewline(part)) flatten(line.subarray(0, -1)).copy(line);
  return line;
}

function hasNewline(part: Buffer): boolean {
  return part.includes(LF) || part.includes(CR);
}

function flatten(part: Buffer): Buffer {
  const copy = Buffer.from(part);
  for (let i = 0; i < copy.length; i++) if (copy[i] === LF || copy[i] === CR) copy[i] = SPACE;
  return copy;
}
