/**
 * Streamable HTTP of revision 2026-07-28: one POST per request, no session; closing the response
 * is the cancellation (specification 2026-07-28, "Streamable HTTP").
 */
import { Cancellation } from '../../core/cancel.ts';
import { Cancelled, derived, type Exchange } from '../../core/exchange.ts';
import type { HttpResponse, Purpose } from '../../core/fetch.ts';
import { numberIn } from '../../core/ids.ts';
import {
  type Call,
  encodeNotification,
  encodeRequest,
  encodeResponse,
  errorCode,
  errorReply,
  type Frame,
  type Id,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  type Message,
  type Reply,
} from '../../core/jsonrpc.ts';
import { drained, withLimit } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { CANCELLED, cancelledId } from '../../mcp/cancelled.ts';
import { envelopeOf } from '../../mcp/envelope.ts';
import { POST_HEADERS, type RequestHeaders, standardHeaders } from '../../mcp/headers.ts';
import { isRepeatable, isSubscription } from '../../mcp/methods.ts';
import { HEADER_MISMATCH, MODERN_REVISIONS } from '../../mcp/revisions.ts';
import { GRACEFUL } from '../../mcp/subscription-id.ts';
import { nextPage, toolName } from '../../mcp/tool-list.ts';
import { OpenCall, OpenCalls } from '../../wire/open-calls.ts';
import { settleStray } from '../../wire/stray.ts';
import { pause } from '../backoff.ts';
import type { UpstreamContext } from '../context.ts';
import { endedStream, malformedAnswer, otherAnswer } from '../failure.ts';
import { type Outcome, refusal } from '../outcome.ts';
import { discard, mediaType, readAnswer, readJson, startOfStream, type Take } from '../read-messages.ts';
import { ToolHeaders } from './tool-headers.ts';

/** How many pages of `tools/list` to read to learn what a refused call lacked. */
const MAX_PAGES = 100;
const NOTIFICATION_LIMIT = 30_000;

/** How a message is sent. */
interface How extends Pick<Exchange, 'signal' | 'mirrored'> {
  readonly purpose: Purpose;
  readonly repeatable: boolean;
}

export class StatelessTransport {
  readonly #context: UpstreamContext;
  readonly #tools: ToolHeaders;
  readonly #asked: () => void;
  readonly #closing = new Cancellation();
  readonly #delivering = new Set<Promise<void>>();
  readonly #open = new OpenCalls();
  /** The headers of requests, by their standard headers. */
  readonly #made = new WeakMap<RequestHeaders, RequestHeaders>();
  #lastId = 0;

  /** @param asked called when the server asks something, which only servers of older revisions do. */
  constructor(context: UpstreamContext, asked: () => void = () => {}) {
    this.#context = context;
    this.#asked = asked;
    this.#tools = new ToolHeaders(context.log);
  }

  /** @param position records what the stream of the answer says about reconnecting. */
  async send(exchange: Exchange, position = startOfStream()): Promise<Outcome> {
    const { call } = exchange;
    if (this.#tools.refuses(call)) {
      return { kind: 'answered', reply: errorReply(INVALID_PARAMS, `Unknown tool: ${toolName(call)}`) };
    }
    const open = new OpenCall(exchange);
    this.#open.add(open);
    try {
      const outcome = await this.#once(exchange, position);
      if (call.method === 'tools/list' && outcome.kind === 'answered') {
        return { kind: 'answered', reply: this.#tools.learn(outcome.reply) };
      }
      const mismatch = outcome.reply && errorCode(outcome.reply) === HEADER_MISMATCH;
      // A client that wrote the headers itself gets the server's answer that they are wrong.
      if (call.method !== 'tools/call' || !mismatch || exchange.mirrored) return outcome;
      // The server checks headers before it runs anything, so the call may be sent again.
      await this.#relist(exchange);
      return await this.#once(exchange);
    } finally {
      this.#open.delete(open);
    }
  }

  /** Passes on a notification. */
  notify(call: Call): Promise<void> {
    const { log } = this.#context;
    const delivered = withLimit(NOTIFICATION_LIMIT, this.#closing, async (signal) => {
      const response = await this.#post(call, encodeNotification(call), {
        purpose: 'notification',
        signal,
        repeatable: true,
      });
      if (response.status >= 400) log.debug(`upstream: refused ${call.method} with HTTP ${response.status}`);
      await discard(response);
    })
      .catch((error) => log.debug(`upstream: could not deliver ${call.method}: ${error.message}`))
      .finally(() => this.#delivering.delete(delivered));
    this.#delivering.add(delivered);
    return delivered;
  }

  async close(limit: number): Promise<void> {
    const left = await drained(this.#open.idle(), limit);
    if (this.#delivering.size > 0) {
      await Promise.race([Promise.all(this.#delivering), pause(left / 2, this.#closing)]);
    }
    this.#closing.abort(new Cancelled());
  }

  /** Ends every request with the reason. */
  destroy(reason: ProxyError): void {
    this.#closing.abort(reason);
    this.#open.destroy(reason);
  }

  #post(call: Call, body: Frame, how: How): Promise<HttpResponse> {
    const { purpose, signal, repeatable, mirrored = this.#tools.headersFor(call) } = how;
    const headers = this.#headersOf(call, mirrored);
    const { url, fetch, cookies } = this.#context;
    return fetch({ purpose, method: 'POST', url, headers, body, signal, repeatable, cookies });
  }

  /** The same object for equal calls: it is cheaper to send again than an equal one. */
  #headersOf(call: Call, mirrored: RequestHeaders): RequestHeaders {
    const standard = standardHeaders(call);
    let headers = this.#made.get(standard);
    if (!headers) {
      headers = { ...POST_HEADERS, 'mcp-protocol-version': MODERN_REVISIONS[0], ...standard };
      this.#made.set(standard, headers);
    }
    return Object.keys(mirrored).length === 0 ? headers : { ...headers, ...mirrored };
  }

  async #once(exchange: Exchange, position = startOfStream()): Promise<Outcome> {
    const { call, signal } = exchange;
    const { url, log } = this.#context;
    const number = ++this.#lastId;
    const body = encodeRequest(String(number), call);
    const response = await this.#post(call, body, {
      purpose: purposeOf(exchange),
      signal,
      repeatable: isRepeatable(call),
      mirrored: exchange.mirrored,
    });
    const type = mediaType(response);
    if (response.status !== 200 || (type !== 'application/json' && type !== 'text/event-stream')) {
      return refusal(response, url);
    }
    // Awaited here: to return it would cost as much as three waits.
    return await new Promise<Outcome>((resolve, reject) => {
      let answered = false;
      const settled = (reply: Reply): void => {
        answered = true;
        resolve({ kind: 'answered', reply });
      };
      const take: Take = (message) => {
        if (message.kind !== 'response' && message.kind !== 'malformed') {
          return answered ? undefined : this.#besides(message, exchange, number, settled);
        }
        // Any answer on this stream is for this request: the stream carries no other.
        if (message.kind === 'malformed') reject(malformedAnswer(message.reason, response));
        else if (numberIn(message.id) === number) settled(message.reply);
        else settleStray(message, { resolve: settled, reject }, response.status);
        return undefined;
      };
      // To make an error costs as much as a small call, so these make none where it would change nothing.
      const unlessAnswered = (error: () => ProxyError): void => {
        if (!answered) reject(error());
      };
      if (type === 'application/json') {
        const check = (bytes: Buffer): void => unlessAnswered(() => otherAnswer(response, bytes, url));
        const body = readJson(response, url, take);
        if (body instanceof Promise) body.then(check, reject);
        else check(body);
      } else {
        readAnswer(response, position, log, take, () => answered).then(
          () => unlessAnswered(() => endedStream(response, url)),
          reject,
        );
      }
    });
  }

  /**
   * Messages that are not the answer: notifications of the request; this revision has nothing else.
   * @param number the id of the request
   * @param settle ends the request with an answer
   */
  #besides(
    message: Message,
    exchange: Exchange,
    number: number,
    settle: (reply: Reply) => void,
  ): Promise<void> | undefined {
    if (message.kind === 'request') return this.#refuse(message.id, message.call, exchange);
    const note = message.kind === 'notification' ? message.call : undefined;
    if (note && note.method !== CANCELLED) return exchange.notify(note);
    // The server ends a subscription, and may cancel nothing else (specification 2026-07-28, "Cancellation").
    if (note && isSubscription(exchange.call) && isNumbered(note, number)) {
      const told = exchange.notify(note);
      settle(GRACEFUL);
      return told;
    }
    this.#context.log.debug(`upstream: skipped a ${message.kind} on the stream of ${exchange.call.method}`);
    return undefined;
  }

  /** Refuses a question, because there is no session for it, so that the server does not wait. Never rejects. */
  async #refuse(id: Id, { method }: Call, exchange: Exchange): Promise<void> {
    const { url, fetch, cookies, log } = this.#context;
    this.#asked();
    const why = `${method} can be answered only in a session`;
    const body = encodeResponse(id, errorReply(METHOD_NOT_FOUND, why));
    const headers = { ...POST_HEADERS, 'mcp-protocol-version': MODERN_REVISIONS[0] };
    const accepted = await withLimit(NOTIFICATION_LIMIT, this.#closing, async (signal) => {
      const how = { purpose: 'notification', method: 'POST', url, headers, signal, repeatable: true, cookies } as const;
      const response = await fetch({ ...how, body });
      await discard(response);
      return response.status < 400;
    }).catch((error) => {
      log.debug(`upstream: could not refuse ${method}: ${error.message}`);
      return false;
    });
    if (accepted) return;
    const message = `the server asks for ${method} during ${exchange.call.method}, and takes no answer outside of a session`;
    exchange.abort(new ProxyError('failed', message, { outcome: 'unknown', hint: 'the next request opens a session' }));
  }

  /** Reloads the tool list, so that the next call carries the headers that the server wants. */
  async #relist(exchange: Exchange): Promise<void> {
    let call: Call = { method: 'tools/list', params: envelopeOf(exchange.call) };
    const seen = new Set<string>();
    for (let page = 0; page < MAX_PAGES; page++) {
      const outcome = await this.#once(derived(exchange, { call, notify: () => undefined }));
      if (outcome.kind !== 'answered' || 'error' in outcome.reply) return;
      this.#tools.learn(outcome.reply);
      const next = nextPage(call, outcome.reply.result);
      if (!next || seen.has(String(next.params))) return;
      seen.add(String(next.params));
      call = next;
    }
  }
}

function purposeOf({ call, unasked }: Exchange): Purpose {
  if (unasked) return 'own';
  return call.method === 'server/discover' ? 'discover' : 'call';
}

/** Whether a cancellation names the request with this number. */
function isNumbered({ params }: Call, number: number): boolean {
  const id = params && cancelledId(params);
  return id !== undefined && numberIn(id) === number;
}
