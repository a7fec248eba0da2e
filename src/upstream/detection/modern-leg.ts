/** Whether a client that opened with `initialize` is better off in the modern era of the server. */
import { Cancellation } from '../../core/cancel.ts';
import { derived, type Exchange } from '../../core/exchange.ts';
import { isObject, type Json, peek } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { withLimit } from '../../core/timer.ts';
import { clientEnvelope, stamped } from '../../mcp/eras/client-envelope.ts';
import { ASKING_CAPABILITIES, LIST_CHANGES } from '../../mcp/methods.ts';
import type { Outcome } from '../outcome.ts';
import { isModernAnswer } from './verdict.ts';

/** How long the requests of a client wait to learn whether the server has a modern era, in milliseconds. */
const LIMIT = 5_000;

/** A request that only a modern server answers, on behalf of a client that has sent this `initialize`. */
export function discoverFor(initialize: Call): Call {
  return { method: 'server/discover', params: stamped(undefined, clientEnvelope(initialize)) };
}

export interface AskedServer {
  /** Sends a request in the modern era. */
  readonly send: (exchange: Exchange) => Promise<Outcome>;
  /** Remembers that the server has no modern era. */
  readonly remember: () => void;
}

/**
 * The server's answer to `server/discover`; undefined when it has none, or could do no more for the client. Never
 * rejects.
 * @param result of the `initialize`.
 */
export async function findLeg(initialize: Exchange, result: Json, server: AskedServer): Promise<Json | undefined> {
  if (!gains(initialize.call, result)) return undefined;
  const call = discoverFor(initialize.call);
  const own = derived(initialize, { call, notify: () => undefined });
  // The client has its answer, so a failure here concerns nobody.
  const outcome = await withLimit(LIMIT, new Cancellation(), (signal) => server.send({ ...own, signal })).catch(
    () => undefined,
  );
  if (!outcome) return undefined;
  const { reply } = outcome;
  if (isModernAnswer(outcome) && reply && 'result' in reply) return reply.result;
  if (isSettled(outcome)) server.remember();
  return undefined;
}

/**
 * Whether a server without sessions could do more for the client in the modern era: ask it something, or tell it about
 * changes.
 */
function gains(initialize: Call, result: Json): boolean {
  const asks = ASKING_CAPABILITIES.some((name) => isObject(peek(initialize.params, 'capabilities', name)));
  const tells = (capability: string, member: string): boolean =>
    peek(result, 'capabilities', capability, member)?.toString('latin1') === 'true';
  return (
    asks || tells('resources', 'subscribe') || LIST_CHANGES.some(({ capability }) => tells(capability, 'listChanged'))
  );
}

/** Whether the server has refused `server/discover`, and will again: anything else may be a passing trouble. */
function isSettled(outcome: Outcome): boolean {
  return outcome.kind === 'answered' || [400, 404, 405].includes(outcome.status);
}
