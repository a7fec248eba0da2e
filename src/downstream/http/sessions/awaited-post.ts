/**
 * A POST of a session that waits for its answer. Decides where the answer goes, and the messages that come before it.
 */
import type { ServerResponse } from 'node:http';
import type { CancelSignal } from '../../../core/cancel.ts';
import type { Call, Frame, Id, Reply } from '../../../core/jsonrpc.ts';
import { ListNode } from '../../../core/lists/linked-list.ts';
import { askedToken } from '../../../mcp/progress-token.ts';
import type { ReplyRoute } from '../../../wire/reply-route.ts';
import type { Accepts } from '../accept.ts';
import type { EventStream } from '../response/event-stream.ts';
import type { Heartbeats } from '../response/heartbeat.ts';
import { type FrameSink, PostResponse, type ResponseOptions, type StreamStart } from '../response/post-response.ts';

/** The session, as its POSTs see it. */
export interface PostSession {
  /** Whether client and server have agreed on a revision. */
  readonly established: boolean;
  /** Whether the client has opened a stream beside its POSTs. */
  readonly listening: boolean;
  /** Sends a message that belongs to no request, or to one whose own response cannot carry it. */
  sendAside(frame: Frame, signal?: CancelSignal): Promise<void> | undefined;
  /** Begins the stream that a response has become. */
  begin(stream: EventStream, ids: readonly Id[], beginning: StreamStart): FrameSink;
  answered(post: AwaitedPost, reply: Reply | undefined): void;
  /** The session could not be opened. */
  failed(): void;
}

/** A POST with calls. */
export interface AwaitedCalls {
  readonly res: ServerResponse;
  readonly ids: readonly Id[];
  readonly calls: readonly Call[];
  readonly accepts: Accepts;
  /** Whether it is an `initialize`. */
  readonly opens: boolean;
  /** The id of the session that it creates, if it creates one. */
  readonly creates: string | undefined;
  /** Called as soon as the answer is known, or certain not to come. */
  readonly release: () => void;
}

/** Keeps only what the answer needs: with many calls in flight, the garbage collector copies all of it. */
export class AwaitedPost extends ListNode implements ReplyRoute, ResponseOptions {
  /** The keys of the progress tokens of the calls. */
  readonly tokens: readonly string[];
  readonly headers: readonly string[];
  readonly opens: boolean;
  readonly #session: PostSession;
  readonly #ids: readonly Id[];
  readonly #jsonOnly: boolean;
  readonly #release: () => void;
  readonly #response: PostResponse;

  constructor(session: PostSession, awaited: AwaitedCalls, pulse: Heartbeats) {
    super();
    const { res, ids, calls, accepts, opens, creates, release } = awaited;
    this.tokens = tokensOf(calls);
    this.headers = creates === undefined ? NONE : ['mcp-session-id', creates];
    this.opens = opens;
    this.#session = session;
    this.#ids = ids;
    this.#jsonOnly = accepts === 'json';
    this.#release = release;
    this.#response = new PostResponse(res, accepts, pulse, this);
  }

  lane(stream: EventStream, beginning: StreamStart): FrameSink {
    return this.#session.begin(stream, this.#ids, beginning);
  }

  /** Whether the client is connected and can receive messages before the answer. Once false, it stays false. */
  get streams(): boolean {
    return this.#response.connected && this.#response.streams;
  }

  /** Whether the client is still there for the response itself; it may come back for a stream. */
  get connected(): boolean {
    return this.#response.connected;
  }

  /** @param signal of a question, as for `Send` */
  write(frame: Frame, signal?: CancelSignal): Promise<void> | undefined {
    return signal ? this.#response.ask(frame, signal) : this.#response.write(frame);
  }

  /** A message of a request stays on the request's stream, even while the client is gone: it may come back. */
  send(frame: Frame, signal?: CancelSignal): Promise<void> | undefined {
    if (this.#response.streams) return this.write(frame, signal);
    // A client that wants JSON for this call does not expect its messages on the streams of other calls.
    return this.canAsk() ? this.#session.sendAside(frame, signal) : undefined;
  }

  canAsk(): boolean {
    return !this.#jsonOnly || this.#session.listening;
  }

  room(): Promise<void> | undefined {
    return this.#response.room();
  }

  slow(): void {
    this.#response.slow();
  }

  respond(frame: Frame | undefined, reply?: Reply): void {
    this.#release();
    this.#session.answered(this, reply);
    const failed = this.headers !== NONE && !this.#session.established;
    if (failed) this.#response.dropHeaders();
    if (frame) this.#response.answer(frame, 200);
    else this.#response.none();
    if (failed) this.#session.failed();
  }
}

const NONE: readonly string[] = [];

/** A loop, because each request comes here, and nearly none asks for progress. */
function tokensOf(calls: readonly Call[]): readonly string[] {
  let tokens: string[] | undefined;
  for (const { params } of calls) {
    const token = askedToken(params);
    if (token === undefined) continue;
    tokens ??= [];
    tokens.push(token);
  }
  return tokens ?? NONE;
}
