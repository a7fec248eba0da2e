/**
 * One session over Streamable HTTP of the revisions 2025-03-26 to 2025-11-25: session id, version
 * header, GET stream, resumption, DELETE (specification 2025-11-25, "Transports").
 */
import { Cancellation } from '../../core/cancel.ts';
import { Cancelled, type Exchange, ownExchange, type Peer } from '../../core/exchange.ts';
import type { HttpResponse } from '../../core/fetch.ts';
import { asString, peek } from '../../core/json.ts';
import {
  type Call,
  encodeNotification,
  encodeRequest,
  encodeResponse,
  type Frame,
  type Message,
  type Reply,
} from '../../core/jsonrpc.ts';
import { drained, withLimit } from '../../core/timer.ts';
import type { ProxyError } from '../../errors.ts';
import { cancelledCall } from '../../mcp/cancelled.ts';
import { PING } from '../../mcp/handshake.ts';
import { isRepeatable } from '../../mcp/methods.ts';
import { type Pending, PendingRequests } from '../../wire/pending.ts';
import { pause } from '../backoff.ts';
import type { UpstreamContext } from '../context.ts';
import { acknowledged, Deliveries, insistently } from '../deliveries.ts';
import { mayBeModern } from '../detection/verdict.ts';
import { otherAnswer, undelivered } from '../failure.ts';
import { Journal } from '../journal.ts';
import { type Outcome, refusal, replyOf, UpstreamRefusal } from '../outcome.ts';
import { mediaType, readJson, type Take } from '../read-messages.ts';
import { endSession } from './end-session.ts';
import { mayMeanLost, Recovery, type Replaced } from './lost-session.ts';
import { Questions, type Undelivered } from './questions.ts';
import { readRequestStream } from './request-stream.ts';
import { SessionHeaders } from './session-headers.ts';
import { SessionRequests } from './session-requests.ts';
import { StandaloneStream } from './standalone-stream.ts';

/** How long the server may take over messages of the session itself, in milliseconds. */
const OWN_LIMIT = 30_000;

/** How long requests wait for the server to accept `notifications/initialized`, in milliseconds. */
const READY_LIMIT = 3_000;
/** The status of every response whose messages are read. */
const READ = 200;

export class StreamableSession {
  readonly #context: UpstreamContext;
  readonly journal = new Journal();
  readonly #pending = new PendingRequests(READ);
  readonly #questions: Questions;
  readonly #listener: StandaloneStream;
  readonly #recovery: Recovery;
  readonly #closing = new Cancellation();
  readonly #headers = new SessionHeaders();
  readonly #requests: SessionRequests;
  /** The id that came with the answer to the last `initialize`; it counts once that answer is a result. */
  #assigned: string | string[] | undefined;
  readonly #deliveries = new Deliveries();
  /** Settles when the server has accepted `notifications/initialized`: no request may overtake it. */
  #initialized: Promise<void> | undefined;
  #ending = false;
  /** Milliseconds that `initialize` took, connecting included. */
  #roundTrip = 0;

  constructor(context: UpstreamContext, replaced: Replaced<StreamableSession>) {
    this.#context = context;
    this.#requests = new SessionRequests(context, this.#headers);
    this.#questions = new Questions((id, reply, call, failed) =>
      this.#deliver(encodeResponse(id, reply), `the answer to ${call.method}`, failed ?? (() => {})),
    );
    this.#listener = new StandaloneStream({
      open: (lastEventId, signal) => this.#requests.get(lastEventId, signal),
      take: this.#taker(context.peer),
      log: context.log,
      // The server refuses a stream that it served before: only the session can be gone.
      lost: () => this.#ping(),
    });
    this.#recovery = new Recovery({
      session: () => this.#headers.sessionId,
      ask: this.#askOwn,
      tell: (call) => this.#tell(call),
      replaced: (outcome) => replaced(this, outcome),
      reopened: () => this.#listen(),
      notify: (call) => context.peer.notify(call),
      journal: this.journal,
      log: context.log,
    });
  }

  /** Whether the server gave the session no id, so that nothing ties its requests together. */
  get sessionless(): boolean {
    return this.#headers.sessionId === undefined;
  }

  /** Sends the first message of a connection, and returns its outcome in terms of HTTP. */
  attempt(exchange: Exchange): Promise<Outcome> {
    return this.#send(exchange);
  }

  request(exchange: Exchange): Promise<Reply> {
    const waits = this.#waits(exchange.call);
    if (waits) {
      exchange.signal.sent ??= false;
      return waits.then(() => this.request(exchange));
    }
    try {
      this.journal.admit(exchange.call);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#ask(exchange);
  }

  /** What must settle before a call may be sent. */
  #waits(call: Call): Promise<unknown> | undefined {
    if (call.method === 'initialize') return undefined;
    const { opening } = this.#listener;
    const { reopening } = this.#recovery;
    return this.#initialized ?? reopening ?? (opening && this.journal.mayBeAskedDuring(call) ? opening : undefined);
  }

  #ask(exchange: Exchange): Promise<Reply> {
    const session = this.#headers.sessionId;
    return this.#send(exchange).then((outcome) => {
      const isSuspect = mayBeModern(outcome) || mayMeanLost(exchange.call, outcome);
      return isSuspect ? this.#examine(exchange, outcome, session) : replyOf(this.#recovery.proved(outcome));
    });
  }

  /** Finds out whether an outcome is not about the call, but about its session or the server. */
  async #examine(exchange: Exchange, outcome: Outcome, session: string | undefined): Promise<Reply> {
    const recovery = this.#recovery;
    if (mayBeModern(outcome)) await recovery.unlessReplaced(outcome, session, exchange.unasked);
    const suspect = session !== undefined && mayMeanLost(exchange.call, outcome);
    const isOpenAgain = suspect && (await recovery.recovered(outcome, session, exchange.unasked));
    return replyOf(recovery.proved(isOpenAgain ? await this.#send(exchange) : outcome));
  }

  notify(call: Call): Promise<void> {
    // In the lost session it would go unheard.
    if (this.#recovery.reopening) return this.#recovery.reopening.catch(() => {}).then(() => this.notify(call));
    this.journal.told(call);
    const sent = this.#tell(call);
    if (call.method !== 'notifications/initialized') return sent;
    this.#initialized = Promise.race([sent, pause(READY_LIMIT, this.#closing)]).then(() => {
      this.#initialized = undefined;
      this.#listen();
    });
    return sent;
  }

  /** Whether the server offers the stream for messages that belong to no request. */
  async announces(): Promise<boolean> {
    await this.#initialized;
    await this.#listener.opening;
    return !this.#listener.refused;
  }

  #listen(): void {
    if (!this.#ending) this.#listener.start(this.#roundTrip);
  }

  /** Ends every request with the reason. */
  destroy(reason: ProxyError): void {
    this.#ending = true;
    this.#listener.stop();
    this.#closing.abort(reason);
    this.#pending.destroy(reason);
  }

  async close(within: number): Promise<void> {
    const limit = await drained(this.#pending.idle(), within);
    const until = performance.now() + limit;
    this.#ending = true;
    this.#listener.stop();
    // Cancellations of requests that just ended are still on their way, and maybe a new session.
    if (this.#recovery.reopening) this.#deliveries.add(this.#recovery.reopening.then(() => {}));
    await this.#deliveries.settled(limit / 3, this.#closing);
    const session = this.#headers.sessionId;
    const closed = this.#closing.aborted;
    this.#closing.abort(new Cancelled());
    if (closed || session === undefined || limit <= 0) return;
    await endSession(this.#context, this.#headers, until - performance.now());
  }

  /** Sends one request and waits for its answer, on the stream of its POST or on any other. */
  #send(exchange: Exchange): Promise<Outcome> {
    const { call, signal } = exchange;
    return new Promise((resolve, reject) => {
      if (signal.aborted) throw signal.reason;
      const answered = (reply: Reply): void => {
        this.#answered(call, reply);
        resolve({ kind: 'answered', reply });
      };
      const pending = this.#pending.open(call, answered, reject, exchange);
      pending.watch(signal, this.#cancel);
      this.#read(pending, exchange).then(
        (refused) => {
          if (refused && this.#pending.delete(pending)) resolve(refused);
        },
        (error) => this.#pending.fail(pending, error),
      );
    });
  }

  readonly #cancel = (pending: Pending, reason: unknown): void => {
    this.#pending.fail(pending, reason as Error);
    // In these revisions a closed stream does not cancel anything, so the server must be
    // told. Only `initialize` must not be cancelled.
    if (pending.call.method !== 'initialize') this.#tell(cancelledCall(reason, pending.id));
  };

  /**
   * POSTs the request and reads everything that comes back. Answers settle the pending request; a
   * refusal is returned.
   */
  #read(pending: Pending, exchange: Exchange): Promise<Outcome | undefined> {
    const { call, signal } = exchange;
    const opening = call.method === 'initialize';
    const started = opening ? Date.now() : 0;
    const body = encodeRequest(pending.id, call);
    const how = { purpose: exchange.unasked ? 'own' : 'call', signal, repeatable: isRepeatable(call) } as const;
    return this.#requests.post(opening ? 'open' : 'post', body, how).then((response) => {
      if (opening) this.#roundTrip = Date.now() - started;
      const type = mediaType(response);
      const readable = type === 'text/event-stream' || type === 'application/json';
      if (response.status !== READ || !readable) return refusal(response, this.#context.url);
      if (opening) this.#assigned = response.headers['mcp-session-id'];
      return this.#take(response, type, pending, exchange);
    });
  }

  /** Reads what comes back for a request, whether it is one body or a stream. */
  #take(response: HttpResponse, type: string, pending: Pending, exchange: Exchange): Promise<undefined> | undefined {
    const { url, log } = this.#context;
    const { signal } = exchange;
    const take = this.#taker(exchange, pending, (error) => exchange.abort(undelivered(error)));
    const answered = (): boolean => !this.#pending.has(pending);
    if (type === 'application/json') {
      const check = (body: Buffer): undefined => {
        if (!answered()) throw otherAnswer(response, body, url);
      };
      const body = readJson(response, url, take);
      return body instanceof Promise ? body.then(check) : check(body);
    }
    const get = (lastEventId: string): Promise<HttpResponse> => this.#requests.get(lastEventId, signal);
    return readRequestStream(response, { take, answered, get, slow: () => exchange.slow?.(), signal, url, log });
  }

  /** Handles each message on a stream: the stream of a request, or the standalone one. */
  #taker(from: Peer, own?: Pending, failed?: Undelivered): Take {
    // A message after the answer no longer belongs to the request, but still to the client.
    const client = (): Peer => (own === undefined || this.#pending.has(own) ? from : this.#context.peer);
    return (message: Message) => {
      switch (message.kind) {
        case 'response':
        case 'malformed':
          this.#pending.settle(message, own);
          return undefined;
        case 'request':
          return this.#questions.put(message.id, message.call, client(), failed);
        case 'notification': {
          if (message.call.method !== 'notifications/cancelled') return client().notify(message.call);
          this.#questions.cancel(message.call);
          return undefined;
        }
        case 'invalid':
          this.#context.log.debug(`upstream: skipped a message (${message.reason})`);
          return undefined;
      }
    };
  }

  #tell(call: Call): Promise<void> {
    return this.#deliver(encodeNotification(call), call.method);
  }

  /** Sends a message that has no answer; with `failed`, one that the server waits for. Never rejects. */
  #deliver(frame: Frame, what: string, failed?: Undelivered): Promise<void> {
    const { log } = this.#context;
    const delivered = withLimit(OWN_LIMIT, this.#closing, async (signal) => {
      const send = () => this.#requests.post('post', frame, { purpose: 'notification', signal, repeatable: true });
      const response = await (failed ? insistently(signal, send) : send());
      if (response.status >= 400 && failed) throw new UpstreamRefusal(await refusal(response, this.#context.url));
      if (response.status >= 400) log.debug(`upstream: refused ${what} with HTTP ${response.status}`);
      await acknowledged(response, signal);
    }).catch((error) => {
      log.debug(`upstream: could not deliver ${what}: ${error.message}`);
      failed?.(error);
    });
    this.#deliveries.add(delivered);
    return delivered;
  }

  #answered(call: Call, reply: Reply): void {
    this.journal.answered(call, reply);
    if (call.method === 'initialize' && 'result' in reply) {
      this.#headers.begin(this.#assigned, asString(peek(reply.result, 'protocolVersion')));
    }
  }

  /** Sends a ping, and opens the session again if the server no longer knows it. */
  #ping(): void {
    withLimit(OWN_LIMIT, this.#closing, (signal) =>
      this.request(ownExchange(PING, signal, this.#context.peer, true)),
    ).catch(({ code }) => {
      this.#recovery.unheard = code === 'sign-in-needed';
    });
  }

  /** Sends a request of the session itself, which the client need not know about. */
  readonly #askOwn = (call: Call, unasked?: boolean): Promise<Outcome> => {
    const { peer } = this.#context;
    return withLimit(OWN_LIMIT, this.#closing, (signal) => this.#send(ownExchange(call, signal, peer, unasked)));
  };
}
