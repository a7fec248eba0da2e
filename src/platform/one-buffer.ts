/**
 * Reads a pipe into one buffer that is used again and again. By itself, Node takes 64 KiB of memory for each chunk, and
 * gives most of it back; that, and the queue of a stream that nobody fills, costs more than everything else that is
 * done for a small message (`npm run bench`, local-calls).
 */
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** In bytes, as much as Node reads at once. */
const SIZE = 65_536;
/** From this size on, in bytes, a new buffer costs less than a copy. */
const LARGE = 16_384;

/** What Node has under a socket. New sockets take it as an option, and its documentation names neither. */
interface Handle {
  readonly useUserBuffer?: (buffer: Uint8Array) => void;
}
interface HandleHolder {
  _handle?: Handle | null;
}

/**
 * A stream that takes the place of one that nobody has read yet, and is paused. Its chunks come with `data` alone, and
 * may be kept. Where the stream is not a pipe, it is the same stream; and on Windows, where nobody has tried this.
 */
export function readIntoOneBuffer(pipe: Readable): Readable {
  const holder = pipe as HandleHolder;
  const handle = holder._handle;
  const isPipe = pipe instanceof Socket && handle?.constructor.name === 'Pipe';
  if (!isPipe || typeof handle?.useUserBuffer !== 'function' || process.platform === 'win32') return pipe;
  let buffer = Buffer.allocUnsafeSlow(SIZE);
  const options = {
    handle,
    writable: false,
    manualStart: true,
    onread: {
      buffer: () => buffer,
      callback(length: number): boolean {
        if (length < LARGE) {
          // Small buffers come from a pool.
          const chunk = Buffer.allocUnsafe(length);
          chunk.set(buffer.subarray(0, length));
          taken.emit('data', chunk);
        } else {
          const chunk = buffer.subarray(0, length);
          buffer = Buffer.allocUnsafeSlow(SIZE);
          taken.emit('data', chunk);
        }
        return true;
      },
    },
  };
  const taken = new Socket(options);
  // The stream must neither read nor end what it no longer has.
  holder._handle = null;
  return taken.pause();
}
