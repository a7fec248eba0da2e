/**
 * Reports every exchange to a meter: its method, its outcome and its duration, never its content; and to the activity
 * that the status page shows.
 */
import { Cancelled, type Exchange } from '../core/exchange.ts';
import { type Layer, requestLayer } from '../core/layer.ts';
import type { Activity } from '../core/ports/activity.ts';
import type { Meter } from '../core/ports.ts';
import { ProxyError } from '../errors.ts';
import { isClientRequest } from '../mcp/methods.ts';

/** @param now milliseconds of a monotonic clock */
export function measure(meter: Meter, now: () => number = () => performance.now(), activity?: Activity): Layer {
  return requestLayer((next) => (exchange) => {
    const { method } = exchange.call;
    const started = now();
    // Clients may send any method name. Those of no revision count as one.
    const label = isClientRequest(method) ? method : 'other';
    const ongoing = activity?.began(exchange, label, started);
    const done = (outcome: string, evidence: unknown): void => {
      const seconds = (now() - started) / 1_000;
      meter.exchange(label, outcome, seconds);
      ongoing?.ended(outcome, seconds, evidence);
    };
    return next(exchange).then(
      (reply) => {
        done('result' in reply ? 'result' : 'error', reply);
        return reply;
      },
      (error: unknown) => {
        done(failure(exchange, error), error);
        throw error;
      },
    );
  });
}

function failure({ signal }: Exchange, error: unknown): string {
  // An interrupted layer may reject with an error of its own.
  if (error instanceof Cancelled || signal.reason instanceof Cancelled) return 'cancelled';
  return error instanceof ProxyError ? error.code : 'internal';
}
