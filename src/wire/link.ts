/**
 * Correlation on a duplex wire: numbers what we ask, matches the answers, and turns what the
 * other end asks into exchanges. Used wherever both directions share one channel (stdio,
 * HTTP+SSE). The ids of the two directions are independent by construction.
 */
import { Cancellation, type CancelSignal } from '../core/cancel.ts';
import { META_SUBSCRIPTION_ID } from '../core/eras.ts';
import { Cancelled, type Exchange, type Handler, type Peer } from '../core/exchange.ts';
import { encode, isObject, type Json, peek, withMember } from '../core/json.ts';
import {
  type Call,
  encodeBatch,
  encodeNotification,
  encodeRequest,
  encodeResponse,
  errorReply,
  type Frame,
  type Id,
  INVALID_REQUEST,
  idKey,
  type Message,
  type Reply,
} from '../core/jsonrpc.ts';
import { ProxyError } from '../errors.ts';
import { replyFrom } from './replies.ts';

/** More unanswered requests of one peer than this are refused, not stored. */
const MAX_INCOMING = 10_000;

/** What this end does with what the other end sends. */
export interface LinkHandlers {
  readonly request: Handler;
  readonly notify: (call: Call) => void;
}

/**
 * Puts a frame on the wire. A promise means: the wire is full, wait for it before writing more;
 * its rejection means that the frame did not get through. Aborting the signal means that it
 * need not be sent any more.
 */
export type Send = (frame: Frame, signal?: CancelSignal) => Promise<void> | undefined;

/** Where the answer to one request goes; undefined when there will be none, because it was cancelled. */
type Respond = (frame: Frame | undefined) => void;

interface Incoming {
  readonly id: Id;
  /** Open until somebody closes it: nobody waits for its answer. */
  readonly subscription: boolean;
  readonly abort: Cancellation;
  readonly respond: Respond;
}

interface Outgoing {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

export class Link implements Peer {
  readonly #send: Send;
  readonly #handlers: LinkHandlers;
  readonly #room: () => Promise<void> | undefined;
  readonly #incoming = new Map<string, Incoming>();
  readonly #unanswered = new Set<Incoming>();
  readonly #outgoing = new Map<string, Outgoing>();
  #lastId = 0;
  #ended: ProxyError | undefined;
  #idle: (() => void)[] = [];

  /** @param room a promise for room on the wire, or undefined when there is some. */
  constructor(send: Send, handlers: LinkHandlers, room: () => Promise<void> | undefined = () => undefined) {
    this.#send = send;
    this.#handlers = handlers;
    this.#room = room;
  }

  room(): Promise<void> | undefined {
    return this.#room();
  }

  /** Whether requests of the other end wait for answers. Subscriptions are not waited for. */
  get busy(): boolean {
    for (const incoming of this.#unanswered) if (!incoming.subscription) return true;
    return false;
  }

  /** Resolves as soon as this end is not busy. */
  idle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  notify(call: Call): Promise<void> | undefined {
    return this.#send(encodeNotification(call));
  }

  ask(call: Call, signal: CancelSignal): Promise<Reply> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (signal.aborted) return Promise.reject(signal.reason);
    const id: Id = String(++this.#lastId);
    return new Promise<Reply>((resolve, reject) => {
      const onAbort = (): void => {
        this.#outgoing.delete(id);
        // `initialize` must not be cancelled (specification, "Cancellation").
        if (call.method !== 'initialize') this.#put(encodeNotification(cancelledCall(signal.reason, id)));
        reject(signal.reason);
      };
      const settle = (): void => {
        this.#outgoing.delete(id);
        signal.removeEventListener('abort', onAbort);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#outgoing.set(id, {
        resolve: (reply) => {
          settle();
          resolve(reply);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#send(encodeRequest(id, call), signal)?.catch((error) => this.#outgoing.get(id)?.reject(error));
    });
  }

  /** Takes in one message from the wire. */
  receive(message: Message): void {
    this.#receive(message, (frame) => frame && this.#put(frame));
  }

  /** Takes in a batch (revision 2025-03-26); its answers leave as one array, once all of them are there. */
  receiveBatch(messages: readonly Message[]): void {
    let open = messages.filter((m) => m.kind !== 'notification' && m.kind !== 'response').length;
    const answers: Frame[] = [];
    const collect: Respond = (frame) => {
      open--;
      if (frame) answers.push(frame);
      if (open === 0 && answers.length > 0) this.#put(encodeBatch(answers));
    };
    for (const message of messages) this.#receive(message, collect);
  }

  /** Answers every open request with the error and cancels its exchange; rejects everything asked. Final. */
  end(error: ProxyError): void {
    this.#ended ??= error;
    for (const incoming of [...this.#unanswered]) {
      this.#answer(incoming, replyFrom(error));
      incoming.abort.abort(new Cancelled());
    }
    for (const outgoing of [...this.#outgoing.values()]) outgoing.reject(error);
  }

  /** Writes what nobody waits for; whoever owns the wire hears of its failures. */
  #put(frame: Frame): void {
    this.#send(frame)?.catch(() => {});
  }

  #receive(message: Message, respond: Respond): void {
    switch (message.kind) {
      case 'request':
        this.#request(message.id, message.call, respond);
        break;
      case 'notification':
        if (message.call.method === 'notifications/cancelled') this.#cancel(message.call);
        else this.#handlers.notify(message.call);
        break;
      case 'response':
        this.#outgoing.get(idKey(message.id))?.resolve(message.reply);
        break;
      case 'malformed': {
        const key = idKey(message.id);
        const asked = this.#outgoing.get(key);
        if (asked) {
          asked.reject(new ProxyError('failed', `the answer is malformed: ${message.reason}`, { outcome: 'unknown' }));
          respond(undefined);
          break;
        }
        // An error under the id of a request that is being worked on would be taken for its answer.
        const id = this.#incoming.has(key) ? 'null' : message.id;
        respond(encodeResponse(id, errorReply(INVALID_REQUEST, `Invalid Request: ${message.reason}`)));
        break;
      }
      case 'invalid':
        respond(encodeResponse(message.id, errorReply(INVALID_REQUEST, `Invalid Request: ${message.reason}`)));
        break;
    }
  }

  #request(id: Id, call: Call, respond: Respond): void {
    const subscription = call.method === 'subscriptions/listen';
    const incoming: Incoming = { id, subscription, abort: new Cancellation(), respond };
    if (this.#ended || this.#unanswered.size >= MAX_INCOMING) {
      const error =
        this.#ended ?? new ProxyError('limit', `more than ${MAX_INCOMING} requests are waiting for answers`);
      respond(encodeResponse(id, replyFrom(error)));
      return;
    }
    const key = idKey(id);
    this.#incoming.set(key, incoming);
    this.#unanswered.add(incoming);
    const own = subscription ? Buffer.from(id) : undefined;
    const exchange: Exchange = {
      call,
      signal: incoming.abort.signal,
      // What arrives for an exchange that is over is late, and belongs to nobody.
      notify: (note) =>
        this.#unanswered.has(incoming) ? this.notify(own ? withSubscriptionId(note, own) : note) : undefined,
      ask: (question, signal) => this.ask(question, signal),
      room: () => this.#room(),
      abort: (error) => {
        this.#answer(incoming, replyFrom(error));
        incoming.abort.abort(error);
      },
    };
    this.#handlers.request(exchange).then(
      (reply) => this.#answer(incoming, own ? closedBy(reply, own) : reply),
      (error: unknown) => this.#answer(incoming, replyFrom(error)),
    );
  }

  #answer(incoming: Incoming, reply: Reply): void {
    if (!this.#unanswered.has(incoming)) return;
    this.#forget(incoming);
    incoming.respond(encodeResponse(incoming.id, reply));
  }

  #cancel(call: Call): void {
    const id = call.params && cancelledId(call.params);
    const incoming = id === undefined ? undefined : this.#incoming.get(idKey(id));
    if (!incoming) return;
    // A cancelled request gets no answer (specification, "Cancellation").
    this.#forget(incoming);
    incoming.respond(undefined);
    incoming.abort.abort(new Cancelled(call));
  }

  #forget(incoming: Incoming): void {
    this.#unanswered.delete(incoming);
    const key = idKey(incoming.id);
    if (this.#incoming.get(key) === incoming) this.#incoming.delete(key);
    if (this.#idle.length > 0 && !this.busy) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** The id that a `notifications/cancelled` names, or undefined when it names none that could exist. */
export function cancelledId(params: Json): Id | undefined {
  const id = peek(params, 'requestId');
  return id && /^["\-\d]/.test(id.toString('latin1', 0, 1)) ? id.toString('utf8') : undefined;
}

/** The `notifications/cancelled` for a request of ours, with all that the asker said in its own. */
export function cancelledCall(reason: unknown, id: Id): Call {
  const own = reason instanceof Cancelled ? reason.call?.params : undefined;
  // What cannot be read would not have cancelled anything, so here it can be changed.
  return { method: 'notifications/cancelled', params: withMember(own ?? encode({}), 'requestId', Buffer.from(id)) };
}

/** A message of a subscription, under the id that the asker itself gave to its `subscriptions/listen`. */
function withSubscriptionId(note: Call, id: Json): Call {
  return note.params && isObject(note.params) ? { ...note, params: inMeta(note.params, id) } : note;
}

function closedBy(reply: Reply, id: Json): Reply {
  return 'result' in reply && isObject(reply.result) ? { ...reply, result: inMeta(reply.result, id) } : reply;
}

function inMeta(text: Json, id: Json): Json {
  const meta = peek(text, '_meta');
  if (!meta || !peek(meta, META_SUBSCRIPTION_ID)) return text;
  return withMember(text, '_meta', withMember(meta, META_SUBSCRIPTION_ID, id));
}
