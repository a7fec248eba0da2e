/** Writes frames as lines to a stream, and says when the reader is slower than the writer. */
import type { Writable } from 'node:stream';
import type { Frame } from '../core/jsonrpc.ts';
import { asLine, chunksSoFar, flat, NEWLINE } from './lines.ts';

/** Bytes that may wait for a slow reader before the writer must wait too. */
const FULL = 1_048_576;

/** Parts smaller than this are cheaper to copy than to write one by one. */
const JOIN_BELOW = 16_384;

export class LineWriter {
  readonly #stream: Writable;
  #drained: Promise<void> | undefined;
  #closed = false;
  /** The chunk after which the last line was written. */
  #chunk = 0;
  /** Lines after this chunk so far. */
  #lines = 0;
  /** Whether several lines followed the chunk before, so that the lines after this one wait for the others. */
  #gathers = false;
  /** The first line that waits; most have no other one after them. */
  #first: Frame | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.once('close', () => {
      this.#closed = true;
    });
  }

  /**
   * Writes one line. The promise, if any, resolves as soon as there is room again. Under load, to write each line alone
   * would cost more than everything else, so lines that one chunk of another stream brings leave together, at the end
   * of the callback. To wait for that end costs a tenth of a call, so the first line after a chunk leaves at once, unless
   * the chunk before brought several.
   */
  write(frame: Frame): Promise<void> | undefined {
    if (this.#closed || !this.#stream.writable) return undefined;
    const chunk = chunksSoFar();
    if (this.#chunk !== chunk) {
      this.#chunk = chunk;
      this.#gathers = this.#lines > 1;
      this.#lines = 0;
    }
    this.#lines++;
    if (this.#lines === 1 && !this.#gathers && !this.#first) this.#put(asLine(frame));
    else this.#hold(frame);
    return this.room();
  }

  #hold(frame: Frame): void {
    for (const part of frame) this.#waitingBytes += part.length;
    this.#waitingBytes++;
    if (!this.#first) {
      this.#first = frame;
      // After every answer that the same chunk brought: their promises settle before.
      process.nextTick(this.#release);
      return;
    }
    if (this.#waiting.length === 0) this.#waiting.push(...flat(this.#first), NEWLINE);
    this.#waiting.push(...flat(frame), NEWLINE);
  }

  readonly #release = (): void => {
    const first = this.#first;
    if (!first) return;
    this.#first = undefined;
    this.#waitingBytes = 0;
    if (this.#waiting.length === 0) {
      this.#put(asLine(first));
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#put(waiting);
  };

  #put(parts: readonly Buffer[]): void {
    if (!parts.some(isLarge)) {
      this.#stream.write(joined(parts));
      return;
    }
    let small: Buffer[] = [];
    const join = (): void => {
      if (small.length > 0) this.#stream.write(joined(small));
      small = [];
    };
    this.#stream.cork();
    for (const part of parts) {
      if (isLarge(part)) {
        join();
        this.#stream.write(part);
      } else {
        small.push(part);
      }
    }
    join();
    this.#stream.uncork();
  }

  /** A promise for room, or undefined when there is room now. */
  room(): Promise<void> | undefined {
    if (this.#closed || this.#stream.writableLength + this.#waitingBytes < FULL) return undefined;
    this.#release();
    if (this.#stream.writableLength < FULL) return undefined;
    this.#drained ??= new Promise((resolve) => {
      const done = (): void => {
        this.#drained = undefined;
        this.#stream.off('drain', done);
        this.#stream.off('close', done);
        resolve();
      };
      this.#stream.once('drain', done);
      this.#stream.once('close', done);
    });
    return this.#drained;
  }

  /** Resolves when everything written so far has left the process, or no longer can. */
  flushed(): Promise<void> {
    this.#release();
    return new Promise((resolve) => {
      if (this.#closed || !this.#stream.writable || this.#stream.writableLength === 0) {
        resolve();
        return;
      }
      this.#stream.write('', () => resolve());
      this.#stream.once('close', () => resolve());
    });
  }
}

function isLarge(part: Buffer): boolean {
  return part.length >= JOIN_BELOW;
}

function joined(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}
