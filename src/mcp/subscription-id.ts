/**
 * The id of a subscription (specification 2026-07-28, "Subscriptions"): each of its messages
 * carries the id that the client gave to `subscriptions/listen`, whatever id the subscription had
 * upstream.
 */

import { encode, isObject, type Json, peek, withMember } from '../core/json.ts';
import type { Call, Reply } from '../core/jsonrpc.ts';
import { CANCELLED } from './cancelled.ts';
import { SUBSCRIPTION_ID } from './envelope.ts';
import { COMPLETE } from './result.ts';

/**
 * The `_meta` of a message that the proxy adds to a subscription; the endpoint of the client puts
 * the client's own id into it.
 */
export const OF_SUBSCRIPTION = { [SUBSCRIPTION_ID]: 0 };

/** The answer that ends a subscription when the server chooses to. */
export const GRACEFUL: Reply = { result: encode({ ...COMPLETE, _meta: OF_SUBSCRIPTION }) };

/** A message of a subscription, under the id of its client. */
export function noteFor(note: Call, id: Json): Call {
  if (!note.params || !isObject(note.params)) return note;
  const params = inMeta(note.params, id);
  // The server ends the subscription, and names it a second time.
  return { ...note, params: note.method === CANCELLED ? withMember(params, 'requestId', id) : params };
}

/** The answer that ends a subscription, under the id of its client. */
export function closedFor(reply: Reply, id: Json): Reply {
  return 'result' in reply && isObject(reply.result) ? { ...reply, result: inMeta(reply.result, id) } : reply;
}

function inMeta(text: Json, id: Json): Json {
  const meta = peek(text, '_meta');
  if (!meta || !peek(meta, SUBSCRIPTION_ID)) return text;
  return withMember(text, '_meta', withMember(meta, SUBSCRIPTION_ID, id));
}
