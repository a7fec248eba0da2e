/**
 * Correlation on a duplex wire: numbers our requests, matches the answers, and turns the requests
 * of the other end into exchanges. Used wherever both directions share one channel (stdio,
 * HTTP+SSE). The ids of the two directions are independent by construction.
 */
import { Cancellation, type CancelSignal } from '../core/cancel.ts';
import { Cancelled, type Exchange, type Handler, type Peer } from '../core/exchange.ts';
import { type Id, idKey, NULL_ID } from '../core/ids.ts';
import {
  type Call,
  encodeNotification,
  encodeRequest,
  encodeResponse,
  errorReply,
  type Frame,
  INVALID_REQUEST,
  isAnswered,
  METHOD_NOT_FOUND,
  type Message,
  type Reply,
} from '../core/jsonrpc.ts';
import { KeyedList, KeyedNode } from '../core/lists/keyed-list.ts';
import { ProxyError } from '../errors.ts';
import { CANCELLED, cancelledCall, cancelledId } from '../mcp/cancelled.ts';
import { isHandshake, isSubscription } from '../mcp/methods.ts';
import { closedFor, GRACEFUL, noteFor } from '../mcp/subscription-id.ts';
import { type Pending, PendingRequests } from './pending.ts';
import { replyFrom } from './replies.ts';
import { type ReplyRoute, togetherOn } from './reply-route.ts';

/** Beyond this many unanswered requests of one peer, further ones are refused, not stored. */
const MAX_INCOMING = 10_000;
/** The same limit in bytes; a request is always accepted while no other one waits. */
const MAX_INCOMING_BYTES = 128 * 1_048_576;

/** What this end does with the messages of the other end. */
export interface LinkHandlers {
  readonly request: Handler;
  readonly notify: (call: Call) => unknown;
  /** The other end ends a subscription of ours with this notification. Left out: it has none. */
  readonly unsubscribed?: ((id: Id, call: Call) => void) | undefined;
}

/**
 * Puts a frame on the wire. A returned promise means that the wire is full: wait for it before
 * writing more. Its rejection means that the frame did not get through. Aborting the signal means
 * that the frame is no longer needed.
 */
export type Send = (frame: Frame, signal?: CancelSignal) => Promise<void> | undefined;

/** One request of the other end, from its arrival to its answer. */
class Incoming extends KeyedNode implements Exchange {
  readonly id: Id;
  readonly call: Call;
  readonly way: ReplyRoute;
  readonly #link: Link;
  readonly #cancellation = new Cancellation();

  constructor(link: Link, id: Id, call: Call, way: ReplyRoute) {
    super();
    this.#link = link;
    this.id = id;
    this.call = call;
    this.way = way;
  }

  protected override computeKey(): string {
    return idKey(this.id);
  }

  get subscription(): boolean {
    return isSubscription(this.call);
  }

  get signal(): CancelSignal {
    return this.#cancellation.signal;
  }

  notify(note: Call): Promise<void> | undefined {
    // A message for an exchange that is over is late, and is dropped.
    if (!this.#link.awaits(this)) return undefined;
    return this.way.send(encodeNotification(this.subscription ? noteFor(note, Buffer.from(this.id)) : note));
  }

  ask(question: Call, signal: CancelSignal): Promise<Reply> {
    if (this.way.canAsk?.() !== false) return this.#link.ask(question, signal, this.way);
    return Promise.resolve(errorReply(METHOD_NOT_FOUND, 'the client takes no questions with this request'));
  }

  room(): Promise<void> | undefined {
    return this.way.room();
  }

  slow(): void {
    this.way.slow?.();
  }

  abort(error: Error): void {
    this.#link.answer(this, replyFrom(error, this.signal));
    this.#cancellation.abort(error);
  }

  /** Over, because the other end cancelled it or no answer can come. */
  cancel(reason: Cancelled): void {
    this.#cancellation.abort(reason);
  }
}

export class Link implements Peer {
  readonly #send: Send;
  readonly #handlers: LinkHandlers;
  readonly #room: () => Promise<void> | undefined;
  /** For messages that came without a way of their own. */
  readonly #wire: ReplyRoute;
  readonly #unanswered = new KeyedList<Incoming>();
  /** Bytes of the parameters of unanswered requests. */
  #waiting = 0;
  /** How many of the unanswered requests are subscriptions. */
  #subscriptions = 0;
  readonly #asked = new PendingRequests();
  #ended: ProxyError | undefined;
  /** Why the other end is asked nothing any more. */
  #unasked: ProxyError | undefined;
  #idle: (() => void)[] = [];

  /** @param room a promise for room on the wire, or undefined when there is room now. */
  constructor(send: Send, handlers: LinkHandlers, room: () => Promise<void> | undefined = () => undefined) {
    this.#send = send;
    this.#handlers = handlers;
    this.#room = room;
    this.#wire = { send, room, respond: (frame) => frame && this.#put(frame) };
  }

  room(): Promise<void> | undefined {
    return this.#room();
  }

  /** Whether requests of the other end wait for answers. Subscriptions do not count. */
  get busy(): boolean {
    return this.#unanswered.size > this.#subscriptions;
  }

  /** Whether the sender of a request that waits for its answer is still there. */
  get awaited(): boolean {
    for (const { way } of this.#unanswered) if (way.connected !== false) return true;
    return false;
  }

  /** How many requests of the other end have no answer yet. */
  get open(): number {
    return this.#unanswered.size;
  }

  /** Our requests that have no answer yet. */
  get asked(): Pick<PendingRequests, 'size' | 'asks' | 'knows' | 'idle'> {
    return this.#asked;
  }

  /** Resolves as soon as this end is not busy. */
  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  notify(call: Call): Promise<void> | undefined {
    return this.#send(encodeNotification(call));
  }

  /**
   * @param way of the request that causes this one; left out: the wire as a whole
   * @param opened called with the id that the request has on the wire
   */
  ask(call: Call, signal: CancelSignal, way: ReplyRoute = this.#wire, opened?: (id: Id) => void): Promise<Reply> {
    const over = this.#ended ?? this.#unasked;
    if (over) return Promise.reject(over);
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise<Reply>((resolve, reject) => {
      const pending = this.#asked.open(call, resolve, reject);
      const { id } = pending;
      opened?.(id);
      pending.watch(signal, (_, reason) => this.#cancelAsked(pending, reason as Error, way));
      way.send(encodeRequest(id, call), signal)?.catch((error) => this.#asked.fail(pending, error));
    });
  }

  /** Ends every request of ours with the reason, and tells the other end so. */
  giveUp(reason: Error): void {
    for (const pending of this.#asked) this.#cancelAsked(pending, reason, this.#wire);
  }

  /** The same, for the requests to come, too. Those of the other end still get their answers. */
  stopAsking(reason: ProxyError): void {
    this.#unasked ??= reason;
    this.giveUp(reason);
  }

  #cancelAsked(pending: Pending, reason: Error, way: ReplyRoute): void {
    this.#asked.delete(pending);
    // `initialize` must not be cancelled (specification, "Cancellation"). `server/discover` is not either: a server
    // that has not been opened may take the notification for an opening of the legacy era.
    if (!isHandshake(pending.call)) way.send(encodeNotification(cancelledCall(reason, pending.id)))?.catch(() => {});
    pending.reject(reason);
  }

  /** Takes in one message from the wire. */
  receive(message: Message, way: ReplyRoute = this.#wire): void {
    this.#receive(message, way);
  }

  /** Takes in a batch (revision 2025-03-26); its answers leave as one array, once all of them have come. */
  receiveBatch(messages: readonly Message[], way: ReplyRoute = this.#wire): void {
    const together = togetherOn(way, messages.filter(isAnswered).length);
    for (const message of messages) this.#receive(message, together);
  }

  /**
   * Answers every open request with the reason and cancels its exchange; rejects every request of ours. Final. A
   * subscription ends as a server ends it: with its result (specification 2026-07-28, "Graceful Closure").
   */
  destroy(reason: ProxyError): void {
    this.#ended ??= reason;
    for (const incoming of this.#unanswered) {
      const { id, subscription } = incoming;
      this.answer(incoming, subscription ? closedFor(GRACEFUL, Buffer.from(id)) : replyFrom(reason, incoming.signal));
      incoming.cancel(new Cancelled());
    }
    this.#asked.destroy(reason);
  }

  /** Writes a frame without waiting for it; the owner of the wire hears of its failures. */
  #put(frame: Frame): void {
    this.#send(frame)?.catch(() => {});
  }

  #receive(message: Message, way: ReplyRoute): void {
    switch (message.kind) {
      case 'request':
        this.#request(message.id, message.call, way);
        break;
      case 'notification':
        if (message.call.method === CANCELLED) this.#cancel(message.call);
        else this.#handlers.notify(message.call);
        break;
      case 'response':
        this.#asked.settle(message);
        break;
      case 'malformed': {
        if (this.#asked.settle(message) === 'answered') {
          way.respond(undefined);
          break;
        }
        // An error under the id of a request in progress would be taken for its answer.
        const id = this.#incoming(message.id) ? NULL_ID : message.id;
        way.respond(encodeResponse(id, errorReply(INVALID_REQUEST, `Invalid Request: ${message.reason}`)));
        break;
      }
      case 'invalid':
        way.respond(encodeResponse(message.id, errorReply(INVALID_REQUEST, `Invalid Request: ${message.reason}`)));
        break;
    }
  }

  #request(id: Id, call: Call, way: ReplyRoute): void {
    const size = sizeOf(call);
    const isTooLarge = this.#unanswered.size > 0 && this.#waiting + size > MAX_INCOMING_BYTES;
    if (this.#ended || isTooLarge || this.#unanswered.size >= MAX_INCOMING) {
      const error = this.#ended ?? new ProxyError('limit', 'too many requests, or too large, are waiting for answers');
      const reply = replyFrom(error);
      way.respond(encodeResponse(id, reply), reply);
      return;
    }
    const incoming = new Incoming(this, id, call, way);
    this.#unanswered.add(incoming);
    this.#waiting += size;
    if (incoming.subscription) this.#subscriptions++;
    this.#handlers.request(incoming).then(
      (reply) => this.answer(incoming, incoming.subscription ? closedFor(reply, Buffer.from(id)) : reply),
      (error: unknown) => this.answer(incoming, replyFrom(error)),
    );
  }

  /** Whether a request has no answer yet. */
  awaits(incoming: Incoming): boolean {
    return this.#unanswered.has(incoming);
  }

  /** Answers a request, unless it already has its answer. */
  answer(incoming: Incoming, reply: Reply): void {
    if (!this.#unanswered.has(incoming)) return;
    this.#forget(incoming);
    incoming.way.respond(encodeResponse(incoming.id, reply), reply);
  }

  #cancel(call: Call): void {
    const id = call.params && cancelledId(call.params);
    const incoming = id === undefined ? undefined : this.#incoming(id);
    if (!incoming) this.#asked.unsubscribe(call, this.#handlers.unsubscribed);
    if (!incoming) return;
    // A cancelled request gets no answer (specification, "Cancellation").
    this.#forget(incoming);
    incoming.way.respond(undefined);
    incoming.cancel(new Cancelled(call));
  }

  /** The open request of the other end that has this id. */
  #incoming(id: Id): Incoming | undefined {
    return this.#unanswered.get(idKey(id));
  }

  #forget(incoming: Incoming): void {
    if (!this.#unanswered.delete(incoming)) return;
    this.#waiting -= sizeOf(incoming.call);
    if (incoming.subscription) this.#subscriptions--;
    if (this.#idle.length > 0 && !this.busy) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function sizeOf({ params }: Call): number {
  return params?.length ?? 0;
}
