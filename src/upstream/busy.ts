/** Waits once for a server that is busy when a connection begins. */
import type { Exchange } from '../core/exchange.ts';
import type { Log } from '../core/ports.ts';
import { pause } from './backoff.ts';
import type { Outcome } from './outcome.ts';

/** The longest `Retry-After` after which to ask the server once more; in seconds. */
const LONGEST_RETRY_AFTER = 10;

/** Sends a first message, and sends it once more if a busy server says when to come back. */
export async function patiently(exchange: Exchange, send: () => Promise<Outcome>, log: Log): Promise<Outcome> {
  const outcome = await send();
  if (outcome.kind === 'answered' || (outcome.status !== 429 && outcome.status !== 503)) return outcome;
  const after = outcome.error.data.retryAfter;
  if (exchange.call.method === 'tools/call' || after === undefined || after > LONGEST_RETRY_AFTER) return outcome;
  log.info(`the server is busy (HTTP ${outcome.status}); asking again in ${after} s`);
  await pause(after * 1000, exchange.signal);
  return send();
}
