/**
 * The id of a subscription (specification 2026-07-28, "Subscriptions"): every message of one
 * carries the id that its asker gave to `subscriptions/listen`, whatever id it had upstream.
 */

import { isObject, type Json, peek, withMember } from '../core/json.ts';
import type { Call, Reply } from '../core/jsonrpc.ts';
import { META_SUBSCRIPTION_ID } from './revisions.ts';

/** A message of a subscription, under the id of its asker. */
export function noteFor(note: Call, id: Json): Call {
  return note.params && isObject(note.params) ? { ...note, params: inMeta(note.params, id) } : note;
}

/** The answer that ends a subscription, under the id of its asker. */
export function closedFor(reply: Reply, id: Json): Reply {
  return 'result' in reply && isObject(reply.result) ? { ...reply, result: inMeta(reply.result, id) } : reply;
}

function inMeta(text: Json, id: Json): Json {
  const meta = peek(text, '_meta');
  if (!meta || !peek(meta, META_SUBSCRIPTION_ID)) return text;
  return withMember(text, '_meta', withMember(meta, META_SUBSCRIPTION_ID, id));
}
