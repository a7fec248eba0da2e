/** Requests to the token endpoint, of whatever grant, and what comes back (RFC 6749, sections 4 to 6; RFC 8707). */
import * as oauth from 'oauth4webapi';
import type { AuthConfig } from '../config.ts';
import { authenticationOf } from './clients.ts';
import type { ClientRecord, Issuer, Tokens } from './credentials.ts';
import { meaningOf, OAuthError, optionsFor, parseObject, type Wire } from './protocol.ts';
import { mannersOf } from './providers.ts';
import { words } from './scopes.ts';

/** Everything that a request to one token endpoint needs. */
export interface TokenContext {
  readonly wire: Wire;
  readonly config: AuthConfig;
  readonly issuer: Issuer;
  readonly client: ClientRecord;
}

/** Names of our own for what some providers call otherwise. */
const INVALID_GRANT = new Set(['bad_refresh_token', 'bad_verification_code', 'invalid_refresh_token', 'invalid_code']);

/**
 * Asks for tokens. Rejects with an OAuthError when the server refuses, with a ProxyError when
 * it cannot be asked.
 *
 * @param before the tokens that are renewed: what the response leaves out, stays.
 */
export async function requestTokens(
  context: TokenContext,
  grantType: string,
  parameters: Readonly<Record<string, string>>,
  before?: Tokens,
): Promise<Tokens> {
  const { wire, config, issuer, client } = context;
  try {
    const response = await oauth.genericTokenEndpointRequest(
      issuer as oauth.AuthorizationServer,
      { client_id: client.clientId },
      await authenticationOf(client, config),
      grantType,
      { ...parameters },
      { ...optionsFor(wire, issuer.token_endpoint), headers: { accept: 'application/json' } },
    );
    return tokensIn(await bodyOf(response), context, before);
  } catch (error) {
    throw meaningOf(error, issuer.token_endpoint);
  }
}

/** The JSON of a token response; throws the OAuthError that it is, whatever status it came with. */
async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  const form = (response.headers.get('content-type') ?? '').includes('application/x-www-form-urlencoded');
  const body = form ? Object.fromEntries(new URLSearchParams(text)) : parseObject(text);
  const error = typeof body?.error === 'string' ? body.error : undefined;
  if (error !== undefined) {
    const description = typeof body?.error_description === 'string' ? body.error_description : undefined;
    const spent = /refresh_token is invalid/i.test(description ?? '');
    throw new OAuthError(INVALID_GRANT.has(error) || spent ? 'invalid_grant' : error, description, response.status);
  }
  if (response.status !== 200 || !body) {
    const after = response.headers.get('retry-after');
    throw new TokenEndpointFailure(
      response.status,
      after !== null && /^\d{1,6}$/.test(after) ? Number(after) : undefined,
    );
  }
  // Slack puts the tokens of a user beside those of the app.
  const user = body.authed_user;
  return typeof user === 'object' && user !== null && 'access_token' in user ? { ...body, ...user } : body;
}

/** The token endpoint is not in the mood: nothing is known about the grant. */
export class TokenEndpointFailure extends OAuthError {
  /** Seconds that the server wants to be left alone (RFC 9110, section 10.2.3). */
  readonly retryAfter: number | undefined;

  constructor(status: number, retryAfter: number | undefined) {
    super('server_error', `the token endpoint answered HTTP ${status}`, status);
    this.retryAfter = retryAfter;
  }
}

function tokensIn(body: Record<string, unknown>, { config, issuer }: TokenContext, before: Tokens | undefined): Tokens {
  const accessToken = text(body.access_token);
  if (accessToken === undefined || !/^[\x21-\x7e]+$/.test(accessToken)) {
    throw new OAuthError('invalid_response', 'the token response holds no access token that could be sent', 200);
  }
  const type = text(body.token_type)?.toLowerCase();
  // `user` and `bot` are what Slack calls bearer tokens; a missing type is one too, in practice.
  if (type !== undefined && !['bearer', 'user', 'bot'].includes(type)) {
    throw new OAuthError('invalid_response', `the tokens are of the type ${JSON.stringify(type.slice(0, 20))}`, 200);
  }
  const now = Date.now();
  const lifetime = Number(body.expires_in);
  const refreshToken = text(body.refresh_token) ?? before?.refreshToken;
  const idToken = text(body.id_token) ?? before?.idToken;
  const scope = text(body.scope);
  const bearer = before?.bearer ?? (config.useIdToken ? 'id_token' : 'access_token');
  const keepsIdToken = idToken !== undefined && (config.useIdToken || mannersOf(issuer).idTokenAsBearer === true);
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(keepsIdToken && { idToken }),
    ...(body.expires_in !== undefined &&
      Number.isFinite(lifetime) &&
      lifetime > 0 && { expiresAt: now + lifetime * 1000 }),
    obtainedAt: now,
    ...(scope !== undefined
      ? { scope: words(scope).join(' ') }
      : before?.scope !== undefined && { scope: before.scope }),
    bearer: bearer === 'id_token' && keepsIdToken ? 'id_token' : 'access_token',
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
