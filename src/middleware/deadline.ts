/** Bounds every wait for an answer: an exchange whose server stays silent for too long ends with an error. */

import { isHandshake } from '../core/eras.ts';
import type { Middleware } from '../core/exchange.ts';
import { ProxyError } from '../errors.ts';

/** Milliseconds a server may stay silent. */
export interface Deadlines {
  /** While it opens the connection; hosts give up after 30 to 60 seconds. */
  readonly handshake: number;
  /** While it works on anything else; every sign of life starts the time anew. */
  readonly silence: number;
}

export const DEADLINES: Deadlines = { handshake: 45_000, silence: 60 * 60_000 };

export function deadline(limits: Deadlines): Middleware {
  return (next) => (exchange) => {
    // A subscription is silent by nature, for as long as nothing changes.
    if (exchange.call.method === 'subscriptions/listen') return next(exchange);
    const limit = isHandshake(exchange.call) ? limits.handshake : limits.silence;
    const timer = setTimeout(() => {
      const message = `no answer to ${JSON.stringify(exchange.call.method)} in ${Math.round(limit / 1000)} s`;
      exchange.abort(new ProxyError('timeout', message, { outcome: 'unknown' }));
    }, limit);
    return next({
      call: exchange.call,
      signal: exchange.signal,
      abort: (error) => exchange.abort(error),
      room: () => exchange.room(),
      notify: (call) => {
        timer.refresh();
        return exchange.notify(call);
      },
      ask: (call, asking) => {
        timer.refresh();
        return exchange.ask(call, asking).finally(() => timer.refresh());
      },
    }).then(
      (reply) => {
        clearTimeout(timer);
        return reply;
      },
      (error: unknown) => {
        clearTimeout(timer);
        throw error;
      },
    );
  };
}
