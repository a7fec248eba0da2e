/** The demand of a server that refuses a request (RFC 9110, section 11.6.1; RFC 6750, section 3; RFC 9728, section 5.1). */
import type { HttpResponse } from '../core/fetch.ts';

/** The `Bearer` challenge of a response. */
export interface Challenge {
  /** Where the protected resource metadata is. */
  readonly resourceMetadata: string | undefined;
  /** The scopes that the request needs, separated by spaces. */
  readonly scope: string | undefined;
  readonly error: string | undefined;
}

/** What a request needs before it can succeed, according to the response. */
export type Demand = { readonly kind: 'nothing' } | Demanded;

export type Demanded =
  /** The request had no token, or an invalid one. */
  | { readonly kind: 'token'; readonly challenge: Challenge }
  /** The token is valid, but not for this request. */
  | { readonly kind: 'scope'; readonly challenge: Challenge };

/** The server does not say what it wants. */
export const NO_CHALLENGE: Challenge = { resourceMetadata: undefined, scope: undefined, error: undefined };

/**
 * Decides what a response of the protected server demands.
 *
 * @param inSession whether the request named an MCP session. Some servers answer 401, without a challenge, for a
 * session that they do not know. The sign-in does not handle those.
 */
export function demandOf(
  response: Pick<HttpResponse, 'status' | 'headers'>,
  { inSession }: { readonly inSession: boolean },
): Demand {
  if (response.status !== 401 && response.status !== 403) return { kind: 'nothing' };
  const field = response.headers['www-authenticate'];
  const text = Array.isArray(field) ? field.join(', ') : field;
  const challenge = text === undefined ? undefined : bearerChallenge(text);
  if (response.status === 403) {
    const scoped = challenge?.error === 'insufficient_scope';
    return scoped ? { kind: 'scope', challenge } : { kind: 'nothing' };
  }
  if (challenge) return { kind: 'token', challenge };
  // Challenges of other schemes only (Basic, Negotiate) ask for credentials that the sign-in cannot get.
  if (text !== undefined && parseChallenges(text).length > 0) return { kind: 'nothing' };
  return inSession ? { kind: 'nothing' } : { kind: 'token', challenge: NO_CHALLENGE };
}

/** The first `Bearer` challenge with parameters, else the first without, or undefined when there is none. */
function bearerChallenge(text: string): Challenge | undefined {
  const bearers = parseChallenges(text).filter(({ scheme }) => scheme === 'bearer');
  const best = bearers.find(({ parameters }) => parameters.size > 0) ?? bearers[0];
  if (!best) return undefined;
  const parameter = (name: string): string | undefined => best.parameters.get(name)?.trim() || undefined;
  return {
    // Without a value, it would be the address of the server itself.
    resourceMetadata: parameter('resource_metadata'),
    scope: parameter('scope'),
    error: best.parameters.get('error'),
  };
}

export interface ParsedChallenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case; the first of several values counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** One piece of the field: a parameter, or a scheme that is followed by nothing, a parameter or a token68. */
const PIECE = /[\s,]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))|(?=[\s,]|$))/y;

/** Parses a `WWW-Authenticate` value, up to the first text that does not follow the grammar. */
export function parseChallenges(text: string): ParsedChallenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  const pieces = new RegExp(PIECE);
  for (let piece = pieces.exec(text); piece; piece = pieces.exec(text)) {
    const [, name = '', quoted, plain] = piece;
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    const key = name.toLowerCase();
    if (value === undefined) found.push({ scheme: key, parameters: new Map() });
    else if (!found.at(-1)?.parameters.has(key)) found.at(-1)?.parameters.set(key, value);
  }
  return found;
}
