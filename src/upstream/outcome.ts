/** The outcome of one message that was POSTed: the answer, or why there is none. */

import type { HttpResponse } from '../core/fetch.ts';
import type { Reply } from '../core/jsonrpc.ts';
import type { ProxyError } from '../errors.ts';
import { readFrame } from '../wire/frames.ts';
import { Gatherer } from '../wire/message-buffer.ts';
import { ERROR_BODY_LIMIT, unexpectedResponse } from './failure.ts';

/** The status when HTTP itself refused nothing, but the response does not fit the transport. */
export const NO_REFUSAL = 0;

/** How long the body of a refusal may take to arrive, in milliseconds. */
const ERROR_BODY_TIME = 5_000;

export type Outcome = { readonly kind: 'answered'; readonly reply: Reply } | Refused;

/** The server refused the request as HTTP. */
export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  /** The JSON-RPC error in the body, if there is one. */
  readonly reply: Reply | undefined;
  readonly error: ProxyError;
  /** The response asked for credentials (RFC 9110, section 11.6.1). */
  readonly challenged: boolean;
}

/** Thrown when a refusal must pass through code that only knows answers. */
export class UpstreamRefusal extends Error {
  override readonly name = 'Refusal';
  readonly outcome: Refused;

  constructor(outcome: Refused) {
    super(outcome.error.message);
    this.outcome = outcome;
  }
}

/** Reads a response that does not carry an answer in the regular form. */
export async function refusal(response: HttpResponse, url: URL): Promise<Refused> {
  // An error page that never ends says no more than its status.
  const timer = setTimeout(() => response.body.destroy(), ERROR_BODY_TIME);
  const gathered = new Gatherer();
  const take = (chunk: Buffer): undefined => {
    gathered.add(chunk);
    if (gathered.size > ERROR_BODY_LIMIT) response.body.destroy();
  };
  // However the body ends, its beginning says enough.
  await response.body.each(take).catch(() => undefined);
  clearTimeout(timer);
  const body = gathered.take();
  return {
    kind: 'refused',
    status: response.status,
    reply: errorIn(body),
    error: await refusalError(response, body, url),
    challenged: response.headers['www-authenticate'] !== undefined,
  };
}

/** The error for the user when nothing of the server's own can be passed on. */
async function refusalError(response: HttpResponse, body: Buffer, url: URL): Promise<ProxyError> {
  const { status } = response;
  if (status >= 200 && status < 300) return unexpectedResponse(response, body, url);
  if (status === 401 || status === 403) {
    return (await import('./refusals/unauthorized.ts')).unauthorized(response, status, body, url);
  }
  return (await import('./refusals/refused-request.ts')).refusedRequest(response, body, url);
}

/** The JSON-RPC error that makes up a body, whatever its id, or undefined. */
function errorIn(body: Buffer): Reply | undefined {
  if (body.length === 0) return undefined;
  try {
    const { batch, messages } = readFrame(body);
    const message = messages[0];
    return !batch && message?.kind === 'response' && 'error' in message.reply ? message.reply : undefined;
  } catch {
    // Not JSON-RPC: the excerpt in the error shows what it was.
    return undefined;
  }
}

/** The server's own answer for the client; undefined when the proxy itself must say what happened. */
export function answerIn(outcome: Outcome): Reply | undefined {
  if (outcome.kind === 'answered') return outcome.reply;
  // The proxy asks the user to sign in in its own words; it passes on every other JSON-RPC error of the server.
  const asksToSignIn = outcome.status === 401 || (outcome.status === 403 && outcome.challenged);
  return asksToSignIn ? undefined : outcome.reply;
}

/** The reply that a client gets for an outcome; throws when the proxy itself must say what happened. */
export function replyOf(outcome: Outcome): Reply {
  if (outcome.kind === 'answered') return outcome.reply;
  const answer = answerIn(outcome);
  if (answer) return answer;
  throw outcome.error;
}
