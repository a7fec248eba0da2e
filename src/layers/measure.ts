/** Reports every exchange to a meter: its method, how it ended and how long it took. Never what was in it. */
import { Cancelled, type Exchange } from '../core/exchange.ts';
import { type Layer, requestLayer } from '../core/layer.ts';
import type { Meter } from '../core/ports.ts';
import { ProxyError } from '../errors.ts';
import { isClientRequest } from '../mcp/methods.ts';

/** @param now milliseconds of a clock that nobody sets */
export function measure(meter: Meter, now: () => number = () => performance.now()): Layer {
  return requestLayer((next) => (exchange) => {
    const { method } = exchange.call;
    const started = now();
    // Clients may call a method what they like: those that no revision has are counted as one.
    const label = isClientRequest(method) ? method : 'other';
    const done = (outcome: string): void => meter.exchange(label, outcome, (now() - started) / 1_000);
    return next(exchange).then(
      (reply) => {
        done('result' in reply ? 'result' : 'error');
        return reply;
      },
      (error: unknown) => {
        done(failure(exchange, error));
        throw error;
      },
    );
  });
}

function failure({ signal }: Exchange, error: unknown): string {
  // Whoever was interrupted may put it in words of its own.
  if (error instanceof Cancelled || signal.reason instanceof Cancelled) return 'cancelled';
  return error instanceof ProxyError ? error.code : 'internal';
}
