/**
 * The envelope of 2026-07-28: members of `_meta`. In a request they say which revision it speaks,
 * which client sends it and what that client can do; in results and notifications they say what
 * these belong to (specification 2026-07-28, "Base Protocol", section "`_meta`").
 */
import { asString, encode, isObject, type Json, member, members, peekObject, withMember } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { KeySearch } from './key-search.ts';
import { MODERN_REVISIONS } from './revisions.ts';

const PREFIX = 'io.modelcontextprotocol/';
export const PROTOCOL_VERSION = `${PREFIX}protocolVersion`;
export const CLIENT_INFO = `${PREFIX}clientInfo`;
export const CLIENT_CAPABILITIES = `${PREFIX}clientCapabilities`;
export const LOG_LEVEL = `${PREFIX}logLevel`;
/** In results: the server that answered. */
export const SERVER_INFO = `${PREFIX}serverInfo`;
/** In the messages of a subscription: the id of the request that opened it. */
export const SUBSCRIPTION_ID = `${PREFIX}subscriptionId`;

/** Appears in the text of every envelope, unless some of its letters are escaped. */
const mark = new KeySearch(PREFIX.slice(0, -1));

/** Whether a call may have an envelope; tells almost every legacy call apart without a closer look. */
export function mayDeclareRevision({ params }: Call): boolean {
  return isObject(params) && mark.mayBeIn(params);
}

/**
 * The revision that a call declares in its own envelope; undefined for a legacy message, which
 * has none. Throws a JsonError when `params` or `_meta` has a duplicate key.
 */
export function declaredRevision(call: Call): string | undefined {
  if (!call.params || !mayDeclareRevision(call)) return undefined;
  const meta = member(call.params, '_meta');
  return isObject(meta) ? asString(member(meta, PROTOCOL_VERSION)) : undefined;
}

/** The name and version of the client, from the envelope of a call. */
export function declaredClient(call: Call): Json | undefined {
  return peekObject(call.params, '_meta', CLIENT_INFO);
}

/** The capabilities of the client, from the envelope of a call; with a path, the value at that path in them. */
export function declaredCapabilities(call: Call, ...path: readonly string[]): Json | undefined {
  return peekObject(call.params, '_meta', CLIENT_CAPABILITIES, ...path);
}

/**
 * Parameters that hold nothing but an envelope: the envelope of the call or, for a legacy
 * `initialize`, an equivalent one. Servers refuse requests without an envelope.
 */
export function envelopeOf(call: Call): Json {
  let envelope: Json = encode({ [PROTOCOL_VERSION]: MODERN_REVISIONS[0], [CLIENT_CAPABILITIES]: {} });
  const clientInfo = peekObject(call.params, 'clientInfo');
  if (clientInfo) envelope = withMember(envelope, CLIENT_INFO, clientInfo);
  const meta = peekObject(call.params, '_meta');
  for (const { key, start, end } of meta ? members(meta) : []) {
    if (key.startsWith(PREFIX)) envelope = withMember(envelope, key, (meta as Json).subarray(start, end));
  }
  return withMember(encode({}), '_meta', envelope);
}

/** The members of an envelope in a request. */
export const ENVELOPE: readonly string[] = [PROTOCOL_VERSION, CLIENT_INFO, CLIENT_CAPABILITIES, LOG_LEVEL];
