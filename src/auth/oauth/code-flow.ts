/**
 * The authorization code flow with PKCE (RFC 6749, section 4.1; RFC 7636; RFC 8252; RFC 8707; RFC 9207; specification
 * 2026-07-28, "Authorization Flow Steps"): the request and the response. `sign-in/by-browser.ts` opens the browser and
 * listens for the answer.
 */
import * as oauth from 'oauth4webapi';
import type { AuthConfig } from '../../config.ts';
import { ProxyError } from '../../errors.ts';
import type { ClientRecord, Issuer, Tokens } from '../vault/credentials.ts';
import type { PendingRecord } from '../vault/vault.ts';
import { AuthenticatedClient } from './client-authentication.ts';
import { endpointOf } from './issuer-metadata.ts';
import { type FetchContext, meaningOf, OAuthError, shown } from './library.ts';
import { quirksOf } from './providers.ts';
import { words } from './scopes.ts';
import { requestTokens } from './token-request.ts';

/** What a sign-in asks for. */
export interface SignInRequest {
  readonly issuer: Issuer;
  readonly resource: string;
  readonly scope: string | undefined;
  /** Whether the server has just accepted a token of the stored client. */
  readonly clientIsKnown: boolean;
}

/** The values that make an authorization request unique. */
export interface Secrets {
  readonly state: string;
  readonly verifier: string;
}

export function newSecrets(): Secrets {
  return { state: oauth.generateRandomState(), verifier: oauth.generateRandomCodeVerifier() };
}

/** The page where the user signs in. Throws a ProxyError when the server has none. */
export function pageOf(issuer: Issuer): string {
  const hint = 'try --device-code, or --client-credentials with a client of your own';
  return endpointOf(issuer, 'authorization_endpoint', 'has no sign-in page', hint);
}

/** The authorization request. Throws a ProxyError when the server does not support a safe one. */
export async function authorizationUrl(
  config: AuthConfig,
  { issuer, resource, scope }: SignInRequest,
  client: ClientRecord,
  redirectUri: string,
  { state, verifier }: Secrets,
): Promise<URL> {
  const methods = issuer.code_challenge_methods_supported;
  // Many servers support PKCE without saying so (Entra, Cognito), and sending it does no harm.
  if (methods && !methods.includes('S256')) {
    throw new ProxyError(
      'unauthorized',
      `${shown(issuer.issuer)} does not support PKCE with S256, so a sign-in could be stolen`,
    );
  }
  const quirks = quirksOf(issuer);
  const url = new URL(pageOf(issuer));
  const parameters: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    scope,
    resource: resourceToSend(config, issuer, resource),
    audience: quirks.audience ? resource : undefined,
    // Without it, OpenID providers ignore the scope (OpenID Connect Core 1.0, section 11).
    prompt: words(scope).includes('offline_access') && !quirks.withoutResource ? 'consent' : undefined,
    ...quirks.parameters,
    ...Object.fromEntries(config.authorizeParameters),
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/** The `resource` parameter, or undefined where the provider does not take it, unless the user named one. */
export function resourceToSend(config: AuthConfig, issuer: Issuer, resource: string): string | undefined {
  if (!config.sendResource) return undefined;
  return quirksOf(issuer).withoutResource && config.resource === undefined ? undefined : resource;
}

/** The tokens of a sign-in, and the client with the method that the server accepted. */
export interface Granted {
  readonly tokens: Tokens;
  readonly client: ClientRecord;
}

/**
 * Takes the answer from the browser and exchanges its code. Rejects with an OAuthError when the server or the user
 * refused, and with a ProxyError when the answer cannot be trusted.
 */
export async function redeem(
  wire: FetchContext,
  config: AuthConfig,
  pending: PendingRecord,
  answer: URLSearchParams,
): Promise<Granted> {
  const { issuer, client, redirectUri, verifier, resource } = pending;
  let code: string | null;
  try {
    // Checks `state` and `iss` before anything else in the answer.
    const checked = oauth.validateAuthResponse(
      issuer as oauth.AuthorizationServer,
      { client_id: client.clientId },
      answer,
      pending.state,
    );
    code = checked.get('code');
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) {
      throw new OAuthError(error.error, error.error_description, 302);
    }
    throw meaningOf(error, issuer.authorization_endpoint ?? issuer.issuer);
  }
  if (code === null || code === '') throw new ProxyError('unauthorized', `${shown(issuer.issuer)} sent no code`);
  const parameters = {
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...(resource !== undefined && { resource }),
  };
  try {
    const self = new AuthenticatedClient(client, config);
    const tokens = await requestTokens({ wire, config, issuer, client: self }, 'authorization_code', parameters);
    return { tokens, client: self.record };
  } catch (error) {
    if (!lacksSecret(error, client)) throw error;
    throw new ProxyError('unauthorized', error.message, {
      hint: 'if the client has a secret, give its client_secret too, with --static-oauth-client-info',
    });
  }
}

/** Google, GitHub and others demand a client secret despite PKCE, each with an error text of its own. */
function lacksSecret(error: unknown, client: ClientRecord): error is OAuthError {
  if (!(error instanceof OAuthError) || client.source !== 'static' || client.clientSecret !== undefined) return false;
  return error.error === 'invalid_client' || /client.secret/i.test(error.message);
}
