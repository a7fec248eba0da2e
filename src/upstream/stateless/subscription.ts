/**
 * Keeps a `subscriptions/listen` alive (specification 2026-07-28, "Subscriptions"). Servers and
 * middleboxes cut idle streams. A client on stdio has no stream whose end it could see, so the
 * proxy reopens the subscription on its behalf.
 */

import { derived, type Exchange } from '../../core/exchange.ts';
import { encode, type Json } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { missedChanges } from '../../mcp/missed-changes.ts';
import { nextAttempt, pause } from '../backoff.ts';
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
      const outcome = await send(derived(exchange, { notify }), position);
      if (outcome.kind === 'answered' || !acknowledged) return outcome;
      if (outcome.status < 500 && outcome.status !== 429) return outcome;
    } catch (error) {
      if (!acknowledged || exchange.signal.aborted) throw error;
    }
    const lived = Date.now() - started >= LIVED;
    misses = lived ? 0 : misses + 1;
    const delay = nextAttempt(
      lived ? { kind: 'served', retry: position.retry ?? FIRST_PAUSE } : { kind: 'failed', retry: position.retry },
      misses,
      Math.random(),
    );
    log.debug(`upstream: subscription stream ended, next attempt in ${Math.round(delay ?? 0)} ms`);
    await pause(delay ?? 0, exchange.signal);
    if (exchange.signal.aborted) throw exchange.signal.reason;
  }
}
