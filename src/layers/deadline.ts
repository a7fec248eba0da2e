/** Limits every wait for an answer: an exchange whose server stays silent for too long ends with an error. */

import type { CancelSignal } from '../core/cancel.ts';
import type { Exchange, Peer } from '../core/exchange.ts';
import type { Call, Reply } from '../core/jsonrpc.ts';
import { changed, type Layer } from '../core/layer.ts';
import { LinkedList, ListNode } from '../core/lists/linked-list.ts';
import { ProxyError } from '../errors.ts';
import { isHandshake } from '../mcp/methods.ts';
import { askedToken, toldToken } from '../mcp/progress-token.ts';
import { monotonicMillis } from '../platform/clock.ts';

/** Milliseconds for which a server may stay silent. */
export interface Deadlines {
  /** During the handshake. */
  readonly handshake: number;
  /** During any other request. Every message from the server restarts the timer. */
  readonly silence: number;
}

const SILENT_AT_FIRST = 'check that the server works, and that the URL is its MCP endpoint; then try again';
const SILENT = 'the server may have run it: check that before you try again';

/** Hosts give up on a handshake after 30 to 60 seconds. */
const HANDSHAKE = 45_000;

/**
 * @param silence milliseconds for which the server may be silent
 * @param handshake the same during the handshake
 */
export function deadlines(silence: number, handshake = Math.min(HANDSHAKE, silence)): Deadlines {
  return { handshake, silence };
}

/**
 * @param where the server, in a form that is safe to show
 * @param atFirst what to do when the server is silent during the handshake
 * @param signingIn whether a request waits for its user: then it is not the server that is silent
 */
export function deadline(
  limits: Deadlines,
  where: string,
  atFirst: string = SILENT_AT_FIRST,
  signingIn: () => boolean = () => false,
): Layer {
  const late = (what: string, limit: number, hint: string): ProxyError =>
    new ProxyError('timeout', `${where} did not answer ${JSON.stringify(what)} in ${Math.round(limit / 1000)} s`, {
      outcome: 'unknown',
      hint,
    });
  const handshake = new SilenceLimit(limits.handshake, (method) => late(method, limits.handshake, atFirst), signingIn);
  const silence = new SilenceLimit(limits.silence, (method) => late(method, limits.silence, SILENT), signingIn);
  return (inner) => (client) => {
    const reporting: Reporting = new Map();
    const session = inner(hearing(client, reporting));
    return changed(session, {
      request(exchange) {
        // A subscription is silent for as long as nothing changes.
        if (exchange.call.method === 'subscriptions/listen') return session.request(exchange);
        const timed = new TimedExchange(exchange, isHandshake(exchange.call) ? handshake : silence, reporting);
        return session.request(timed).then(
          (reply) => {
            timed.end();
            return reply;
          },
          (error: unknown) => {
            timed.end();
            throw error;
          },
        );
      },
    });
  };
}

/** The exchanges of a session that ask for progress, by their tokens. */
type Reporting = Map<string, TimedExchange>;

/** The client, for messages that come without their exchange: HTTP+SSE and a local server have one stream for all. */
function hearing(client: Peer, reporting: Reporting): Peer {
  return {
    notify(note) {
      if (reporting.size > 0 && note.method === 'notifications/progress') {
        const token = toldToken(note.params);
        if (token !== undefined) reporting.get(token)?.heard();
      }
      return client.notify(note);
    },
    ask: (call, signal) => client.ask(call, signal),
    room: () => client.room(),
  };
}

/** One timer for all exchanges with the same limit: a timer for each would cost more than the rest of a small call. */
class SilenceLimit {
  readonly #limit: number;
  readonly #late: (method: string) => ProxyError;
  readonly #signingIn: () => boolean;
  /** The one that has been silent for the longest time comes first. */
  readonly #open = new LinkedList<TimedExchange>();
  /** Stays until it has nothing to watch when it fires. */
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number, late: (method: string) => ProxyError, signingIn: () => boolean) {
    this.#limit = limit;
    this.#late = late;
    this.#signingIn = signingIn;
  }

  /** Starts the time of an exchange. */
  watch(timed: TimedExchange): void {
    timed.since = monotonicMillis();
    this.#open.add(timed);
    if (!this.#timer) this.#lookIn(this.#limit);
  }

  /** Starts the time of an exchange anew, unless it has ended. */
  heard(timed: TimedExchange): void {
    if (this.#open.delete(timed)) this.watch(timed);
  }

  forget(timed: TimedExchange): void {
    this.#open.delete(timed);
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(this.#look, ms).unref();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    for (;;) {
      const { oldest } = this.#open;
      if (!oldest) return;
      const left = oldest.since + this.#limit - monotonicMillis();
      if (left > 0) {
        this.#lookIn(left);
        return;
      }
      if (this.#signingIn()) {
        this.heard(oldest);
        continue;
      }
      this.#open.delete(oldest);
      oldest.abort(this.#late(oldest.call.method));
    }
  };
}

/** An exchange that ends when no notification and no question passes for a while. */
class TimedExchange extends ListNode implements Exchange {
  readonly call: Call;
  readonly signal: CancelSignal;
  readonly mirrored: Exchange['mirrored'];
  readonly unasked: Exchange['unasked'];
  readonly #inner: Exchange;
  readonly #limit: SilenceLimit;
  readonly #reporting: Reporting;
  readonly #token: string | undefined;
  /** When it began, or was heard of last: milliseconds of a monotonic clock. */
  since = 0;

  constructor(inner: Exchange, limit: SilenceLimit, reporting: Reporting) {
    super();
    this.call = inner.call;
    this.signal = inner.signal;
    this.mirrored = inner.mirrored;
    this.unasked = inner.unasked;
    this.#inner = inner;
    this.#limit = limit;
    this.#reporting = reporting;
    this.#token = askedToken(inner.call.params);
    if (this.#token !== undefined) reporting.set(this.#token, this);
    limit.watch(this);
  }

  heard(): void {
    this.#limit.heard(this);
  }

  end(): void {
    this.#limit.forget(this);
    // Another exchange may use the token by now.
    if (this.#token !== undefined && this.#reporting.get(this.#token) === this) this.#reporting.delete(this.#token);
  }

  abort(error: Error): void {
    this.#inner.abort(error);
  }

  room(): Promise<void> | undefined {
    return this.#inner.room();
  }

  slow(): void {
    this.#inner.slow?.();
  }

  notify(call: Call): Promise<void> | undefined {
    this.heard();
    return this.#inner.notify(call);
  }

  ask(call: Call, asking: CancelSignal): Promise<Reply> {
    this.heard();
    return this.#inner.ask(call, asking).finally(() => this.heard());
  }
}
