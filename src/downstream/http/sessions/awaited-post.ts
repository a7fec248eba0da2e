/**
 * A POST of a session that waits for its answer. Decides where the answer goes, and the messages that come before it.
 */
import type { Call, Frame, Reply } from '../../../core/jsonrpc.ts';
import { ListNode } from '../../../core/lists/linked-list.ts';
import { askedToken } from '../../../mcp/progress-token.ts';
import type { ReplyRoute } from '../../../wire/reply-route.ts';
import type { PostResponse } from '../response/post-response.ts';

/** The session, as its POSTs see it. */
export interface PostSession {
  /** Whether client and server have agreed on a revision. */
  readonly established: boolean;
  /** Whether the client has opened a stream beside its POSTs. */
  readonly listening: boolean;
  /** Sends a message that belongs to no request, or to one whose own response cannot carry it. */
  sendAside(frame: Frame): Promise<void> | undefined;
  answered(post: AwaitedPost, reply: Reply | undefined): void;
  /** The session could not be opened. */
  failed(): void;
}

/** The content of a POST with calls. */
export interface AwaitedCalls {
  readonly calls: readonly Call[];
  /** Whether it is an `initialize`. */
  readonly opens: boolean;
  /** Whether it creates the session. */
  readonly creates: boolean;
  /** Whether the client accepts nothing but JSON for it. */
  readonly jsonOnly: boolean;
  /** Called as soon as the answer is known, or certain not to come. */
  readonly release: () => void;
}

export class AwaitedPost extends ListNode implements ReplyRoute {
  /** The keys of the progress tokens of the calls. */
  readonly tokens: readonly string[];
  readonly #session: PostSession;
  readonly #awaited: AwaitedCalls;
  readonly #response: PostResponse;

  constructor(session: PostSession, awaited: AwaitedCalls, response: PostResponse) {
    super();
    this.#session = session;
    this.#awaited = awaited;
    this.#response = response;
    this.tokens = tokensOf(awaited.calls);
  }

  get opens(): boolean {
    return this.#awaited.opens;
  }

  /** Whether the client is connected and can receive messages before the answer. Once false, it stays false. */
  get streams(): boolean {
    return this.#response.connected && this.#response.streams;
  }

  /** Whether the client is still there for the response itself; it may come back for a stream. */
  get connected(): boolean {
    return this.#response.connected;
  }

  write(frame: Frame): Promise<void> | undefined {
    return this.#response.write(frame);
  }

  /** A message of a request stays on the request's stream, even while the client is gone: it may come back. */
  send(frame: Frame): Promise<void> | undefined {
    if (this.#response.streams) return this.#response.write(frame);
    // A client that wants JSON for this call does not expect its messages on the streams of other calls.
    return this.canAsk() ? this.#session.sendAside(frame) : undefined;
  }

  canAsk(): boolean {
    return !this.#awaited.jsonOnly || this.#session.listening;
  }

  room(): Promise<void> | undefined {
    return this.#response.room();
  }

  slow(): void {
    this.#response.slow();
  }

  respond(frame: Frame | undefined, reply?: Reply): void {
    this.#awaited.release();
    this.#session.answered(this, reply);
    const failed = this.#awaited.creates && !this.#session.established;
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
