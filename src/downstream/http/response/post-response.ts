/** The response to one POST: JSON when the answer comes first, an event stream as soon as anything else does. */
import type { ServerResponse } from 'node:http';
import type { CancelSignal } from '../../../core/cancel.ts';
import type { Frame } from '../../../core/jsonrpc.ts';
import type { Accepts } from '../accept.ts';
import { EventStream } from './event-stream.ts';
import { type Heartbeats, HeartbeatTarget } from './heartbeat.ts';
import { sizeOf, Unread } from './unread.ts';

/**
 * Gateways treat a connection as dead after a minute or so of silence. After this many milliseconds, a stream shows
 * that it is alive.
 */
const PATIENCE = 10_000;
/** A body up to this many bytes leaves together with the headers, in one write. */
const ONE_WRITE = 65_536;

/** The destination of frames once the response is a stream. */
export interface FrameSink {
  write(frame: Frame): Promise<void> | undefined;
  /** As `write`, for a question of the server. The signal is aborted when the server no longer waits for the answer. */
  ask?(frame: Frame, signal: CancelSignal): Promise<void> | undefined;
  room(): Promise<void> | undefined;
  /** Nothing more will come. */
  end(): void;
}

/**
 * What a stream begins with: a message before the answer; silence, because the answer takes its time; or the end,
 * because the request was cancelled.
 */
export type StreamStart = 'message' | 'silence' | 'end';

/** What differs between the responses of POSTs. */
export interface ResponseOptions {
  /** Sent with the response whether it is JSON or a stream: names and values, alternating. */
  readonly headers?: readonly string[];
  /** Called once, when the response becomes a stream. Without it, frames go to the stream unchanged. */
  lane?(stream: EventStream, beginning: StreamStart): FrameSink;
}

const NO_HEADERS: readonly string[] = [];
const AS_IT_IS: ResponseOptions = {};

/** Bytes of answers that may wait on one connection for earlier answers. */
const MAX_WAITING = 64 * 1_048_576;

const waiting = new WeakMap<object, number>();

/** Counts a large answer until it has left. Cuts off a connection that pipelines requests and does not read. */
function claim(res: ServerResponse, length: number): boolean {
  const { socket } = res.req;
  const before = waiting.get(socket) ?? 0;
  if (before > MAX_WAITING) {
    socket.destroy();
    return false;
  }
  waiting.set(socket, before + length);
  res.once('close', () => waiting.set(socket, (waiting.get(socket) ?? length) - length));
  return true;
}

export class PostResponse extends HeartbeatTarget {
  readonly #res: ServerResponse;
  readonly #accepts: Accepts;
  readonly #pulse: Heartbeats;
  readonly #options: ResponseOptions;
  readonly #since = Date.now();
  #headers: readonly string[];
  #lane: FrameSink | undefined;
  #done = false;

  constructor(res: ServerResponse, accepts: Accepts, pulse: Heartbeats, options: ResponseOptions = AS_IT_IS) {
    super();
    this.#res = res;
    this.#accepts = accepts;
    this.#pulse = pulse;
    this.#headers = options.headers ?? NO_HEADERS;
    this.#options = options;
    pulse.add(this);
    if (accepts === 'events') this.#stream('silence');
  }

  /** Whether the request has had its answer, or has ended without one. */
  get done(): boolean {
    return this.#done;
  }

  /** Whether the client is still there. */
  get connected(): boolean {
    return !this.#res.destroyed;
  }

  /** Whether the response can carry something before the answer. */
  get streams(): boolean {
    return !this.#done && (this.#lane !== undefined || (this.#accepts !== 'json' && this.#writable));
  }

  /** Sends something before the answer. Call it only where {@link streams} is true. */
  write(frame: Frame): Promise<void> | undefined {
    return (this.#lane ?? this.#stream('message')).write(frame);
  }

  /** As `write`, for a question of the server. Rejects when the client will never get it. */
  ask(frame: Frame, signal: CancelSignal): Promise<void> | undefined {
    const lane = this.#lane ?? this.#stream('message');
    return lane.ask ? lane.ask(frame, signal) : lane.write(frame);
  }

  room(): Promise<void> | undefined {
    return this.#lane?.room();
  }

  /** Drops the headers of {@link ResponseOptions}, unless they have left. */
  dropHeaders(): void {
    this.#headers = NO_HEADERS;
  }

  /** Sends the answer, and ends the response. */
  answer(frame: Frame, status: number): void {
    this.#done = true;
    if (this.#lane) {
      this.#lane.write(frame);
      this.#end();
    } else if (this.#writable) {
      this.#json(frame, status);
    } else {
      this.#pulse.delete(this);
    }
  }

  /** Ends the response without an answer: the request was cancelled. */
  none(): void {
    this.#done = true;
    if (!this.#lane && this.#accepts === 'json') {
      if (this.#writable) this.#res.writeHead(202, { 'content-length': 0 }).end();
      this.#pulse.delete(this);
      return;
    }
    if (!this.#lane && this.#writable) this.#stream('end');
    this.#end();
  }

  /** Shows the client that the request is in progress, where the response can show it. */
  slow(): void {
    if (!this.#lane && this.streams) this.#stream('silence');
  }

  beat(now: number): void {
    if (now - this.#since >= PATIENCE) this.slow();
  }

  get #writable(): boolean {
    return !this.#res.headersSent && !this.#res.destroyed;
  }

  #stream(beginning: StreamStart): FrameSink {
    this.#pulse.delete(this);
    const stream = new EventStream(this.#res, this.#pulse, undefined, this.#headers);
    this.#lane = this.#options.lane?.(stream, beginning) ?? stream;
    return this.#lane;
  }

  #end(): void {
    this.#pulse.delete(this);
    this.#lane?.end();
  }

  #json(frame: Frame, status: number): void {
    this.#pulse.delete(this);
    const res = this.#res;
    const length = sizeOf(frame);
    const written = length > ONE_WRITE ? new Unread(res, this.#pulse.unread).admit(frame) : frame;
    if (written !== frame) {
      if (written) this.#json(written, status);
      else res.destroy();
      return;
    }
    const headers = ['content-type', 'application/json', 'content-length', String(length)];
    // Node writes a flat list out unchanged.
    res.writeHead(status, this.#headers.length === 0 ? headers : [...this.#headers, ...headers]);
    const [only] = frame;
    if (frame.length === 1 && only && length <= ONE_WRITE) {
      // Node joins headers and body only when the body is a string. latin1 maps every byte to itself.
      res.end(only.toString('latin1'), 'latin1');
      return;
    }
    if (!claim(res, length)) return;
    for (const part of frame.slice(0, -1)) res.write(part);
    res.end(frame.at(-1));
  }
}
