// A response of Node without a network: what it writes is kept, and read when the test says so.
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { SseParser } from '../../../../src/wire/sse.ts';

/** The end of a connection that a client would have. */
class Line extends Duplex {
  readonly chunks: Buffer[] = [];
  #open = true;
  #waiting: (() => void) | undefined;

  /** Reads nothing more, until told otherwise. */
  stall(): void {
    this.#open = false;
  }

  /** Reads everything from here on. */
  resumeReading(): void {
    this.#open = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  // What is written must be visible at once, and not only at the end of the turn.
  override cork(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (chunk.length > 0) this.chunks.push(chunk);
    if (this.#open) done();
    else this.#waiting = done;
  }
}

export interface Event {
  readonly data: string;
  readonly type: string;
  readonly id: string | undefined;
}

export class Received {
  readonly res: ServerResponse;
  readonly line: Line;
  ended = false;

  /** @param before a response that has to leave first, on the same connection. */
  constructor(before?: Received) {
    this.line = before?.line ?? new Line();
    const socket = this.line as unknown as Socket;
    const req = new IncomingMessage(socket);
    req.method = 'POST';
    req.httpVersionMajor = 1;
    // With this version of HTTP, bodies are written without chunks around them.
    req.httpVersionMinor = 0;
    req.httpVersion = '1.0';
    this.res = new ServerResponse(req);
    if (!before) this.res.assignSocket(socket);
    // What a server of Node does for its responses.
    this.line.on('drain', () => this.res.emit('drain'));
    this.res.once('finish', () => {
      this.ended = true;
      this.res.emit('close');
    });
  }

  /** The client hangs up. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.line.once('close', resolve));
    this.line.destroy();
    await closed;
  }

  /** Everything that has been written, as bytes with one character each. */
  get text(): string {
    return Buffer.concat(this.line.chunks).toString('latin1');
  }

  get status(): number | undefined {
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(this.text)?.[1];
    return status === undefined ? undefined : Number(status);
  }

  get headers(): Record<string, string> {
    const [head = ''] = this.text.split('\r\n\r\n', 1);
    const fields = head.split('\r\n').slice(1);
    return Object.fromEntries(
      fields.map((field) => [
        field.slice(0, field.indexOf(':')).toLowerCase(),
        field.slice(field.indexOf(':') + 1).trim(),
      ]),
    );
  }

  get body(): Buffer {
    const start = this.text.indexOf('\r\n\r\n');
    return Buffer.from(start === -1 ? '' : this.text.slice(start + 4), 'latin1');
  }

  get events(): Event[] {
    const events: Event[] = [];
    new SseParser(1 << 30, ({ data, type, id }) => events.push({ data: data.toString(), type, id })).push(this.body);
    return events;
  }

  /** The data of all events. */
  get said(): string[] {
    return this.events.map(({ data }) => data);
  }
}

/** Waits until everything that is ready has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
