/**
 * Clients over Streamable HTTP of revision 2026-07-28. Every POST is independent, and the client cancels it by closing
 * it (specification 2026-07-28, "Streamable HTTP").
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { Cancelled, type Exchange, type Session } from '../../../core/exchange.ts';
import {
  type Call,
  encodeNotification,
  encodeResponse,
  errorReply,
  type Id,
  METHOD_NOT_FOUND,
  type Reply,
} from '../../../core/jsonrpc.ts';
import { LinkedList, ListNode } from '../../../core/lists/linked-list.ts';
import type { ProxyError } from '../../../errors.ts';
import { closedFor, GRACEFUL, noteFor } from '../../../mcp/subscription-id.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { Release } from '../../../wire/reply-route.ts';
import type { Accepts } from '../accept.ts';
import { Budget, claimBytes, groupsOf, type Limits, overBudget, TOO_MANY_BYTES } from '../body-budget.ts';
import type { ClientOptions, Posted } from '../contracts.ts';
import type { Refusal } from '../refusal.ts';
import type { Heartbeats } from '../response/heartbeat.ts';
import { PostResponse } from '../response/post-response.ts';
import { mirroredParameters } from './header-check.ts';
import { modernStatus } from './http-status.ts';

/**
 * Limits of calls that wait for answers and of notifications that the server has not taken: by connection, by address,
 * in total.
 */
const CALLS: Limits = { own: 1_000, group: 5_000, all: 10_000, small: 0 };
const TOO_MANY_CALLS = overBudget('too many calls of this client, or of all clients together, are waiting for answers');

/** A request, with what its POST says about it. */
export interface StatelessRequest {
  readonly id: Id;
  readonly call: Call;
  readonly headers: IncomingHttpHeaders;
  readonly accepts: Accepts;
}

export class StatelessClients {
  readonly #pulse: Heartbeats;
  readonly #bytes: Budget;
  readonly #calls = new Budget(CALLS);
  readonly #open = new LinkedList<StatelessExchange>();
  /** The number of subscriptions among them. */
  #subscriptions = 0;
  #idle: (() => void)[] = [];

  constructor({ pulse, bytes }: Pick<ClientOptions, 'pulse' | 'bytes'>) {
    this.#pulse = pulse;
    this.#bytes = bytes;
  }

  /** Passes a request to the server for its sender, and answers it. Returns the refusal, if there is one. */
  serve(posted: Posted, asked: StatelessRequest, server: Session): Refusal | undefined {
    const claimed = this.#claim(posted);
    if ('status' in claimed) return { ...claimed, id: asked.id };
    const { res } = posted;
    const exchange = new StatelessExchange(res, asked, this.#pulse, () => {
      claimed.release();
      if (this.#open.delete(exchange) && exchange.subscription) this.#subscriptions--;
      if (this.#idle.length > 0 && !this.busy) for (const resolve of this.#idle.splice(0)) resolve();
    });
    this.#open.add(exchange);
    if (exchange.subscription) this.#subscriptions++;
    res.once('close', () => exchange.left());
    server.request(exchange).then(
      (reply) => exchange.answer(reply),
      (error: unknown) => exchange.answer(replyFrom(error)),
    );
    return undefined;
  }

  /** Passes a notification on. Returns the refusal, if there is one. */
  tell(posted: Posted, call: Call, server: Session): Refusal | undefined {
    const claimed = this.#claim(posted);
    if ('status' in claimed) return claimed;
    const taken = server.notify(call);
    if (taken) taken.then(claimed.release, claimed.release);
    else claimed.release();
    return undefined;
  }

  #claim(posted: Posted): { readonly release: Release } | Refusal {
    const { socket } = posted.req;
    const groups = groupsOf(posted);
    const call = this.#calls.claim(socket, groups, 1);
    if (!call) return TOO_MANY_CALLS;
    const bytes = claimBytes(this.#bytes, socket, posted, groups);
    if (!bytes) {
      call();
      return TOO_MANY_BYTES;
    }
    return {
      release() {
        call();
        bytes();
      },
    };
  }

  /** Whether calls wait for answers. Subscriptions do not count. */
  get busy(): boolean {
    return this.#open.size > this.#subscriptions;
  }

  /** Resolves when no call waits for its answer. */
  idle(): Promise<void> {
    return this.busy ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** Answers open calls with the reason, and ends the subscriptions as a server does. */
  destroy(reason: ProxyError): void {
    for (const exchange of this.#open) exchange.end(reason);
  }
}

/** One request and its response. */
class StatelessExchange extends ListNode implements Exchange {
  readonly call: Call;
  readonly mirrored: Readonly<Record<string, string>>;
  readonly subscription: boolean;
  readonly #id: Id;
  readonly #cancellation = new Cancellation();
  readonly #response: PostResponse;
  readonly #over: () => void;

  /** @param over called once, as soon as there is an answer or the client has gone. */
  constructor(
    res: ServerResponse,
    { id, call, headers, accepts }: StatelessRequest,
    pulse: Heartbeats,
    over: () => void,
  ) {
    super();
    this.call = call;
    this.mirrored = mirroredParameters(headers);
    this.subscription = call.method === 'subscriptions/listen';
    this.#id = id;
    this.#over = over;
    this.#response = new PostResponse(res, accepts, pulse);
  }

  get signal(): CancelSignal {
    return this.#cancellation.signal;
  }

  notify(note: Call): Promise<void> | undefined {
    if (!this.#response.streams) return undefined;
    return this.#response.write(encodeNotification(this.subscription ? noteFor(note, Buffer.from(this.#id)) : note));
  }

  /** In this revision, servers ask with their results. */
  ask(): Promise<Reply> {
    return Promise.resolve(errorReply(METHOD_NOT_FOUND, 'Method not found'));
  }

  room(): Promise<void> | undefined {
    return this.#response.room();
  }

  abort(error: Error): void {
    this.answer(replyFrom(error, this.#cancellation));
    this.#cancellation.abort(error);
  }

  answer(reply: Reply): void {
    if (this.#response.done) return;
    this.#over();
    const own = this.subscription ? closedFor(reply, Buffer.from(this.#id)) : reply;
    this.#response.answer(encodeResponse(this.#id, own), modernStatus(own));
  }

  /** The client has closed the connection, which is the only way to cancel in this revision. */
  left(): void {
    if (this.#response.done) return;
    this.#over();
    this.#response.none();
    this.#cancellation.abort(new Cancelled());
  }

  /** The proxy ends before the server has answered. */
  end(error: ProxyError): void {
    this.answer(this.subscription ? GRACEFUL : replyFrom(error, this.#cancellation));
    this.#cancellation.abort(new Cancelled());
  }
}
