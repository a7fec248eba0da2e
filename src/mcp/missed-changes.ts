/** What a client must be told after a time without its subscription (specification 2026-07-28, "Subscriptions"). */
import { decode, encode, type Json, peekObject } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { LIST_CHANGES } from './methods.ts';
import { OF_SUBSCRIPTION } from './subscription-id.ts';

/** The notifications that represent everything an interrupted subscription may have missed. */
export function missedChanges(acknowledged: Json): Call[] {
  const wanted = peekObject(acknowledged, 'notifications');
  if (!wanted) return [];
  const _meta = OF_SUBSCRIPTION;
  const honored = decode(wanted) as Record<string, unknown>;
  const changes: Call[] = [];
  for (const { filter, method } of LIST_CHANGES) {
    if (honored[filter] === true) changes.push({ method, params: encode({ _meta }) });
  }
  const uris = honored.resourceSubscriptions;
  for (const uri of Array.isArray(uris) ? uris.filter((one) => typeof one === 'string' && one !== '') : []) {
    changes.push({ method: 'notifications/resources/updated', params: encode({ _meta, uri }) });
  }
  return changes;
}
