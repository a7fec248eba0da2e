/** The protocol revisions, as data (https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning). */
import { asString, isObject, member } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';

/** Revisions that open with an `initialize` handshake, newest first. */
export const LEGACY_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** Revisions whose requests each carry version, identity and capabilities, newest first. */
export const MODERN_REVISIONS = ['2026-07-28'] as const;

export function isModernRevision(version: string): boolean {
  return (MODERN_REVISIONS as readonly string[]).includes(version);
}

/** Whether a revision opens with `initialize`; so did the revisions older than the first that we speak. */
export function isLegacyRevision(version: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(version) && version <= LEGACY_REVISIONS[0];
}

export const META_PREFIX = 'io.modelcontextprotocol/';
const META_PROTOCOL_VERSION = `${META_PREFIX}protocolVersion`;
export const META_SUBSCRIPTION_ID = `${META_PREFIX}subscriptionId`;

/** What the envelope of a modern request consists of, as members of `_meta`. */
export const META_ENVELOPE = ['protocolVersion', 'clientInfo', 'clientCapabilities', 'logLevel'].map(
  (name) => `${META_PREFIX}${name}`,
);

/** Present in the text of every envelope, unless letters of it are spelled as escapes. */
const META_MARK = META_PREFIX.slice(0, -1);
const ESCAPE_MARK = '\\u';

/** Whether a call may have an envelope; almost every legacy call is told apart without a closer look. */
export function mayDeclareRevision({ params }: Call): boolean {
  return isObject(params) && (params.includes(META_MARK) || params.includes(ESCAPE_MARK));
}

/**
 * The revision a call declares in its own envelope, or undefined when it has none: a legacy
 * message. Throws a JsonError when `params` or `_meta` has a duplicate key.
 */
export function declaredRevision(call: Call): string | undefined {
  if (!call.params || !mayDeclareRevision(call)) return undefined;
  const meta = member(call.params, '_meta');
  return isObject(meta) ? asString(member(meta, META_PROTOCOL_VERSION)) : undefined;
}

export const HEADER_MISMATCH = -32020;
const MISSING_CLIENT_CAPABILITY = -32021;
/** Servers of both eras send this code; its `data.supported` lists the revisions that they speak. */
export const UNSUPPORTED_VERSION = -32022;

/** Whether a code is one of 2026-07-28. */
export function isModernError(code: number | undefined): boolean {
  return code === HEADER_MISMATCH || code === MISSING_CLIENT_CAPABILITY || code === UNSUPPORTED_VERSION;
}
