/** `notifications/cancelled`, read and written (specification, "Cancellation"): it names a request by its id, and ids belong to a wire. */
import { Cancelled } from '../core/exchange.ts';
import { isId, isTooLong } from '../core/ids.ts';
import { encode, type Json, peek, withMember } from '../core/json.ts';
import type { Call, Id } from '../core/jsonrpc.ts';

/** The id that a `notifications/cancelled` names, or undefined when it names none that could exist. */
export function cancelledId(params: Json): Id | undefined {
  const id = peek(params, 'requestId');
  return id && isId(id) && !isTooLong(id) ? id.toString('utf8') : undefined;
}

/** The `notifications/cancelled` for a request of ours, with all that the asker said in its own. */
export function cancelledCall(reason: unknown, id: Id): Call {
  const own = reason instanceof Cancelled ? reason.call?.params : undefined;
  // What cannot be read would not have cancelled anything, so here it can be changed.
  return { method: 'notifications/cancelled', params: withMember(own ?? encode({}), 'requestId', Buffer.from(id)) };
}
