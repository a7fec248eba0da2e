/** Refreshes tokens without the user (RFC 6749, section 6; specification 2026-07-28, "Refresh Tokens"). */
import type { AuthConfig } from '../config.ts';
import type { Log } from '../core/ports.ts';
import { ProxyError } from '../errors.ts';
import { asProxyError, pauseAfter } from './failures.ts';
import { AuthenticatedClient } from './oauth/client-authentication.ts';
import { type FetchContext, OAuthError } from './oauth/library.ts';
import { quirksOf } from './oauth/providers.ts';
import { requestTokens, type TokenContext, TokenEndpointFailure } from './oauth/token-request.ts';
import type { ClientRecord, Credentials, Tokens } from './vault/credentials.ts';
import type { Vault } from './vault/vault.ts';

export interface RefreshContext {
  readonly wire: FetchContext;
  readonly config: AuthConfig;
  readonly vault: Pick<Vault, 'replace' | 'pause' | 'keepPause'>;
  readonly log: Log;
}

/**
 * Refreshes stored credentials and stores the outcome. The caller must hold the lock. Resolves with undefined when the
 * grant is gone, which is recorded. Rejects with the reason when the outcome is unknown; every process then leaves the
 * token endpoint alone for a while.
 */
export async function refreshStored(context: RefreshContext, stored: Credentials): Promise<Credentials | undefined> {
  const { vault, log } = context;
  const outcome = await refreshUnlessPaused(context, stored);
  if (outcome.kind === 'refreshed') {
    log.debug('auth: refreshed the tokens');
    const kept = await vault.replace(stored, { ...stored, client: outcome.client, tokens: outcome.tokens });
    return kept?.tokens && kept;
  }
  log.debug(`auth: the stored sign-in cannot be refreshed (${outcome.kind})`);
  if (outcome.kind === 'refused') return undefined;
  const { tokens: _, client, ...rest } = stored;
  // An authorization server that did not know the client during the refresh will not know it at the next sign-in either.
  const keepsClient = outcome.kind === 'spent' && client !== undefined;
  await vault.replace(stored, { ...rest, ...(keepsClient && { client }) });
  return undefined;
}

async function refreshUnlessPaused(context: RefreshContext, stored: Credentials): Promise<Refreshed> {
  const { wire, vault } = context;
  const last = await vault.pause(stored.serial);
  const now = Date.now();
  // A clock that was set back must not turn a pause of minutes into one of years.
  if (last && last.since <= now && now < last.until) {
    throw new ProxyError('unauthorized', last.message, { retryAfter: Math.ceil((last.until - now) / 1000) });
  }
  try {
    return await refresh(context, stored);
  } catch (error) {
    const meant = asProxyError(error, wire.server, context.config);
    // A server that is unreachable now may be back the next moment.
    if (!(error instanceof OAuthError)) throw meant;
    const [since, failures] = [Date.now(), (last?.failures ?? 0) + 1];
    const until = since + pauseAfter(failures, meant);
    await vault.keepPause({ serial: stored.serial, since, until, failures, message: meant.message });
    throw meant;
  }
}

/** The outcome of a refresh. */
type Refreshed =
  | { readonly kind: 'refreshed'; readonly tokens: Tokens; readonly client: ClientRecord }
  /** The grant is gone: the user must sign in again. */
  | { readonly kind: 'spent' }
  /** The tokens cannot be refreshed now; the grant may still be valid. */
  | { readonly kind: 'refused' }
  /** The authorization server no longer knows the client. */
  | { readonly kind: 'unknown-client' };

/**
 * Refreshes the tokens at the issuer that issued them, for the same resource and scopes. Rejects when the outcome is
 * unknown: the server cannot be reached, or asks to be left alone for now.
 */
async function refresh(context: Omit<TokenContext, 'issuer' | 'client'>, credentials: Credentials): Promise<Refreshed> {
  const { issuer, client, tokens, resource } = credentials;
  if (!issuer || !client || tokens?.refreshToken === undefined) return { kind: 'spent' };
  // Entra wants the scopes that were requested. All other servers get those that were granted.
  const scope = quirksOf(issuer).scopeOnRefresh ? credentials.scope : tokens.scope;
  const parameters = {
    refresh_token: tokens.refreshToken,
    ...(resource !== undefined && { resource }),
    ...(scope !== undefined && { scope }),
  };
  const self = new AuthenticatedClient(client, context.config);
  const ask = (asked: Record<string, string>): Promise<Tokens> =>
    requestTokens({ ...context, issuer, client: self }, 'refresh_token', asked, tokens);
  try {
    const refreshed = await ask(parameters).catch((error: unknown) => {
      // The standard never requires the scopes, and some servers refuse the very scopes that they granted.
      if (scope === undefined || !isRefused(error)) throw error;
      const { scope: _, ...others } = parameters;
      return ask(others);
    });
    return { kind: 'refreshed', tokens: refreshed, client: self.record };
  } catch (error) {
    if (isRefused(error)) return { kind: 'refused' };
    if (!(error instanceof OAuthError) || !ENDS.has(error.error)) throw error;
    return error.error === 'invalid_client' || (error.error === 'unauthorized_client' && client.source === 'registered')
      ? { kind: 'unknown-client' }
      : { kind: 'spent' };
  }
}

/** Errors after which nothing is left to refresh. All others may be the fault of the request. */
const ENDS = new Set(['invalid_grant', 'invalid_client', 'unauthorized_client']);

/** Statuses of an address that no longer has a token endpoint. */
const GONE = new Set([404, 405, 410]);

/** Whether the request is at fault and would be refused again. The grant may still be valid. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof OAuthError) || isTransient(error)) return false;
  return error instanceof TokenEndpointFailure ? GONE.has(error.status) : !ENDS.has(error.error);
}

function isTransient({ error, status }: OAuthError): boolean {
  const busy = error === 'temporarily_unavailable' || (error === 'server_error' && !GONE.has(status));
  return status === 429 || status >= 500 || busy;
}
