/**
 * What passes between the endpoints: one side asks, the other answers. Nothing in here has
 * an id, a frame or a socket; those belong to the wire.
 */
import { Cancellation, type CancelSignal } from './cancel.ts';
import type { Call, Reply } from './jsonrpc.ts';

/** One of the two parties of a session, as seen from the other. */
export interface Peer {
  /**
   * Tells the peer something. A promise comes back when the peer reads slower than it is
   * written to: wait for it before telling more.
   */
  notify(call: Call): Promise<void> | undefined;
  /** Asks the peer something (sampling, elicitation, roots). Aborting the signal cancels the request. */
  ask(call: Call, signal: CancelSignal): Promise<Reply>;
  /** The promise that {@link notify} would give back now. */
  room(): Promise<void> | undefined;
}

/** A call on its way to the server, the way to cancel it, and the ways back to whoever asked. */
export interface Exchange extends Peer {
  readonly call: Call;
  /** Aborted when the exchange is over before its answer; the reason is a {@link Cancelled} when the asker cancelled it. */
  readonly signal: CancelSignal;
  /**
   * The parameters of a tool that the asker itself has put into headers (specification 2026-07-28,
   * "Custom Headers from Tool Parameters"), for the server to check; undefined where its wire has no headers.
   */
  readonly mirrored?: Readonly<Record<string, string>> | undefined;
  /** The era that the client relies on because the proxy named it before the server could be asked; ask late, it may change. */
  readonly promised?: (() => Era | undefined) | undefined;
  /** Says that the answer will take its time: who waits for it on a connection may be told so. */
  slow?(): void;
  /** Gives the exchange up: aborts the signal, and the error becomes the answer. */
  abort(error: Error): void;
}

/** Answers an exchange. A rejection becomes an error reply at the endpoint that asked. */
export type Handler = (exchange: Exchange) => Promise<Reply>;

/** The same exchange, but for what is changed. */
export function derived(
  exchange: Exchange,
  changes: Partial<Pick<Exchange, 'call' | 'notify' | 'ask' | 'promised'>>,
): Exchange {
  return {
    call: exchange.call,
    signal: exchange.signal,
    mirrored: exchange.mirrored,
    promised: exchange.promised,
    slow: () => exchange.slow?.(),
    abort: (error) => exchange.abort(error),
    notify: (call) => exchange.notify(call),
    ask: (call, signal) => exchange.ask(call, signal),
    room: () => exchange.room(),
    ...changes,
  };
}

/** The same call as an exchange that goes on when the one of the client is over. */
export function detached(exchange: Exchange): Exchange {
  const cancellation = new Cancellation();
  return { ...derived(exchange, {}), signal: cancellation.signal, abort: (error) => cancellation.abort(error) };
}

/** The same call as an exchange that can be ended by itself, and ends with the one of the client. */
export function linked(exchange: Exchange): { exchange: Exchange; abort(reason: Error): void } {
  const cancellation = new Cancellation();
  exchange.signal.addEventListener('abort', () => cancellation.abort(exchange.signal.reason), { once: true });
  const own = { ...derived(exchange, {}), signal: cancellation.signal };
  return { exchange: own, abort: (reason) => cancellation.abort(reason) };
}

/** Why an exchange was aborted: the asker cancelled it. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  /** The `notifications/cancelled` that said so, when one did. */
  readonly call: Call | undefined;

  constructor(call?: Call) {
    super('cancelled by the asker');
    this.call = call;
  }
}

/** The two kinds of protocol revisions: up to 2025-11-25 with a handshake, from 2026-07-28 without. */
export type Era = 'legacy' | 'modern';

/** A session with a server. */
export interface Session {
  readonly request: Handler;
  /** Passes on a notification of the client. The promise, when there is one, resolves as soon as nothing more is to be done for it. */
  notify(call: Call): Promise<void> | undefined;
  /** Whether the server has answered anything yet; before that, nothing is lost by leaving at once. */
  readonly established: boolean;
  /** The era that the server has turned out to speak; undefined as long as nobody knows. */
  readonly era: Era | undefined;
  /** Ends the session at the server. Never rejects; settles within `limit` milliseconds. */
  close(limit: number): Promise<void>;
}
