/** What a shared session refuses, changes and reads in single messages. */
import { LEGACY_REVISIONS } from '../core/eras.ts';
import { asString, encode, isObject, type Json, member, peek, withMember, withoutMembers } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { refuseLookalikes, refuseOtherCalls } from '../core/lookalikes.ts';

/** From the least severe on (specification 2025-11-25, "Logging"). */
export const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** What a request is changed by, or what it changes for other clients, by the object it stands in. */
const DECISIVE = { params: ['_meta', 'task', 'level', 'uri'], _meta: ['progressToken'] } as const;

/** Refuses what the server could read otherwise than it is read here. */
export function refuseAmbiguous(call: Call): void {
  refuseOtherCalls(call);
  if (!isObject(call.params)) return;
  refuseLookalikes(call.params, DECISIVE.params);
  const meta = member(call.params, '_meta');
  if (isObject(meta)) refuseLookalikes(meta, DECISIVE._meta);
}

/** Tasks are not declared in a shared session, and a task that was made could be reached by nobody. */
export function withoutTask(call: Call): Call {
  if (!isObject(call.params) || !peek(call.params, 'task')) return call;
  return { ...call, params: withoutMembers(call.params, ['task']) };
}

/** The place of a log message in {@link LEVELS}; -1 when it has none. */
export function severityOf(note: Call): number {
  return LEVELS.indexOf(asString(peek(note.params, 'level')) ?? '');
}

/** What one client is told of the session: no revision that is newer than its own, and nothing that cannot be shared. */
export function resultFor(initialize: Call, result: Json): Json {
  const requested = asString(peek(initialize.params, 'protocolVersion')) ?? '';
  const agreed = asString(peek(result, 'protocolVersion')) ?? '';
  const known = (LEGACY_REVISIONS as readonly string[]).includes(requested);
  const versioned = known && requested < agreed ? withMember(result, 'protocolVersion', encode(requested)) : result;
  const capabilities = peek(versioned, 'capabilities');
  if (!isObject(capabilities) || !peek(capabilities, 'tasks')) return versioned;
  return withMember(versioned, 'capabilities', withoutMembers(capabilities, ['tasks']));
}
