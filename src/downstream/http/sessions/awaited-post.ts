/** A POST of a session that waits for its answer: where that goes, and what belongs to it before. */
import type { ServerResponse } from 'node:http';
import type { Call, Frame, Id, Reply } from '../../../core/jsonrpc.ts';
import { Entry } from '../../../core/open.ts';
import { askedToken } from '../../../mcp/progress.ts';
import type { Way } from '../../../wire/link.ts';
import type { Accepts } from '../accept.ts';
import type { EventStream } from '../response/event-stream.ts';
import type { Pulse } from '../response/heartbeat.ts';
import { type Lane, type PostOwner, PostResponse } from '../response/post-response.ts';

/** The session, as its POSTs see it. */
export interface PostHome {
  readonly id: string;
  readonly pulse: Pulse;
  readonly established: boolean;
  /** Whether the client listens beside its POSTs. */
  readonly listening: boolean;
  sendAside(frame: Frame): Promise<void> | undefined;
  channel(stream: EventStream, waited: boolean, asked: readonly Id[]): Lane;
  answered(post: AwaitedPost, reply: Reply | undefined): void;
  failed(): void;
  /** Nobody has heard the id of the session, so it is of no use to anybody. */
  abandoned(): void;
}

/** What a POST asks. */
export interface Asked {
  readonly ids: readonly Id[];
  readonly calls: readonly Call[];
  /** Whether it is the `initialize` of the session. */
  readonly opens: boolean;
  /** Called as soon as the answer is known, or it is certain that none will come. */
  readonly release: () => void;
}

export class AwaitedPost extends Entry implements Way, PostOwner {
  /** The keys of the tokens under which the calls ask for progress. */
  readonly tokens: readonly string[];
  readonly #home: PostHome;
  readonly #asked: Asked;
  readonly #res: ServerResponse;
  readonly #response: PostResponse;
  /** Whether the session begins with this POST. */
  readonly #creates: boolean;
  readonly #jsonOnly: boolean;
  #done = false;
  #failed = false;

  constructor(home: PostHome, asked: Asked, res: ServerResponse, accepts: Accepts) {
    super();
    this.#home = home;
    this.#asked = asked;
    this.tokens = asked.calls.map(({ params }) => askedToken(params)).filter((token) => token !== undefined);
    this.#res = res;
    this.#creates = asked.opens && !home.established;
    this.#jsonOnly = accepts === 'json';
    this.#response = new PostResponse(res, accepts, home.pulse, this);
    if (this.#creates) res.once('close', () => this.#left());
  }

  get opens(): boolean {
    return this.#asked.opens;
  }

  /** Whether the client is connected and can receive messages before the answer. Once false, it stays false. */
  get streams(): boolean {
    return !this.#done && !this.#res.destroyed && this.#response.streams;
  }

  write(frame: Frame): Promise<void> | undefined {
    return this.#response.write(frame);
  }

  /** What belongs to a request keeps to its stream, also while the client is gone: it may come back. */
  send(frame: Frame): Promise<void> | undefined {
    if (!this.#done && this.#response.streams) return this.#response.write(frame);
    // The streams of other calls are nothing for whoever wants JSON for this one.
    return this.#jsonOnly && !this.#home.listening ? undefined : this.#home.sendAside(frame);
  }

  canAsk(): boolean {
    return !this.#jsonOnly || this.#home.listening;
  }

  room(): Promise<void> | undefined {
    return this.#response.room();
  }

  slow(): void {
    this.#response.slow();
  }

  respond(frame: Frame | undefined, reply?: Reply): void {
    this.#done = true;
    this.#asked.release();
    this.#home.answered(this, reply);
    this.#failed = this.#creates && !this.#home.established;
    if (frame) this.#response.answer(frame, 200);
    else this.#response.none();
    if (this.#failed) this.#home.failed();
  }

  headers(): readonly string[] {
    return this.#creates && !this.#failed ? ['mcp-session-id', this.#home.id] : NO_HEADERS;
  }

  #left(): void {
    if (!this.#res.headersSent) this.#home.abandoned();
  }

  lane(stream: EventStream, waited: boolean): Lane {
    return this.#home.channel(stream, waited, this.#asked.ids);
  }
}

const NO_HEADERS: readonly string[] = [];
