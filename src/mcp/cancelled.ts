/**
 * Reads and writes `notifications/cancelled` (specification, "Cancellation"): it names a request
 * by its id, and ids belong to a wire.
 */
import { Cancelled } from '../core/exchange.ts';
import { isId, isTooLong } from '../core/ids.ts';
import { encode, type Json, peek, withMember } from '../core/json.ts';
import type { Call, Id } from '../core/jsonrpc.ts';

export const CANCELLED = 'notifications/cancelled';

/** The id that a `notifications/cancelled` names, or undefined when it names none that could exist. */
export function cancelledId(params: Json): Id | undefined {
  const id = peek(params, 'requestId');
  return id && isId(id) && !isTooLong(id) ? id.toString('utf8') : undefined;
}

/** The `notifications/cancelled` for a request of ours, with everything that the client said in its own. */
export function cancelledCall(reason: unknown, id: Id): Call {
  const own = reason instanceof Cancelled ? reason.call?.params : undefined;
  // If its parameters were unreadable, it would not have cancelled anything; so they can be changed here.
  return { method: CANCELLED, params: withMember(own ?? encode({}), 'requestId', Buffer.from(id)) };
}
