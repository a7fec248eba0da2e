/** What a message of a client is about: the tools, prompts and resources that it names. Pure. */
import { asString, elements, isArray, isObject, type Json, member } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { refuseLookalikes, refuseOtherCalls } from '../../core/lookalikes.ts';
import { ProxyError } from '../../errors.ts';
import type { Kind } from './rules.ts';

export interface PolicySubject {
  readonly kind: Kind;
  /** The name of a tool or prompt, the URI of a resource, or the text of a template. */
  readonly name: string;
}

/** The methods that name their subject with one member of `params`. */
const NAMED: ReadonlyMap<string, { readonly kind: Kind; readonly key: string }> = new Map([
  ['tools/call', { kind: 'tool', key: 'name' }],
  ['prompts/get', { kind: 'prompt', key: 'name' }],
  ['resources/read', { kind: 'resource', key: 'uri' }],
  ['resources/subscribe', { kind: 'resource', key: 'uri' }],
  ['resources/unsubscribe', { kind: 'resource', key: 'uri' }],
]);

/** The methods that list subjects, and the member of an entry that names it. */
export const LISTED: ReadonlyMap<string, { readonly kind: Kind; readonly key: string }> = new Map([
  ['tools/list', { kind: 'tool', key: 'name' }],
  ['prompts/list', { kind: 'prompt', key: 'name' }],
  ['resources/list', { kind: 'resource', key: 'uri' }],
  ['resources/templates/list', { kind: 'resource', key: 'uriTemplate' }],
]);

/**
 * The subjects of a message. Throws if a server could read another message than the proxy does, or no name.
 * @param concerns the kinds to look for: messages about the others are not read
 */
export function subjectsOf(call: Call, concerns: (kind: Kind) => boolean): readonly PolicySubject[] {
  refuseOtherCalls(call);
  const named = NAMED.get(call.method);
  if (named) return concerns(named.kind) ? [{ kind: named.kind, name: textIn(call, call.params, named.key) }] : [];
  if (call.method === 'completion/complete') return completed(call, concerns);
  if (call.method === 'subscriptions/listen' && concerns('resource')) return subscribed(call);
  return [];
}

/** The prompt or the template whose argument is to be completed. */
function completed(call: Call, concerns: (kind: Kind) => boolean): readonly PolicySubject[] {
  if (!concerns('prompt') && !concerns('resource')) return [];
  const ref = valueIn(call, call.params, 'ref');
  if (isObject(ref)) refuseLookalikes(ref, ['type', 'name', 'uri']);
  const type = textIn(call, ref, 'type');
  if (type === 'ref/prompt') return concerns('prompt') ? [{ kind: 'prompt', name: textIn(call, ref, 'name') }] : [];
  if (type === 'ref/resource')
    return concerns('resource') ? [{ kind: 'resource', name: textIn(call, ref, 'uri') }] : [];
  throw new ProxyError('invalid-params', `completion/complete for ${JSON.stringify(type.slice(0, 80))}`);
}

/** The resources whose updates a client of 2026-07-28 asks for. */
function subscribed(call: Call): readonly PolicySubject[] {
  const { params } = call;
  if (!params || !isObject(params)) return [];
  refuseLookalikes(params, ['notifications']);
  const wanted = member(params, 'notifications');
  if (!isObject(wanted)) return [];
  refuseLookalikes(wanted, ['resourceSubscriptions']);
  const uris = member(wanted, 'resourceSubscriptions');
  if (uris === undefined) return [];
  if (!isArray(uris)) throw missing(call, 'resourceSubscriptions');
  return elements(uris).map((uri) => {
    const name = asString(uri);
    if (name === undefined) throw missing(call, 'uri');
    return { kind: 'resource', name };
  });
}

function textIn(call: Call, value: Json | undefined, key: string): string {
  const text = asString(valueIn(call, value, key));
  if (text === undefined) throw missing(call, key);
  return text;
}

function valueIn(call: Call, value: Json | undefined, key: string): Json | undefined {
  if (!value || !isObject(value)) throw missing(call, key);
  refuseLookalikes(value, [key]);
  return member(value, key);
}

function missing({ method }: Call, key: string): ProxyError {
  return new ProxyError('invalid-params', `${method} without ${key}`);
}
