/**
 * One response that is an event stream: written with back-pressure, kept alive, and dropped when the client does not
 * read it.
 */
import type { ServerResponse } from 'node:http';
import type { Frame } from '../../../core/jsonrpc.ts';
import { COMMENT, type EventFields, encodeEvent } from '../../../wire/sse.ts';
import { type Heartbeats, HeartbeatTarget } from './heartbeat.ts';
import { Unread } from './unread.ts';

/** Bytes that may wait for a slow reader before the writer must wait too. */
const FULL = 1_048_576;
/** Bytes that may wait when the writer cannot wait. Beyond them, the proxy cuts the reader off. */
const TOO_FULL = 64 * 1_048_576;
/** How soon a reader may reconnect after a broken connection, in milliseconds. */
const RETRY = 1_000;
/** How long a stream may be silent before it sends a sign of life, in milliseconds. */
const SILENCE = 15_000;
// Without these, gateways that transform or cache responses would hold events back.
const HEADERS = [
  ...['content-type', 'text/event-stream'],
  ...['cache-control', 'no-cache, no-transform'],
  ...['x-accel-buffering', 'no'],
];

export class EventStream extends HeartbeatTarget {
  readonly #res: ServerResponse;
  readonly #unread: Unread;
  #lastWrite = Date.now();
  #drained: Promise<void> | undefined;

  /**
   * Begins the response.
   * @param closed called once, when the stream is over for whatever reason.
   */
  constructor(res: ServerResponse, pulse: Heartbeats, closed: () => void = () => {}, headers: readonly string[] = []) {
    super();
    this.#res = res;
    this.#unread = new Unread(res, pulse.unread);
    res.writeHead(200, [...HEADERS, ...headers]);
    res.flushHeaders();
    pulse.add(this);
    pulse.streams++;
    res.once('close', () => {
      pulse.delete(this);
      pulse.streams--;
      closed();
    });
  }

  get open(): boolean {
    return !this.#res.destroyed && !this.#res.writableEnded;
  }

  /** Writes a frame as one event. Returns undefined, or a promise that resolves as soon as there is room again. */
  write(frame: Frame, fields: EventFields = {}): Promise<void> | undefined {
    if (!this.open) return undefined;
    // The writer cannot wait and the client does not read.
    const written = this.#res.writableLength > TOO_FULL ? undefined : this.#unread.admit(frame);
    if (!written) {
      this.#res.destroy();
      return undefined;
    }
    this.#lastWrite = Date.now();
    for (const part of encodeEvent(written, fields)) this.#res.write(part);
    return this.room();
  }

  /** Writes an event without data that tells the reader where to resume, and after which time. */
  prime(id: string): void {
    this.write([Buffer.alloc(0)], { id, retry: RETRY });
  }

  /** A promise for room, or undefined when there is room now. */
  room(): Promise<void> | undefined {
    const waiting = this.#res.writableLength;
    if (waiting < FULL || !this.open) return undefined;
    this.#drained ??= new Promise((resolve) => {
      const done = (): void => {
        this.#drained = undefined;
        this.#res.off('drain', done);
        this.#res.off('close', done);
        resolve();
      };
      this.#res.once('drain', done);
      this.#res.once('close', done);
    });
    return this.#drained;
  }

  end(): void {
    this.#res.end();
  }

  beat(now: number): void {
    if (!this.open || now - this.#lastWrite < SILENCE || this.#res.writableLength > 0) return;
    this.#lastWrite = now;
    this.#res.write(COMMENT);
  }
}
