/**
 * The envelope of 2026-07-28: members of `_meta` in which each request says which revision it speaks, who sends it and
 * what the client can do, and in which results and notifications say what they belong to (specification 2026-07-28,
 * "Base Protocol", section "`_meta`").
 */
import {
  asString,
  encode,
  isObject,
  type Json,
  member,
  members,
  peekObject,
  withMember,
  withoutMembers,
} from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { MODERN_REVISIONS } from './revisions.ts';

const PREFIX = 'io.modelcontextprotocol/';
export const PROTOCOL_VERSION = `${PREFIX}protocolVersion`;
const CLIENT_INFO = `${PREFIX}clientInfo`;
export const CLIENT_CAPABILITIES = `${PREFIX}clientCapabilities`;
const LOG_LEVEL = `${PREFIX}logLevel`;
/** In results: who has answered. */
export const SERVER_INFO = `${PREFIX}serverInfo`;
/** In the messages of a subscription: the id of the request that opened it. */
export const SUBSCRIPTION_ID = `${PREFIX}subscriptionId`;

/** Present in the text of every envelope, unless letters of it are spelled as escapes. */
const MARK = PREFIX.slice(0, -1);
const ESCAPE_MARK = '\\u';

/** Whether a call may have an envelope; almost every legacy call is told apart without a closer look. */
export function mayDeclareRevision({ params }: Call): boolean {
  return isObject(params) && (params.includes(MARK) || params.includes(ESCAPE_MARK));
}

/**
 * The revision a call declares in its own envelope, or undefined when it has none: a legacy
 * message. Throws a JsonError when `params` or `_meta` has a duplicate key.
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

/** The capabilities of the client, from the envelope of a call; with a path, what stands there in them. */
export function declaredCapabilities(call: Call, ...path: readonly string[]): Json | undefined {
  return peekObject(call.params, '_meta', CLIENT_CAPABILITIES, ...path);
}

/**
 * Parameters that hold nothing but an envelope: that of the call, or, for a legacy `initialize`,
 * one that says the same as it does. Servers refuse what comes without.
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

/** Parameters without what only the modern era puts into `_meta`. Throws a JsonError for a duplicate key. */
export function withoutEnvelope(params: Json): Json {
  const meta = isObject(params) ? member(params, '_meta') : undefined;
  return isObject(meta) ? withMember(params, '_meta', withoutMembers(meta, ENVELOPE)) : params;
}

const ENVELOPE = [PROTOCOL_VERSION, CLIENT_INFO, CLIENT_CAPABILITIES, LOG_LEVEL];
