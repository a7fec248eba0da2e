/**
 * Compares the headers of a modern request with its body (specification 2026-07-28, "Streamable HTTP", section "Server
 * Validation"). A gateway that routes by the headers and a server that reads the body must see the same request.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type Json, member } from '../../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../../core/jsonrpc.ts';
import { refuseLookalikes, refuseOtherCalls } from '../../../core/lookalikes.ts';
import { CLIENT_CAPABILITIES, declaredCapabilities } from '../../../mcp/envelope.ts';
import { standardHeaders } from '../../../mcp/headers.ts';
import { nameSource } from '../../../mcp/methods.ts';
import { MARK } from '../../../mcp/progress-token.ts';
import { HEADER_MISMATCH, isModernRevision, MODERN_REVISIONS, UNSUPPORTED_VERSION } from '../../../mcp/revisions.ts';

/**
 * The error for a wrong modern request, or undefined for a right one. Throws a JsonError or a ProxyError when a server
 * could read the request differently than the proxy does.
 */
export function checkModern(call: Call, revision: string, headers: IncomingHttpHeaders): Reply | undefined {
  refuseOtherCalls(call);
  if (isObject(call.params)) refuseOtherParameters(call.method, call.params);
  const expected = standardHeaders(call);
  const spoken = mismatch('mcp-protocol-version', call.method, expected, headers);
  if (spoken) return spoken;
  if (!isModernRevision(revision)) {
    const data = { supported: MODERN_REVISIONS, requested: revision };
    return errorReply(UNSUPPORTED_VERSION, 'Unsupported protocol version', data);
  }
  const other =
    mismatch('mcp-method', call.method, expected, headers) ?? mismatch('mcp-name', call.method, expected, headers);
  if (other) return other;
  if (!declaredCapabilities(call)) {
    return errorReply(INVALID_PARAMS, `Invalid params: _meta has no ${CLIENT_CAPABILITIES}`);
  }
  return undefined;
}

/** Progress tokens are among them: clients share a session with the server, in which each request has its own token. */
function refuseOtherParameters(method: string, params: Json): void {
  refuseLookalikes(params, ['_meta', nameSource(method) ?? '_meta']);
  const meta = member(params, '_meta');
  if (isObject(meta)) refuseLookalikes(meta, [MARK]);
}

function mismatch(
  name: keyof typeof SHOWN,
  method: string,
  expected: Readonly<Record<string, string>>,
  headers: IncomingHttpHeaders,
): Reply | undefined {
  const wanted = expected[name];
  const given = headers[name];
  if (wanted === undefined) {
    const astray = name === 'mcp-name' && given !== undefined && nameSource(method) !== undefined;
    return astray ? errorReply(HEADER_MISMATCH, `Header mismatch: the body has nothing for ${SHOWN[name]}`) : undefined;
  }
  if (given === undefined) return errorReply(HEADER_MISMATCH, `Header mismatch: ${SHOWN[name]} is missing`);
  // Only the name may be encoded.
  if (given === wanted || (name === 'mcp-name' && decoded(given) === decoded(wanted))) return undefined;
  return errorReply(HEADER_MISMATCH, `Header mismatch: ${SHOWN[name]} does not match the body`);
}

const NONE: Readonly<Record<string, string>> = {};

/** The headers that mirror parameters of a tool. Only the server can tell whether they are right. */
export function mirroredParameters(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  let mirrored: Record<string, string> | undefined;
  for (const name in headers) {
    if (!name.startsWith('mcp-param-')) continue;
    const value = headers[name];
    if (typeof value !== 'string') continue;
    mirrored ??= {};
    mirrored[name] = value;
  }
  return mirrored ?? NONE;
}

/** The text that a header value encodes, or undefined when it encodes none. */
function decoded(value: string | string[]): string | undefined {
  if (typeof value !== 'string') return undefined;
  const base64 = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(value)?.[1];
  return base64 === undefined ? value : Buffer.from(base64, 'base64').toString('utf8');
}

const SHOWN = {
  'mcp-protocol-version': 'MCP-Protocol-Version',
  'mcp-method': 'Mcp-Method',
  'mcp-name': 'Mcp-Name',
} as const;
