/** Logs what the proxy is waiting for while a server has not answered anything. */
import { type Layer, requestLayer } from '../core/layer.ts';
import type { Log } from '../core/ports.ts';
import { isSubscription } from '../mcp/methods.ts';

/** In milliseconds. Most people give up soon after. */
export const TELL_AFTER = 10_000;

export interface SlowStart {
  /** The server's URL, in a form that is safe to show. */
  readonly server: string;
  readonly log: Log;
  /** Whether the proxy is waiting for a sign-in, which logs its own lines. */
  readonly signingIn: () => boolean;
}

export function slowStart({ server, log, signingIn }: SlowStart): Layer {
  return requestLayer((next) => {
    let [answered, told] = [false, false];
    return (exchange) => {
      // A subscription has no answer for as long as it lasts.
      if (answered || isSubscription(exchange.call)) return next(exchange);
      const timer = setTimeout(() => {
        if (answered || told || signingIn()) return;
        told = true;
        log.warn(
          `waiting for ${server}, which has not answered ${JSON.stringify(exchange.call.method.slice(0, 80))} in 10 s`,
        );
      }, TELL_AFTER);
      return next(exchange).then(
        (reply) => {
          clearTimeout(timer);
          answered = true;
          return reply;
        },
        (error: unknown) => {
          clearTimeout(timer);
          throw error;
        },
      );
    };
  });
}
