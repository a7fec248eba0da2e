/**
 * What the outcome of a connection's first message says about the server. Pure decisions by
 * status, code and shape, never by the words of a message (docs/architecture.md, "Finding out
 * what a server speaks").
 */

import { asString, elements, isArray, type Json, peek } from '../../core/json.ts';
import { errorCode, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import { isLegacyRevision, isModernError, isModernRevision, UNSUPPORTED_VERSION } from '../../mcp/revisions.ts';
import { NO_REFUSAL, type Outcome } from '../outcome.ts';

export type Verdict =
  /** The server speaks this transport and this era. */
  | 'open'
  /** The URL does not speak this transport: the proxy may try the other one. */
  | 'other-transport'
  /** The server speaks the other era. */
  | 'other-era'
  /** Only a `server/discover` can tell the era. */
  | 'discover'
  /** The outcome is the answer, and proves nothing about the server. */
  | 'final';

/** Whether a refusal means that the URL does not speak the transport at all. */
function isOtherTransport(outcome: Outcome): boolean {
  return outcome.kind === 'refused' && outcome.reply === undefined && [400, 404, 405].includes(outcome.status);
}

/** After a legacy first message (usually `initialize`) was POSTed. */
export function afterLegacyPost(outcome: Outcome): Verdict {
  if (isOtherTransport(outcome)) return 'other-transport';
  const code = codeOf(outcome);
  if (code === UNSUPPORTED_VERSION) {
    const named = namedRevisions(outcome.reply);
    if (!named) return 'discover';
    if (named.some(isModernRevision)) return 'other-era';
    // A server that speaks an older revision than the client says so in its own error.
    return named.some(isLegacyRevision) ? 'final' : 'other-era';
  }
  // A legacy server may use these codes for its own purposes.
  if (isModernError(code)) return 'discover';
  if (outcome.kind === 'answered' && 'result' in outcome.reply) {
    return isModernResult(outcome.reply.result) ? 'other-era' : 'open';
  }
  // A modern server may refuse `initialize` like any unknown method, and not every server sets the status.
  const vague = outcome.kind === 'answered' || outcome.status === 400 || outcome.status === 404;
  return vague && (code === METHOD_NOT_FOUND || code === INVALID_PARAMS) ? 'discover' : 'final';
}

/**
 * Whether a server of 2026-07-28 may have refused a request of a session: it asks for the envelope, or names its
 * revisions. Nothing of the request has run.
 */
export function mayBeModern(outcome: Outcome): boolean {
  if (outcome.kind !== 'refused' || outcome.status !== 400) return false;
  const code = codeOf(outcome);
  return code === INVALID_PARAMS || isModernError(code);
}

/** Whether a server of older revisions may have refused a request of 2026-07-28, of which nothing has run. */
export function mayBeLegacy(outcome: Outcome, method: string): boolean {
  // A server of 2026-07-28 answers so for a method that it does not have.
  if (codeOf(outcome) === METHOD_NOT_FOUND && method !== 'server/discover') return false;
  return outcome.kind === 'refused' && ['other-era', 'discover'].includes(afterModernPost(outcome, method));
}

/** Whether a server answered `initialize` with a revision that does not have it. */
function isModernResult(result: Json): boolean {
  const version = asString(peek(result, 'protocolVersion'));
  return version !== undefined && isModernRevision(version);
}

/** After the proxy asked for the stream of HTTP+SSE and sent the first message over it. */
export function afterSse(outcome: Outcome): Verdict {
  // An event stream, but one that does not name an endpoint.
  const otherStream = outcome.kind === 'refused' && outcome.status === NO_REFUSAL;
  if (otherStream || isOtherTransport(outcome)) return 'other-transport';
  return outcome.kind === 'answered' && 'result' in outcome.reply ? 'open' : 'final';
}

/** After a modern first message was POSTed. */
export function afterModernPost(outcome: Outcome, method: string): Verdict {
  const code = codeOf(outcome);
  if (code === UNSUPPORTED_VERSION) return afterRevisions(namedRevisions(outcome.reply)) ?? 'discover';
  if (isModernError(code)) return 'open';
  const discovering = method === 'server/discover';
  if (outcome.kind === 'answered') {
    if (!discovering) return afterModernAnswer(outcome.reply);
    // The client gets the answer of a server that speaks neither era.
    return afterRevisions(namedRevisions(outcome.reply)) ?? 'other-era';
  }
  if (outcome.status !== 400 && outcome.status !== 404 && outcome.status !== 405) return 'final';
  if (outcome.reply === undefined || discovering) return 'other-era';
  // A modern server refuses with these codes too, and so do many legacy servers when the session is missing.
  return 'discover';
}

/**
 * A lenient legacy server runs a request of another era as one of its own. Its result does not say what kind it is, and
 * its error may have a code that a server of 2026-07-28 does not send.
 */
function afterModernAnswer(reply: Reply): Verdict {
  if ('error' in reply) return isLegacyError(errorCode(reply) ?? 0) ? 'discover' : 'final';
  return peek(reply.result, 'resultType') === undefined ? 'discover' : 'open';
}

/**
 * Whether a server of 2026-07-28 must not send a code with the status 200, or must not send it at all ("Error Codes").
 * The codes that this revision defines from -32020 on have been judged before.
 */
function isLegacyError(code: number): boolean {
  return code === METHOD_NOT_FOUND || code === INVALID_REQUEST || (code <= -32000 && code >= -32099);
}

/** Whether a `server/discover` found a modern server. */
export function isModernAnswer(outcome: Outcome): boolean {
  return afterModernPost(outcome, 'server/discover') === 'open';
}

/** What the revisions of a server say about its era; undefined when the server names none. */
function afterRevisions(named: readonly string[] | undefined): Verdict | undefined {
  if (!named) return undefined;
  if (named.some(isModernRevision)) return 'open';
  return named.some(isLegacyRevision) ? 'other-era' : 'final';
}

/** How many revisions to read. */
const MAX_REVISIONS = 100;

/**
 * The revisions that a server says it speaks, in the `supportedVersions` of a discover result or
 * in the `data.supported` of an error; undefined when it names none, or when they cannot be read.
 */
export function namedRevisions(reply: Reply | undefined): string[] | undefined {
  if (!reply) return undefined;
  const list = 'result' in reply ? peek(reply.result, 'supportedVersions') : peek(reply.error, 'data', 'supported');
  if (!isArray(list)) return undefined;
  const names = elements(list)
    .slice(0, MAX_REVISIONS)
    .flatMap((name) => asString(name) || []);
  return names.length > 0 ? names : undefined;
}

function codeOf(outcome: Outcome): number | undefined {
  return outcome.reply && errorCode(outcome.reply);
}
