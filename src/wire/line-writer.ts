/** Writes frames as lines to a stream, and says when the reader is slower than the writer. */
import type { Writable } from 'node:stream';
import type { Frame } from '../core/jsonrpc.ts';
import { asLine } from './lines.ts';

/** Bytes that may wait for a slow reader before the writer must wait too. */
const FULL = 1_048_576;

/** Parts smaller than this are cheaper to copy than to write one by one. */
const JOIN_BELOW = 16_384;

export class LineWriter {
  readonly #stream: Writable;
  #drained: Promise<void> | undefined;
  #closed = false;
  /** Lines of this turn so far. */
  #lines = 0;
  /** Whether the last turn had several lines, so that the lines of this turn wait for its end. */
  #gathers = false;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.once('close', () => {
      this.#closed = true;
    });
  }

  /**
   * Writes one line. The promise, if any, resolves as soon as there is room again. Under load,
   * writing each line separately would cost more than everything else. So as long as turns of the
   * event loop bring several lines, those of a turn leave together at its end.
   */
  write(frame: Frame): Promise<void> | undefined {
    if (this.#closed || !this.#stream.writable) return undefined;
    const line = asLine(frame);
    if (this.#gathers) this.#hold(line);
    else this.#put(line);
    if (this.#lines++ === 0) setImmediate(() => this.#endTurn());
    return this.room();
  }

  #hold(line: Frame): void {
    for (const part of line) {
      this.#waiting.push(part);
      this.#waitingBytes += part.length;
    }
  }

  #endTurn(): void {
    this.#gathers = this.#lines > 1;
    this.#lines = 0;
    this.#release();
  }

  #release(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#put(waiting);
  }

  #put(parts: readonly Buffer[]): void {
    if (parts.length === 1) {
      this.#stream.write(parts[0]);
      return;
    }
    let small: Buffer[] = [];
    const join = (): void => {
      if (small.length > 0) this.#stream.write(small.length === 1 ? small[0] : Buffer.concat(small));
      small = [];
    };
    this.#stream.cork();
    for (const part of parts) {
      if (part.length < JOIN_BELOW) {
        small.push(part);
      } else {
        join();
        this.#stream.write(part);
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
