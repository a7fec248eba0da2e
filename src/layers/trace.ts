/** Logs one line at debug level for every exchange: its method, its outcome and its duration. Never its content. */

import { errorCode } from '../core/jsonrpc.ts';
import { type Layer, requestLayer } from '../core/layer.ts';
import type { Log } from '../core/ports.ts';

export function trace(log: Log, now: () => number = Date.now): Layer {
  return requestLayer((next) => async (exchange) => {
    const started = now();
    const done = (how: string): void => log.debug(`${exchange.call.method}: ${how} after ${now() - started} ms`);
    try {
      const reply = await next(exchange);
      done('result' in reply ? 'answered' : `error ${errorCode(reply) ?? 'without a code'}`);
      return reply;
    } catch (error) {
      done(error instanceof Error ? error.message : 'failed');
      throw error;
    }
  });
}
