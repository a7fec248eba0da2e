/**
 * The handshakes that the proxy takes part in itself, when it opens a connection or answers for a
 * server: `initialize` (specification 2025-11-25, "Lifecycle") and `server/discover`
 * (specification 2026-07-28, "Discovery").
 */
import { asString, encode, type Json, peek, withMember } from '../core/json.ts';
import { type Call, encodeRequest, type Frame } from '../core/jsonrpc.ts';
import { envelopeOf, SERVER_INFO } from './envelope.ts';
import { COMPLETE, UNCACHED } from './result.ts';
import { LEGACY_REVISIONS, MODERN_REVISIONS } from './revisions.ts';

/** This program as implementation info, for both its client and its server role. */
export function ourselves(version: string): Json {
  return encode({ name: 'mcp-proxy', version });
}

/** Opens a session. Without capabilities, its server must not ask for anything. */
export function initializeCall(clientInfo: Json, capabilities: Json = encode({})): Call {
  const head = withMember(encode({ protocolVersion: LEGACY_REVISIONS[0] }), 'capabilities', capabilities);
  return { method: 'initialize', params: withMember(head, 'clientInfo', clientInfo) };
}

/** Follows the answer to `initialize`. */
export const INITIALIZED: Call = { method: 'notifications/initialized' };

/** The revision that an `initialize` asks for, if the proxy knows it. */
export function requestedRevision({ params }: Call): string | undefined {
  const wanted = asString(peek(params, 'protocolVersion'));
  return LEGACY_REVISIONS.find((revision) => revision === wanted);
}

/** A request that only a modern server answers, on behalf of the client that sent the call. */
export function discoverCall(call: Call): Call {
  return { method: 'server/discover', params: envelopeOf(call) };
}

/** How a server describes itself in a handshake, as JSON text. */
export interface Introduction {
  readonly capabilities: Json;
  readonly serverInfo: Json | undefined;
  /** How to use the server: a string. */
  readonly instructions?: Json | undefined;
}

/** The answer to an `initialize`. */
export function initializeResult(protocolVersion: string, { capabilities, serverInfo }: Introduction): Json {
  const result = withMember(encode({ protocolVersion }), 'capabilities', capabilities);
  return serverInfo ? withMember(result, 'serverInfo', serverInfo) : result;
}

/** The answer to `server/discover`. */
export function discoverResult({ capabilities, serverInfo, instructions }: Introduction): Json {
  const head = encode({ ...COMPLETE, supportedVersions: MODERN_REVISIONS, ...UNCACHED });
  const told = withMember(head, 'capabilities', capabilities);
  const named = serverInfo ? withMember(told, '_meta', withMember(encode({}), SERVER_INFO, serverInfo)) : told;
  return instructions ? withMember(named, 'instructions', instructions) : named;
}

/** The most harmless request: it runs nothing, and any answer to it shows that the server is there. */
export const PING: Call = { method: 'ping' };

/** A {@link PING} outside any session. */
export const PING_REQUEST: Frame = encodeRequest('1', PING);
