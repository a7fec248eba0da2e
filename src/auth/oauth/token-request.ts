/** Requests to the token endpoint, for any grant, and their responses (RFC 6749, sections 4 to 6; RFC 8707). */
import * as oauth from 'oauth4webapi';
import type { AuthConfig } from '../../config.ts';
import { printable, type Redact } from '../../core/redact.ts';
import type { Issuer, Tokens } from '../vault/credentials.ts';
import type { AuthenticatedClient } from './client-authentication.ts';
import { type Document, parseObject, seconds, text, token, unusable } from './document-members.ts';
import { type FetchContext, meaningOf, OAuthError, optionsFor, refusalIn, retryAfterOf, shown } from './library.ts';
import { quirksOf } from './providers.ts';
import { words } from './scopes.ts';
import { sentSecrets } from './sent-secrets.ts';

export interface TokenContext {
  readonly wire: FetchContext;
  readonly config: AuthConfig;
  readonly issuer: Issuer;
  readonly client: AuthenticatedClient;
}

/** The standard names of errors that some providers name differently, and send with any status. */
const STANDARD_NAMES = new Map([
  ['bad_refresh_token', 'invalid_grant'],
  ['bad_verification_code', 'invalid_grant'],
  ['invalid_refresh_token', 'invalid_grant'],
  ['invalid_code', 'invalid_grant'],
  ['ratelimited', 'temporarily_unavailable'],
  ['service_unavailable', 'temporarily_unavailable'],
  ['request_timeout', 'temporarily_unavailable'],
  ['internal_error', 'server_error'],
  ['fatal_error', 'server_error'],
]);

/**
 * Requests tokens. Rejects with an OAuthError when the server refuses, and with a ProxyError when it cannot be reached.
 *
 * @param before the tokens to refresh: members that the response omits are kept.
 */
export async function requestTokens(
  context: TokenContext,
  grantType: string,
  parameters: Readonly<Record<string, string>>,
  before?: Tokens,
): Promise<Tokens> {
  const { wire, config, issuer, client } = context;
  const hide = sentSecrets(client.record, parameters);
  try {
    const body = await client.request(async (authentication) => {
      const response = await oauth.genericTokenEndpointRequest(
        issuer as oauth.AuthorizationServer,
        { client_id: client.record.clientId },
        authentication,
        grantType,
        { ...parameters },
        { ...optionsFor(wire, issuer.token_endpoint), headers: { accept: 'application/json' } },
      );
      return bodyOf(response, hide);
    });
    return tokensIn(body, context, hide, before);
  } catch (error) {
    const meant = meaningOf(error, issuer.token_endpoint);
    const { resource, ...others } = parameters;
    if (resource === undefined || config.resource !== undefined || !refusesResource(meant)) throw meant;
    return requestTokens(context, grantType, others, before).catch(() => {
      throw meant;
    });
  }
}

/** Whether the server objects to the `resource`: some servers do not support resources, and say so only here. */
function refusesResource(error: Error): boolean {
  return error instanceof OAuthError && (error.error === 'invalid_target' || /AADSTS9010010/.test(error.message));
}

/** The JSON of a token response. Throws an OAuthError if the body is an error, whatever its status. */
async function bodyOf(response: Response, hide: Redact): Promise<Document> {
  const sent = await response.text();
  const form = (response.headers.get('content-type') ?? '').includes('application/x-www-form-urlencoded');
  const body = form ? Object.fromEntries(new URLSearchParams(sent)) : parseObject(sent);
  const named = text(body?.error);
  const error = named === undefined ? undefined : hide(named);
  if (response.status === 429 || response.status >= 500) throw new TokenEndpointFailure(response, sent, hide, error);
  if (error !== undefined) {
    const said = text(body?.error_description);
    const description = said === undefined ? undefined : hide(said);
    const spent = /refresh_token is invalid/i.test(description ?? '');
    const name = spent ? 'invalid_grant' : STANDARD_NAMES.get(error);
    throw new OAuthError(name ?? error, description ?? (name && error), response.status);
  }
  if (response.status !== 200 || !body) throw new TokenEndpointFailure(response, sent, hide);
  // Slack puts the tokens of the user next to those of the app.
  const user = body.authed_user as Document | null | undefined;
  return text(user?.access_token) === undefined ? body : { ...body, ...user };
}

/** The token endpoint failed; the grant may still be valid. */
export class TokenEndpointFailure extends OAuthError {
  /**
   * @param body the body of the response
   * @param hide removes the secrets that were sent from the server's words
   * @param error the name of the error, if the body has one
   */
  constructor(response: Response, body: string, hide: Redact, error?: string) {
    const { status } = response;
    // The body of a success may contain tokens.
    const told = status < 300 ? `HTTP ${status}` : refusalIn(status, body, hide);
    super(
      'server_error',
      `the token endpoint answered ${error ? `HTTP ${status} (${printable(error, 60)})` : told}`,
      status,
      retryAfterOf(response),
    );
  }
}

function tokensIn(body: Document, { config, issuer }: TokenContext, hide: Redact, before: Tokens | undefined): Tokens {
  const accessToken = token(body.access_token);
  if (accessToken === undefined) {
    const reason = unusable(`the token response of ${shown(issuer.token_endpoint)}`, 'access_token', body);
    throw new OAuthError('invalid_response', reason, 200);
  }
  const type = text(body.token_type);
  // Slack calls bearer tokens `user` and `bot`. A token without a type is a bearer token too, in practice.
  if (type !== undefined && !['bearer', 'user', 'bot'].includes(type.toLowerCase())) {
    throw new OAuthError('invalid_response', `the token type is ${JSON.stringify(hide(type).slice(0, 20))}`, 200);
  }
  const now = Date.now();
  const lifetime = seconds(body.expires_in);
  const refreshToken = text(body.refresh_token) ?? before?.refreshToken;
  const idToken = token(body.id_token) ?? token(before?.idToken);
  const scope = text(body.scope);
  const bearer = config.useIdToken ? 'id_token' : (before?.bearer ?? 'access_token');
  const keepsIdToken = idToken !== undefined && (config.useIdToken || quirksOf(issuer).idTokenAsBearer === true);
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(keepsIdToken && { idToken }),
    ...(lifetime !== undefined && { expiresAt: now + lifetime * 1000 }),
    obtainedAt: now,
    ...(scope !== undefined
      ? { scope: words(scope).join(' ') }
      : before?.scope !== undefined && { scope: before.scope }),
    bearer: bearer === 'id_token' && keepsIdToken ? 'id_token' : 'access_token',
  };
}
