// How oidc-provider is set up: everything an MCP client may need, nothing lenient.
import type { JWK } from 'jose';
import type { Context, Errors } from 'oidc-provider';
import type { OidcProviderOptions } from './oidc-provider.ts';
import type { OidcStore } from './oidc-store.ts';

interface RegisteredClient {
  grantTypeAllowed(type: string): boolean;
}

interface TokenSource {
  readonly scopes: ReadonlySet<string>;
}

export function configurationOf(
  options: OidcProviderOptions,
  store: OidcStore,
  jwk: JWK,
  errors: Errors,
): Record<string, unknown> {
  const { accessTokenFormat = 'opaque', accessTokenSeconds = 3600, scopes = ['mcp', 'admin'], clients = [] } = options;
  const page = (title: string) => async (ctx: Context, form: unknown) => {
    ctx.body = `<!doctype html><title>${title}</title><h1>${title}</h1>${typeof form === 'string' ? form : ''}`;
  };
  return {
    adapter: (name: string) => store.adapter(name),
    clients,
    jwks: { keys: [jwk] },
    scopes: ['openid', 'offline_access', ...scopes],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    // Expired is expired.
    clockTolerance: 0,
    cookies: { keys: ['of this provider alone'] },
    claims: { openid: ['sub'] },
    findAccount: (_ctx: Context, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_ctx: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    rotateRefreshToken: () => true,
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx: Context, client: RegisteredClient, source: TokenSource) =>
      client.grantTypeAllowed('refresh_token') && (!options.offlineAccess || source.scopes.has('offline_access')),
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      ClientCredentials: accessTokenSeconds,
      DeviceCode: 600,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    renderError: (ctx: Context, { error, error_description: why = '' }: Record<string, string>) => {
      ctx.body = `<!doctype html><title>${error}</title><h1>${error}</h1><p>${why}`;
    },
    clientBasedCORS: () => false,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: page('Enter the code'),
        userCodeConfirmSource: page('Confirm the device'),
        successSource: page('The device is connected'),
      },
      registration: { enabled: options.registration ?? true, initialAccessToken: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx: Context, client: { clientId: string }, token: { clientId: string }) =>
          client.clientId === token.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx: Context, _client: unknown, oneOf: unknown) => oneOf,
        useGrantedResource: () => false,
        getResourceServerInfo: (_ctx: Context, resource: string) => {
          if (options.resources && !options.resources.includes(resource))
            throw new errors.InvalidTarget('unknown resource');
          return {
            scope: scopes.join(' '),
            audience: resource,
            accessTokenTTL: accessTokenSeconds,
            accessTokenFormat,
            ...(accessTokenFormat === 'jwt' ? { jwt: { sign: { alg: 'ES256' } } } : {}),
          };
        },
      },
    },
  };
}
