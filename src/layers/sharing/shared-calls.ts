/** Checks, changes and reads the single messages of a shared session. */

import { asString, encode, isObject, type Json, member, peek, withMember, withoutMembers } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { refuseLookalikes, refuseOtherCalls } from '../../core/lookalikes.ts';
import { requestedRevision } from '../../mcp/handshake.ts';

/**
 * Keys that the shared session uses to change a request, or that let a request affect other clients, by the object that
 * contains them.
 */
const DECISIVE = { params: ['_meta', 'task', 'level', 'uri'], _meta: ['progressToken'] } as const;

/** Refuses a call that the server could read differently than the proxy does. */
export function refuseAmbiguous(call: Call): void {
  refuseOtherCalls(call);
  if (!isObject(call.params)) return;
  refuseLookalikes(call.params, DECISIVE.params);
  const meta = member(call.params, '_meta');
  if (isObject(meta)) refuseLookalikes(meta, DECISIVE._meta);
}

/**
 * Removes a task from a call: a shared session does not declare tasks, and no client could reach one that the server
 * made.
 */
export function withoutTask(call: Call): Call {
  if (!isObject(call.params) || !peek(call.params, 'task')) return call;
  return { ...call, params: withoutMembers(call.params, ['task']) };
}

/** The `initialize` result for one client: no revision newer than its own, and no capability that cannot be shared. */
export function resultFor(initialize: Call, result: Json): Json {
  const requested = requestedRevision(initialize);
  const agreed = asString(peek(result, 'protocolVersion')) ?? '';
  const isOlder = requested !== undefined && requested < agreed;
  const versioned = isOlder ? withMember(result, 'protocolVersion', encode(requested)) : result;
  const capabilities = peek(versioned, 'capabilities');
  if (!isObject(capabilities) || !peek(capabilities, 'tasks')) return versioned;
  return withMember(versioned, 'capabilities', withoutMembers(capabilities, ['tasks']));
}
