/**
 * The envelope of 2026-07-28 for a client that has said who it is once, in its `initialize`. Requests of 2026-07-28 say
 * it each time (specification 2026-07-28, "Base Protocol", section "`_meta`").
 */
import { encode, isObject, type Json, member, peek, peekObject, withMember, withoutMembers } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { CLIENT_CAPABILITIES, CLIENT_INFO, ENVELOPE, LOG_LEVEL, PROTOCOL_VERSION } from '../envelope.ts';
import { MODERN_REVISIONS } from '../revisions.ts';
import { withoutTasks } from './capabilities.ts';

/** The members of the envelope, as an object. Throws a JsonError for a duplicate key. */
export function clientEnvelope(initialize: Call): Json {
  const { params } = initialize;
  const head = encode({ [PROTOCOL_VERSION]: MODERN_REVISIONS[0] });
  const capabilities = modernCapabilities(peekObject(params, 'capabilities'));
  const envelope = withMember(head, CLIENT_CAPABILITIES, capabilities);
  const clientInfo = peekObject(params, 'clientInfo');
  return clientInfo ? withMember(envelope, CLIENT_INFO, clientInfo) : envelope;
}

/** The envelope of a client that wants to read the log from this level on. */
export function withLogLevel(envelope: Json, level: string): Json {
  return withMember(envelope, LOG_LEVEL, encode(level));
}

/**
 * Parameters with the envelope in their `_meta`, instead of anything of that name that the client put there. Throws a
 * JsonError for a duplicate key, and a ProxyError when there is no place for an envelope.
 */
export function stamped(params: Json | undefined, envelope: Json): Json {
  if (params === undefined) return withMember(encode({}), '_meta', envelope);
  if (!isObject(params)) throw new ProxyError('invalid-params', 'the parameters of a request must be an object');
  const meta = member(params, '_meta');
  return withMember(params, '_meta', isObject(meta) ? joined(envelope, withoutMembers(meta, ENVELOPE)) : envelope);
}

const EMPTY = '{}';

/** The members of both objects, which have no key in common. */
function joined(first: Json, second: Json): Json {
  if (second.length === EMPTY.length) return first;
  return Buffer.concat([first.subarray(0, -1), Buffer.from(','), second.subarray(1)]);
}

/**
 * Capabilities of a client as 2026-07-28 has them: tasks are another protocol there, and a client can no longer tell
 * that its roots have changed.
 */
function modernCapabilities(declared: Json | undefined): Json {
  if (!declared) return encode({});
  const capabilities = withoutMembers(withoutTasks(declared), ['tasks']);
  return isObject(peek(capabilities, 'roots')) ? withMember(capabilities, 'roots', encode({})) : capabilities;
}
