/**
 * One session of a client over Streamable HTTP of the revisions 2025-03-26 to 2025-11-25: a response for each POST, and
 * one stream for everything else (specification 2025-11-25, "Transports").
 */
import type { ServerResponse } from 'node:http';
import type { CancelSignal } from '../../../core/cancel.ts';
import type { Peer, Session } from '../../../core/exchange.ts';
import { asString, type Json, peek } from '../../../core/json.ts';
import {
  type Call,
  encodeNotification,
  errorReply,
  type Frame,
  type Id,
  INVALID_REQUEST,
  isAnswered,
  type Message,
  type Reply,
} from '../../../core/jsonrpc.ts';
import { LinkedList } from '../../../core/lists/linked-list.ts';
import { SESSION_CLOSED, type Served } from '../../../core/ports/sessions.ts';
import { drained } from '../../../core/timer.ts';
import type { ProxyError } from '../../../errors.ts';
import { listChanges } from '../../../mcp/list-changes.ts';
import { toldToken } from '../../../mcp/progress-token.ts';
import { Link } from '../../../wire/link.ts';
import { MUTE, type Release, type ReplyRoute } from '../../../wire/reply-route.ts';
import type { Accepts } from '../accept.ts';
import { TOO_MANY_BYTES } from '../body-budget.ts';
import { Backlog, NOT_TAKEN } from '../pending-notifications.ts';
import { type Refusal, refused } from '../refusal.ts';
import { EventStream } from '../response/event-stream.ts';
import type { Heartbeats } from '../response/heartbeat.ts';
import type { FrameSink, StreamStart } from '../response/post-response.ts';
import { AwaitedPost, type PostSession } from './awaited-post.ts';
import { endFormer } from './former-stream.ts';
import { answerTo, MOVED, setAgain } from './reopened-session.ts';
import { type Position, positionOf, type ResumableStream } from './resumable-stream.ts';
import { introductionIn, type SessionFacts } from './session-facts.ts';
import type { SessionOpening } from './session-opening.ts';
import type { SessionStreams } from './session-streams.ts';
import { MAX_OPEN_CALLS, TOO_MANY_CALLS } from './too-many-calls.ts';

/** The only revision in which several messages may come as one array. */
const REVISION_WITH_BATCHES = '2025-03-26';
/** From this revision on, clients accept events without data, which tell them where to resume. */
const REVISION_WITH_PRIMING = '2025-11-25';

/** The content of one POST. */
export interface Post {
  readonly messages: readonly Message[];
  readonly batch: boolean;
  readonly accepts: Accepts;
  /** Claims the bytes of the POST. Undefined when too many are waiting. */
  readonly claim: () => Release | undefined;
}

export interface StreamableOptions {
  readonly id: string;
  readonly base: string;
  readonly pulse: Heartbeats;
  readonly channels: SessionStreams;
  /** Opens a session with the server in the name of this client. */
  readonly open: (client: Peer) => Session;
  /** Kept for other replicas, if there are any. */
  readonly opening?: SessionOpening | undefined;
  /** Called when the session could not be opened. */
  readonly failed: () => void;
  /** Called when the client has left before it could know the session. */
  readonly abandoned: () => void;
}

export class StreamableClientSession implements Peer, Served, PostSession, SessionFacts {
  readonly kind = 'streamable';
  readonly id: string;
  lastUsed = Date.now();
  readonly began = this.lastUsed;
  readonly base: string;
  introduction: Json | undefined;
  readonly #options: StreamableOptions;
  readonly #server: Session;
  readonly #link: Link;
  readonly #channels: SessionStreams;
  /** POSTs whose responses can carry more than the answer. `sendAside` removes those that no longer can. */
  readonly #streaming = new LinkedList<AwaitedPost>();
  /** POSTs that ask for progress, by the keys of their tokens. */
  readonly #byToken = new Map<string, AwaitedPost>();
  readonly #backlog = new Backlog();
  /** The revision that client and server have agreed on. Undefined before that. */
  #revision: string | undefined;

  constructor(options: StreamableOptions) {
    this.id = options.id;
    this.base = options.base;
    this.#channels = options.channels;
    this.#options = options;
    this.#server = options.open(this);
    this.#link = new Link(
      (frame, signal) => this.sendAside(frame, signal),
      {
        request: (exchange) => this.#server.request(exchange),
        notify: (call) => this.#backlog.tell(this.#server, call),
      },
      () => this.room(),
    );
  }

  get inUse(): boolean {
    return this.#channels.open || this.#link.awaited;
  }

  get busy(): boolean {
    return this.#link.busy;
  }

  idle(): Promise<void> {
    return this.#link.idle();
  }

  notify(call: Call): Promise<void> | undefined {
    // An HTTP+SSE server has one stream for everything. Here, progress belongs on the stream of its request.
    const token = call.method === 'notifications/progress' ? toldToken(call.params) : undefined;
    const asked = token === undefined ? undefined : this.#byToken.get(token);
    return asked ? asked.send(encodeNotification(call)) : this.#link.notify(call);
  }

  ask(call: Call, signal: CancelSignal): Promise<Reply> {
    return this.#link.ask(call, signal);
  }

  room(): Promise<void> | undefined {
    return this.#channels.standalone.room();
  }

  /** Takes the messages of one POST. Undefined, or why the proxy refuses them. */
  post(res: ServerResponse, post: Post): Refusal | undefined {
    this.lastUsed = Date.now();
    const { messages, batch } = post;
    const [first] = messages;
    if (batch || first === undefined) return this.#postBatch(res, post);
    switch (first.kind) {
      case 'request':
        return this.#asked(res, post, (way) => this.#link.receive(first, way));
      case 'notification':
      case 'response':
        return this.#taken(res, messages);
      default:
        // A malformed answer still ends the wait of the server.
        if (first.kind === 'malformed') this.#link.receive(first, MUTE);
        return { status: 400, reply: errorReply(INVALID_REQUEST, `Invalid Request: ${first.reason}`) };
    }
  }

  #postBatch(res: ServerResponse, post: Post): Refusal | undefined {
    const { messages } = post;
    const opens = messages.some((m) => m.kind === 'request' && m.call.method === 'initialize');
    if (opens || messages.length === 0 || this.#revision !== REVISION_WITH_BATCHES) {
      return refused(400, 'Invalid Request: no batch is allowed here', {}, INVALID_REQUEST);
    }
    if (!messages.some(isAnswered)) return this.#taken(res, messages);
    return this.#asked(res, post, (way) => this.#link.receiveBatch(messages, way));
  }

  /** Takes messages that have no answer. */
  #taken(res: ServerResponse, messages: readonly Message[]): Refusal | undefined {
    if (this.#backlog.refuses(messages)) return NOT_TAKEN;
    for (const message of messages) this.#link.receive(message, MUTE);
    res.writeHead(202, NOTHING).end();
    return undefined;
  }

  #asked(
    res: ServerResponse,
    { messages, accepts, claim }: Post,
    receive: (way: ReplyRoute) => void,
  ): Refusal | undefined {
    const ids: Id[] = [];
    const calls: Call[] = [];
    for (const message of messages) {
      if (message.kind !== 'request') continue;
      ids.push(message.id);
      calls.push(message.call);
      this.#options.opening?.note(message.call);
    }
    const withId = ids[0] !== undefined && { id: ids[0] };
    if (this.#link.open + ids.length > MAX_OPEN_CALLS) return { ...TOO_MANY_CALLS, ...withId };
    const release = claim();
    if (!release) return { ...TOO_MANY_BYTES, ...withId };
    const [first] = messages;
    const opens = first?.kind === 'request' && first.call.method === 'initialize';
    const creates = opens && !this.established;
    if (creates) this.introduction = introductionIn(first.call);
    const awaited = { res, ids, calls, accepts, opens, creates: creates ? this.id : undefined, release };
    const post = new AwaitedPost(this, awaited, this.#options.pulse);
    if (creates) {
      res.once('close', () => {
        if (!res.headersSent) this.#options.abandoned();
      });
    }
    this.#streaming.add(post);
    for (const token of post.tokens) this.#byToken.set(token, post);
    receive(post);
    return undefined;
  }

  begin(stream: EventStream, ids: readonly Id[], beginning: StreamStart): FrameSink {
    const channel = this.#channels.begin(stream, ids, { primes: beginning === 'silence' && this.#primes });
    this.#options.opening?.begun(channel.number, ids);
    return channel;
  }

  /**
   * Opens the stream for messages that belong to no request, or resumes one that broke off. Undefined, or why the proxy
   * refuses it.
   */
  listen(res: ServerResponse, lastEventId: string | undefined): Refusal | undefined {
    this.lastUsed = Date.now();
    const position = lastEventId === undefined ? undefined : positionOf(lastEventId);
    const channel = this.#channels.of(position?.stream ?? 0);
    if (!channel) return this.#former(res, position);
    const stream = new EventStream(res, this.#options.pulse, () => this.#released(channel));
    channel.attach(stream, { after: position?.sequence, primes: this.#primes });
    return undefined;
  }

  /** Goes on with the stream of a POST that another replica has had, or refuses one that nothing is known of. */
  #former(res: ServerResponse, position: Position | undefined): Refusal | undefined {
    const asked = position && this.#options.opening?.asked(position.stream);
    if (!asked) return refused(400, 'this Last-Event-ID is no longer known');
    const answers = new EventStream(res, this.#options.pulse);
    void this.#channels.former(position.stream).then((kept) => endFormer(answers, { position, kept, asked }));
    return undefined;
  }

  /**
   * Opens the session at the server again, as its client has opened it at a replica that has ended, and tells the client
   * what may have changed meanwhile. Resolves with whether the server has let it. Never rejects.
   * @param calls `initialize`, and what the client has set since, which is set again in the background
   */
  async reopen([opening, ...settings]: readonly Call[]): Promise<boolean> {
    if (opening?.method !== 'initialize') return false;
    const reply = await answerTo(opening, this, this.#server);
    if ('error' in reply) return false;
    this.introduction = introductionIn(opening);
    this.#revision = asString(peek(reply.result, 'protocolVersion')) ?? '';
    this.#server.notify({ method: 'notifications/initialized' });
    for (const change of listChanges(reply.result)) this.#link.notify(change);
    void setAgain(settings, this, this.#server);
    return true;
  }

  /** The client is served by another replica now, which gets its answers. The calls in flight here go on. */
  moved(): void {
    this.#options.opening?.end();
    this.#link.stopAsking(MOVED);
  }

  async close(limit: number): Promise<void> {
    const left = await drained(this.#link.idle(), limit);
    this.destroy(SESSION_CLOSED);
    await this.#server.close(left);
  }

  destroy(reason: ProxyError): void {
    this.#options.opening?.end();
    this.#link.destroy(reason);
    this.#channels.end();
  }

  get #primes(): boolean {
    return this.#revision !== undefined && this.#revision >= REVISION_WITH_PRIMING;
  }

  /**
   * Sends a message that belongs to no request: on the stream for such messages, or else on the response of a waiting
   * POST.
   * @param signal of a question, as for `Send`
   */
  sendAside(frame: Frame, signal?: CancelSignal): Promise<void> | undefined {
    const { standalone } = this.#channels;
    if (standalone.open) return standalone.write(frame);
    for (let post = this.#streaming.newest; post; post = this.#streaming.newest) {
      if (post.streams) return post.write(frame, signal);
      this.#streaming.delete(post);
    }
    return signal ? standalone.ask(frame, signal) : standalone.write(frame);
  }

  /** Notes that a POST has its answer, and learns the agreed revision from it. */
  answered(post: AwaitedPost, reply: Reply | undefined): void {
    this.#streaming.delete(post);
    for (const token of post.tokens) if (this.#byToken.get(token) === post) this.#byToken.delete(token);
    this.lastUsed = Date.now();
    if (!post.opens || !reply || !('result' in reply)) return;
    this.#revision = asString(peek(reply.result, 'protocolVersion')) ?? '';
    this.#options.opening?.opened();
  }

  get revision(): string | undefined {
    return this.#revision;
  }

  get established(): boolean {
    return this.#revision !== undefined;
  }

  get listening(): boolean {
    return this.#channels.standalone.open;
  }

  failed(): void {
    this.#options.failed();
  }

  #released(channel: ResumableStream): void {
    if (channel === this.#channels.standalone) this.lastUsed = Date.now();
  }
}

const NOTHING = ['content-length', '0'];
