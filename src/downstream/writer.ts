/** Writes frames as lines to a stream, and tells when the reader is slower than the writer. */
import type { Writable } from 'node:stream';
import type { Frame } from '../core/jsonrpc.ts';
import { asLine } from '../wire/lines.ts';

/** Bytes that may wait in front of a slow reader before whoever writes has to wait too. */
const FULL = 1_048_576;

export class LineWriter {
  readonly #stream: Writable;
  #drained: Promise<void> | undefined;
  #closed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.once('close', () => {
      this.#closed = true;
    });
  }

  /** Writes one line. The promise, when there is one, resolves as soon as there is room again. */
  write(frame: Frame): Promise<void> | undefined {
    if (this.#closed || !this.#stream.writable) return undefined;
    const line = asLine(frame);
    if (line.length === 1) {
      this.#stream.write(line[0]);
    } else {
      this.#stream.cork();
      for (const part of line) this.#stream.write(part);
      this.#stream.uncork();
    }
    return this.room();
  }

  /** A promise for room, or undefined when there is some. */
  room(): Promise<void> | undefined {
    if (this.#stream.writableLength < FULL || this.#closed) return undefined;
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

  /** Resolves when everything written so far has left the process, or cannot any more. */
  flushed(): Promise<void> {
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
