/** Newline-delimited JSON, the framing of the stdio transport (specification, "stdio"). */
import type { Frame } from '../core/jsonrpc.ts';
import { Gatherer } from './gather.ts';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Splits a byte stream into lines. A line longer than `limit` is not kept: its first bytes go
 * to `overflow` as soon as the limit is passed, the rest is skipped up to the next newline.
 */
export class LineReader {
  readonly #limit: number;
  readonly #line: (line: Buffer) => void;
  readonly #overflow: (head: Buffer) => void;
  readonly #gathered = new Gatherer();
  #skipping = false;

  constructor(limit: number, line: (line: Buffer) => void, overflow: (head: Buffer) => void) {
    this.#limit = limit;
    this.#line = line;
    this.#overflow = overflow;
  }

  push(chunk: Buffer): void {
    let at = 0;
    for (;;) {
      const newline = chunk.indexOf(LF, at);
      if (newline === -1) break;
      this.#keep(chunk.subarray(at, newline));
      this.#end();
      at = newline + 1;
    }
    if (at < chunk.length) this.#keep(at === 0 ? chunk : chunk.subarray(at));
  }

  /** The stream has ended: an unterminated last line counts as a line. */
  end(): void {
    this.#end();
  }

  #keep(piece: Buffer): void {
    if (this.#skipping) return;
    this.#gathered.add(piece);
    if (this.#gathered.size <= this.#limit) return;
    this.#skipping = true;
    this.#overflow(this.#gathered.take());
  }

  #end(): void {
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    if (this.#gathered.size === 0) return;
    const line = this.#gathered.take();
    const text = line[line.length - 1] === CR ? line.subarray(0, -1) : line;
    if (text.length > 0) this.#line(text);
  }
}

/**
 * A frame as one line. Pretty-printed JSON holds newlines; in valid JSON they stand between
 * tokens only, so a space in their place changes nothing.
 */
export function asLine(frame: Frame): Frame {
  const flat = frame.map((part) => (part.includes(LF) || part.includes(CR) ? flatten(part) : part));
  const last = flat[flat.length - 1] as Buffer;
  return [...flat.slice(0, -1), Buffer.concat([last, Buffer.from('\n')])];
}

function flatten(part: Buffer): Buffer {
  const copy = Buffer.from(part);
  for (let i = 0; i < copy.length; i++) if (copy[i] === LF || copy[i] === CR) copy[i] = 0x20;
  return copy;
}
