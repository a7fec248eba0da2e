/** Renews tokens without the user (RFC 6749, section 6; specification 2026-07-28, "Refresh Tokens"). */
import type { Credentials, Tokens } from './credentials.ts';
import { OAuthError } from './protocol.ts';
import { mannersOf } from './providers.ts';
import { requestTokens, type TokenContext, TokenEndpointFailure } from './tokens.ts';

/** What came of a refresh. */
export type Refreshed =
  | { readonly kind: 'renewed'; readonly tokens: Tokens }
  /** The grant is gone: the user has to sign in again. */
  | { readonly kind: 'spent' }
  /** The authorization server does not know the client any more. */
  | { readonly kind: 'unknown-client' };

/**
 * Renews the tokens at the issuer that gave them, for the same resource and scopes. Rejects
 * when nothing was found out: the server cannot be reached, or does not want to be asked now.
 */
export async function refresh(
  context: Omit<TokenContext, 'issuer' | 'client'>,
  credentials: Credentials,
): Promise<Refreshed> {
  const { issuer, client, tokens, resource } = credentials;
  if (!issuer || !client || tokens?.refreshToken === undefined) return { kind: 'spent' };
  // Entra wants to hear what was asked for; everybody else knows what was granted.
  const scope = mannersOf(issuer).scopeOnRefresh ? credentials.scope : tokens.scope;
  const parameters = {
    refresh_token: tokens.refreshToken,
    ...(resource !== undefined && { resource }),
    ...(scope !== undefined && { scope }),
  };
  try {
    const renewed = await requestTokens({ ...context, issuer, client }, 'refresh_token', parameters, tokens);
    return { kind: 'renewed', tokens: renewed };
  } catch (error) {
    if (!(error instanceof OAuthError) || error instanceof TokenEndpointFailure || isTransient(error)) throw error;
    return error.error === 'invalid_client' || (error.error === 'unauthorized_client' && client.source === 'registered')
      ? { kind: 'unknown-client' }
      : { kind: 'spent' };
  }
}

function isTransient({ error, status }: OAuthError): boolean {
  return status === 429 || status >= 500 || error === 'temporarily_unavailable' || error === 'server_error';
}
