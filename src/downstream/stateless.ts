/**
 * Clients over Streamable HTTP of revision 2026-07-28: every POST stands for itself, and closing
 * it is the cancellation (specification 2026-07-28, "Streamable HTTP").
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Cancellation, type CancelSignal } from '../core/cancel.ts';
import { META_SUBSCRIPTION_ID } from '../core/eras.ts';
import { Cancelled, type Exchange, type Session } from '../core/exchange.ts';
import { encode } from '../core/json.ts';
import {
  type Call,
  encodeNotification,
  encodeResponse,
  errorReply,
  type Id,
  METHOD_NOT_FOUND,
  type Reply,
} from '../core/jsonrpc.ts';
import { Entry, Roll } from '../core/roll.ts';
import { ProxyError } from '../errors.ts';
import { replyFrom } from '../wire/replies.ts';
import { closedFor, noteFor } from '../wire/subscription-id.ts';
import type { Accepts } from './accept.ts';
import type { EventStream } from './event-stream.ts';
import { mirroredParameters } from './mirror.ts';
import { type Lane, type PostOwner, PostResponse } from './post-response.ts';
import type { Pulse } from './pulse.ts';
import { modernStatus } from './status.ts';

/** More calls than this, of all clients together, are refused until some are answered. */
const MAX_OPEN = 10_000;

/** What a request comes with. */
export interface Asked {
  readonly id: Id;
  readonly call: Call;
  readonly headers: IncomingHttpHeaders;
  readonly accepts: Accepts;
}

export class StatelessClients {
  readonly #pulse: Pulse;
  readonly #open = new Roll<StatelessExchange>();
  /** How many of them are subscriptions. */
  #subscriptions = 0;
  #idle: (() => void)[] = [];

  constructor(pulse: Pulse) {
    this.#pulse = pulse;
  }

  /** Asks the server in the name of whoever sent the request, and answers it. */
  serve(res: ServerResponse, asked: Asked, server: Session): void {
    const exchange = new StatelessExchange(res, asked, this.#pulse, () => {
      if (this.#open.delete(exchange) && exchange.subscription) this.#subscriptions--;
      if (this.#idle.length > 0 && !this.busy) for (const resolve of this.#idle.splice(0)) resolve();
    });
    if (this.#open.size >= MAX_OPEN) {
      exchange.abort(new ProxyError('limit', `more than ${MAX_OPEN} calls are waiting for answers`));
      return;
    }
    this.#open.add(exchange);
    if (exchange.subscription) this.#subscriptions++;
    res.once('close', () => exchange.left());
    server.request(exchange).then(
      (reply) => exchange.answer(reply),
      (error: unknown) => exchange.answer(replyFrom(error)),
    );
  }

  /** Whether calls wait for answers; subscriptions are not waited for. */
  get busy(): boolean {
    return this.#open.size > this.#subscriptions;
  }

  /** Resolves when no call waits for its answer. */
  idle(): Promise<void> {
    return this.busy ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** Answers what is open with the error, and ends the subscriptions the way a server does. */
  end(error: ProxyError): void {
    for (const exchange of this.#open) exchange.end(error);
  }
}

/** One request and its response. */
class StatelessExchange extends Entry implements Exchange, PostOwner {
  readonly call: Call;
  readonly mirrored: Readonly<Record<string, string>>;
  readonly subscription: boolean;
  readonly #id: Id;
  readonly #cancellation = new Cancellation();
  readonly #response: PostResponse;
  readonly #over: () => void;
  #open = true;

  /** @param over called once, as soon as there is an answer or nobody to take it. */
  constructor(res: ServerResponse, { id, call, headers, accepts }: Asked, pulse: Pulse, over: () => void) {
    super();
    this.call = call;
    this.mirrored = mirroredParameters(headers);
    this.subscription = call.method === 'subscriptions/listen';
    this.#id = id;
    this.#over = over;
    this.#response = new PostResponse(res, accepts, pulse, this);
  }

  get signal(): CancelSignal {
    return this.#cancellation.signal;
  }

  notify(note: Call): Promise<void> | undefined {
    if (!this.#open || !this.#response.streams) return undefined;
    return this.#response.write(encodeNotification(this.subscription ? noteFor(note, Buffer.from(this.#id)) : note));
  }

  /** In this revision servers ask by way of their results. */
  ask(): Promise<Reply> {
    return Promise.resolve(errorReply(METHOD_NOT_FOUND, 'Method not found'));
  }

  room(): Promise<void> | undefined {
    return this.#response.room();
  }

  abort(error: Error): void {
    this.answer(replyFrom(error));
    this.#cancellation.abort(error);
  }

  answer(reply: Reply): void {
    if (!this.#close()) return;
    const own = this.subscription ? closedFor(reply, Buffer.from(this.#id)) : reply;
    this.#response.answer(encodeResponse(this.#id, own), modernStatus(own));
  }

  /** The client has closed the connection: nothing else cancels in this revision. */
  left(): void {
    if (!this.#close()) return;
    this.#response.none();
    this.#cancellation.abort(new Cancelled());
  }

  /** The proxy ends before the server has answered. */
  end(error: ProxyError): void {
    this.answer(this.subscription ? GRACEFUL : replyFrom(error));
    this.#cancellation.abort(new Cancelled());
  }

  headers(): readonly string[] {
    return NO_HEADERS;
  }

  lane(stream: EventStream): Lane {
    return stream;
  }

  #close(): boolean {
    const was = this.#open;
    this.#open = false;
    if (was) this.#over();
    return was;
  }
}

const NO_HEADERS: readonly string[] = [];

/** The answer that ends a subscription by the will of the server (specification 2026-07-28, "Subscriptions"). */
const GRACEFUL: Reply = { result: encode({ resultType: 'complete', _meta: { [META_SUBSCRIPTION_ID]: 0 } }) };
