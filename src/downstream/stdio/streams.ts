/** The two streams of a client on standard input and output. */
import type { Readable, Writable } from 'node:stream';

export interface StdioStreams {
  readonly input: Readable;
  readonly output: Writable;
}
