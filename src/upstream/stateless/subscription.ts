/**
 * Keeps a `subscriptions/listen` alive (specification 2026-07-28, "Subscriptions"). Servers and
 * middleboxes cut idle streams. A client on stdio has no stream whose end it could see, so the
 * proxy reopens the subscription on its behalf.
 */

import { derived, type Exchange } from '../../core/exchange.ts';
import { encode, type Json } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { EndedByProxy, ProxyError } from '../../errors.ts';
import { missedChanges } from '../../mcp/missed-changes.ts';
import { mayPass, nextAttempt, pause } from '../backoff.ts';
import type { Outcome } from '../outcome.ts';
import { type EventPosition, startOfStream } from '../read-messages.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const FIRST_PAUSE = 250;
/** A stream that lived at least this long was cut, not refused; in milliseconds. */
const LIVED = 5_000;

/** Runs a `subscriptions/listen` to its end; `send` opens one stream and reads it. */
export async function subscribe(
  exchange: Exchange,
  send: (exchange: Exchange, position: EventPosition) => Promise<Outcome>,
  log: Log,
): Promise<Outcome> {
  let acknowledged: Json | undefined;
  let misses = 0;
  const position = startOfStream();
  for (;;) {
    const started = Date.now();
    let wait = 0;
    const notify = (call: Call): Promise<void> | undefined => {
      if (call.method !== ACKNOWLEDGED) return exchange.notify(call);
      const again = acknowledged !== undefined;
      acknowledged = call.params ?? encode({});
      if (!again) return exchange.notify(call);
      // The server does not repeat changes from the time without a stream.
      for (const note of missedChanges(acknowledged)) exchange.notify(note);
      return undefined;
    };
    try {
      const unasked = exchange.unasked || acknowledged !== undefined;
      const outcome = await send(derived(exchange, { notify, unasked }), position);
      if (outcome.kind === 'answered' || !acknowledged) return outcome;
      // The next request of the client signs in, and the subscription goes on then.
      if (!mayPass(outcome.status) && outcome.error.code !== 'sign-in-needed') return outcome;
      wait = (outcome.error.data.retryAfter ?? 0) * 1_000;
    } catch (error) {
      if (exchange.signal.aborted) throw error;
      if (!acknowledged) throw withPause(error, position.retry);
    }
    const lived = Date.now() - started >= LIVED;
    misses = lived ? 0 : misses + 1;
    const retry = Math.max(wait, position.retry ?? FIRST_PAUSE);
    const delay = nextAttempt(lived ? { kind: 'served', retry } : { kind: 'failed', retry }, misses, Math.random());
    log.debug(`upstream: subscription stream ended, next attempt in ${Math.round(delay ?? 0)} ms`);
    await pause(delay ?? 0, exchange.signal);
    if (exchange.signal.aborted) throw exchange.signal.reason;
  }
}

/** The error, with the pause that the server asked for on the stream: whoever opens another one waits for as long. */
function withPause(error: unknown, retry: number | undefined): unknown {
  if (retry === undefined || !(error instanceof ProxyError) || error instanceof EndedByProxy) return error;
  return new ProxyError(error.code, error.message, { ...error.data, retryAfter: retry / 1_000 }, error.cause);
}
