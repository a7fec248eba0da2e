/**
 * What a client of 2026-07-28 says with each request, in the form of older revisions: once, in the `initialize` of a
 * session, and then no more.
 */
import { Cancelled } from '../../core/exchange.ts';
import {
  encode,
  isObject,
  type Json,
  JsonError,
  member,
  members,
  peek,
  peekObject,
  withMember,
  withoutMembers,
} from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { CLIENT_CAPABILITIES, CLIENT_INFO, ENVELOPE } from '../envelope.ts';
import { initializeCall } from '../handshake.ts';
import { withoutTasks } from './capabilities.ts';

/**
 * Parameters without the envelope and without what a repeated request adds. Throws a JsonError for a duplicate key.
 */
export function legacyParams(params: Json | undefined): Json | undefined {
  if (!isObject(params)) return params;
  const meta = member(params, '_meta');
  const own = isObject(meta) ? withoutEnvelope(meta) : meta;
  const parts: Buffer[] = [];
  for (const { key, from, start, end } of members(params)) {
    if (key === 'inputResponses' || key === 'requestState' || (key === '_meta' && !own)) continue;
    parts.push(parts.length === 0 ? OPEN : COMMA);
    if (key === '_meta' && own && own !== meta) parts.push(params.subarray(from, start), own);
    else parts.push(params.subarray(from, end));
  }
  if (parts.length === 0) parts.push(OPEN);
  parts.push(CLOSE);
  return Buffer.concat(parts);
}

const [OPEN, COMMA, CLOSE] = [Buffer.from('{'), Buffer.from(','), Buffer.from('}')] as const;

/** What a `_meta` holds beside the envelope; undefined when that is nothing. */
function withoutEnvelope(meta: Json): Json | undefined {
  if (members(meta).every(({ key }) => ENVELOPE.includes(key))) return undefined;
  return withoutMembers(meta, ENVELOPE);
}

/** Why a request has ended, for the server: without the envelope of the client's `notifications/cancelled`. */
export function legacyReason(reason: unknown): Error {
  const call = reason instanceof Cancelled ? reason.call : undefined;
  if (!call) return reason as Error;
  try {
    const params = legacyParams(call.params);
    return new Cancelled({ ...call, ...(params && { params }) });
  } catch (error) {
    // The envelope cannot be taken out of a `_meta` that is unreadable, so the server gets none of the parameters.
    if (error instanceof JsonError) return new Cancelled();
    throw error;
  }
}

/** A client of 2026-07-28, as it describes itself in a request. */
export interface DeclaredClient {
  readonly capabilities: Json | undefined;
  readonly clientInfo: Json | undefined;
}

/** Reads it all at once: every request says it. Parts of the wrong type count as absent. */
export function clientOf({ params }: Call): DeclaredClient {
  const meta = peekObject(params, '_meta');
  return { capabilities: peekObject(meta, CLIENT_CAPABILITIES), clientInfo: peekObject(meta, CLIENT_INFO) };
}

/**
 * The `initialize` that opens a session in the name of a client.
 * @param ourselves for a client that does not name itself
 */
export function initializeFor({ capabilities, clientInfo }: DeclaredClient, ourselves: Json): Call {
  return initializeCall(clientInfo ?? ourselves, legacyCapabilities(capabilities ?? encode({})));
}

/** Tasks are another protocol in older revisions, and the client cannot tell when its roots have changed. */
function legacyCapabilities(declared: Json): Json {
  const capabilities = withoutTasks(withoutMembers(declared, ['tasks']));
  return isObject(peek(capabilities, 'roots')) ? withMember(capabilities, 'roots', encode({})) : capabilities;
}
