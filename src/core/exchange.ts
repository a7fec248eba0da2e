/**
 * What passes between the endpoints: one side asks, the other answers. Nothing here has an id, a
 * frame or a socket; those belong to the wire.
 */
import type { ProxyError } from '../errors.ts';
import { Cancellation, type CancelSignal } from './cancel.ts';
import type { Json } from './json.ts';
import type { Call, Reply } from './jsonrpc.ts';

/** One of the two parties of a session, as seen from the other. */
export interface Peer {
  /**
   * Sends the peer a notification. Returns a promise when the peer reads more slowly than the
   * proxy writes: wait for it before sending more.
   */
  notify(call: Call): Promise<void> | undefined;
  /** Sends the peer a request (sampling, elicitation, roots). Aborting the signal cancels it. */
  ask(call: Call, signal: CancelSignal): Promise<Reply>;
  /** The promise that {@link notify} would return now. */
  room(): Promise<void> | undefined;
}

/** A call on its way to the server, with the way to cancel it and the ways back to the client. */
export interface Exchange extends Peer {
  readonly call: Call;
  /**
   * Aborted when the exchange ends before its answer; the reason is a {@link Cancelled} when the
   * client cancelled it.
   */
  readonly signal: CancelSignal;
  /**
   * The tool parameters that the client itself put into headers (specification 2026-07-28,
   * "Custom Headers from Tool Parameters"), for the server to check; undefined when the client's
   * wire has no headers.
   */
  readonly mirrored?: Readonly<Record<string, string>> | undefined;
  /** Whether no client waits for it, so that no user is asked to sign in for it. */
  readonly unasked?: boolean | undefined;
  /** Says that the answer will take a while, so that the endpoint may tell a client that waits on a connection. */
  slow?(): void;
  /** Gives the exchange up: aborts the signal, and the error becomes the answer. */
  abort(error: Error): void;
}

/** Answers an exchange. A rejection becomes an error reply at the endpoint that asked. */
export type Handler = (exchange: Exchange) => Promise<Reply>;

/** The same exchange with some changes. */
export function derived(
  exchange: Exchange,
  changes: Partial<Pick<Exchange, 'call' | 'notify' | 'ask' | 'unasked'>>,
): Exchange {
  return {
    call: exchange.call,
    signal: exchange.signal,
    mirrored: exchange.mirrored,
    unasked: exchange.unasked,
    slow: () => exchange.slow?.(),
    abort: (error) => exchange.abort(error),
    notify: (call) => exchange.notify(call),
    ask: (call, signal) => exchange.ask(call, signal),
    room: () => exchange.room(),
    ...changes,
  };
}

/** The same call as an exchange that outlives the client's own. */
export function detached(exchange: Exchange): Exchange {
  const cancellation = new Cancellation();
  return { ...derived(exchange, {}), signal: cancellation.signal, abort: (error) => cancellation.abort(error) };
}

/** The same call as an exchange that can be aborted alone, and ends with the client's own. */
export function linked(exchange: Exchange): { exchange: Exchange; abort(reason: Error): void } {
  const cancellation = new Cancellation();
  exchange.signal.addEventListener('abort', () => cancellation.abort(exchange.signal.reason), { once: true });
  const own = { ...derived(exchange, {}), signal: cancellation.signal };
  return { exchange: own, abort: (reason) => cancellation.abort(reason) };
}

/** A call of the proxy itself. The server may ask the client something because of it, but its notifications end here. */
export function ownExchange(call: Call, signal: CancelSignal, client: Peer, unasked?: boolean): Exchange {
  const ask: Peer['ask'] = (question, asking) => client.ask(question, asking);
  return { call, signal, unasked, ask, notify: () => undefined, abort: () => {}, room: () => client.room() };
}

/** The reason of an exchange that the client cancelled. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  /** The client's `notifications/cancelled`, if it sent one. */
  readonly call: Call | undefined;

  constructor(call?: Call) {
    super('cancelled by the asker');
    this.call = call;
  }
}

/** The two kinds of protocol revisions: up to 2025-11-25 with a handshake, from 2026-07-28 without. */
export type Era = 'legacy' | 'modern';

/**
 * Something that carries calls, and can end in two ways. Both may be called in any order and more than once: every call
 * in flight gets exactly one answer.
 */
export interface Closable {
  /** Drains: lets the calls in flight finish. Settles within `limit` milliseconds, and never rejects. */
  close(limit: number): Promise<void>;
  /** Cuts: answers every call in flight with the reason, at once. */
  destroy(reason: ProxyError): void;
}

/**
 * A session with a server. To close it ends it at the server, too, once the calls in flight are answered or half of the
 * limit is over; what is in flight then is for the client's endpoint to answer. To destroy it tells the server nothing.
 */
export interface Session extends Closable {
  readonly request: Handler;
  /** Passes on a notification of the client. The promise, if any, resolves when nothing is left to do for it. */
  notify(call: Call): Promise<void> | undefined;
  /** Whether the server has answered anything yet; before that, leaving at once loses nothing. */
  readonly established: boolean;
  /** The era that the server turned out to speak; undefined until it is known. */
  readonly era: Era | undefined;
  /** Whether the server has a way to say something that belongs to no request. Left out: it has. Never rejects. */
  announces?(): Promise<boolean>;
  /**
   * For a client whose `initialize` the server has just answered: the server's answer to `server/discover`, if the
   * modern era serves the client better, because the server keeps no session for it. Undefined when there is nothing
   * to find out. Never rejects.
   */
  modernLeg?(initialize: Exchange, reply: Reply): Promise<Json | undefined> | undefined;
}
