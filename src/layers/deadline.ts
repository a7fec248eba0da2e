/** Limits every wait for an answer: an exchange whose server stays silent for too long ends with an error. */

import type { CancelSignal } from '../core/cancel.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Call, Reply } from '../core/jsonrpc.ts';
import { type Layer, requestLayer } from '../core/layer.ts';
import { ProxyError } from '../errors.ts';
import { isHandshake } from '../mcp/methods.ts';

/** Milliseconds for which a server may stay silent. */
export interface Deadlines {
  /** During the handshake. Hosts give up after 30 to 60 seconds. */
  readonly handshake: number;
  /** During any other request. Every message from the server restarts the timer. */
  readonly silence: number;
}

const SILENT_AT_FIRST = 'check that the server works, and that the URL is its MCP endpoint; then try again';
const SILENT = 'the server may have run it: check that before you try again';

export const DEADLINES: Deadlines = { handshake: 45_000, silence: 60 * 60_000 };

/**
 * @param where the server, in a form that is safe to show
 * @param atFirst what to do when the server is silent during the handshake
 */
export function deadline(limits: Deadlines, where: string, atFirst: string = SILENT_AT_FIRST): Layer {
  return requestLayer((next) => (exchange) => {
    // A subscription is silent for as long as nothing changes.
    if (exchange.call.method === 'subscriptions/listen') return next(exchange);
    const opens = isHandshake(exchange.call);
    const limit = opens ? limits.handshake : limits.silence;
    const timed = new TimedExchange(exchange, limit, () => {
      const message = `${where} did not answer ${JSON.stringify(exchange.call.method)} in ${Math.round(limit / 1000)} s`;
      return new ProxyError('timeout', message, { outcome: 'unknown', hint: opens ? atFirst : SILENT });
    });
    return next(timed).then(
      (reply) => {
        timed.end();
        return reply;
      },
      (error: unknown) => {
        timed.end();
        throw error;
      },
    );
  });
}

/** An exchange that ends when no notification and no question passes for a while. */
class TimedExchange implements Exchange {
  readonly call: Call;
  readonly signal: CancelSignal;
  readonly mirrored: Exchange['mirrored'];
  readonly #inner: Exchange;
  readonly #timer: NodeJS.Timeout;

  constructor(inner: Exchange, limit: number, late: () => ProxyError) {
    this.call = inner.call;
    this.signal = inner.signal;
    this.mirrored = inner.mirrored;
    this.#inner = inner;
    this.#timer = setTimeout(() => inner.abort(late()), limit);
  }

  end(): void {
    clearTimeout(this.#timer);
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
    this.#timer.refresh();
    return this.#inner.notify(call);
  }

  ask(call: Call, asking: CancelSignal): Promise<Reply> {
    this.#timer.refresh();
    return this.#inner.ask(call, asking).finally(() => this.#timer.refresh());
  }
}
