// Auth0 in front of an MCP server that is an API of the tenant.
import { Authorization, type Client, type ProviderQuirks, random, type TokenRefusal, words } from './authorization.ts';
import { claims, encrypted, jwt, keys } from './jwt.ts';
import { bearer, challenge, json, type Provider, startProvider } from './provider.ts';

export interface Auth0Options {
  /** What names the API: `audience`, unless the tenant has the compatibility profile for `resource`. */
  profile?: 'audience' | 'resource';
  /** Refuses a client that registered itself and names no API, where a token for nothing would be given otherwise. */
  strict?: boolean;
  /** Dynamic registration, which a tenant has to switch on; the metadata offers it in any case. */
  registration?: boolean;
  /** The callback URL of the client that `clientInfo` names: compared to the letter. */
  redirectUri?: string;
}

export interface Auth0 extends Provider {
  readonly authorization: Authorization;
  /** For when there is no registration. */
  readonly clientInfo: { client_id: string };
}

const TENANT = 'https://acme.us.auth0.com';
const ISSUER = `${TENANT}/`;
const MCP = 'https://mcp.acme.example';
const API = `${MCP}/mcp`;
const SCOPE = 'read:notes';
const ENDPOINTS = {
  authorize: `${TENANT}/authorize`,
  token: `${TENANT}/oauth/token`,
  register: `${TENANT}/oidc/register`,
  revoke: `${TENANT}/oauth/revoke`,
};

export async function startAuth0(options: Auth0Options = {}): Promise<Auth0> {
  const client: Client = { id: 'bW9ja2NsaWVudG9mYWNtZWNvcnA3MTM', redirects: (uri) => uri === options.redirectUri };
  const authorization = new Authorization(quirks(client, options));
  const document = {
    issuer: ISSUER,
    authorization_endpoint: ENDPOINTS.authorize,
    token_endpoint: ENDPOINTS.token,
    registration_endpoint: ENDPOINTS.register,
    revocation_endpoint: ENDPOINTS.revoke,
    jwks_uri: `${TENANT}/.well-known/jwks.json`,
    scopes_supported: ['openid', 'profile', 'offline_access', 'name', 'email', 'nickname', 'picture'],
    response_types_supported: ['code', 'token', 'id_token', 'code token', 'code id_token'],
    code_challenge_methods_supported: ['S256', 'plain'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  };
  const metadata = `${MCP}/.well-known/oauth-protected-resource/mcp`;
  const provider = await startProvider({
    mcpUrl: API,
    endpoints: ENDPOINTS,
    routes: {
      [`${TENANT}/.well-known/openid-configuration`]: document,
      [`${TENANT}/.well-known/oauth-authorization-server`]: document,
      [document.jwks_uri]: keys(),
      [ENDPOINTS.authorize]: authorization.authorize,
      [ENDPOINTS.token]: authorization.token,
      [ENDPOINTS.revoke]: authorization.revoke,
      [ENDPOINTS.register]: ({ body }) => {
        if (options.registration === false)
          return json(404, { statusCode: 404, error: 'Not Found', message: 'Not Found' });
        const asked = JSON.parse(body) as { redirect_uris?: string[] };
        const id = random();
        authorization.clients.set(id, { id, redirects: (uri) => asked.redirect_uris?.includes(uri) ?? false });
        return json(201, { ...asked, client_id: id, token_endpoint_auth_method: 'none' });
      },
      // Without the slash that the issuer has.
      [metadata]: { resource: API, authorization_servers: [TENANT], scopes_supported: [SCOPE] },
    },
    guard: (request) => {
      const token = bearer(request);
      if (token === undefined) return challenge({ resource_metadata: metadata });
      const aud = (authorization.grantOf(token) && claims(token)?.aud) ?? [];
      if (Array.isArray(aud) && aud.includes(API)) return undefined;
      const error_description = claims(token) ? 'Invalid audience' : 'Invalid Compact JWS';
      return challenge({ error: 'invalid_token', error_description, resource_metadata: metadata });
    },
  });
  return { ...provider, authorization, clientInfo: { client_id: client.id } };
}

function quirks(client: Client, { profile = 'audience', strict = false }: Auth0Options): ProviderQuirks {
  const refusal = (status: number, error: string, error_description: string): TokenRefusal => ({
    status,
    body: { error, error_description },
  });
  const audienceOf = (query: URLSearchParams): string | null =>
    query.get('audience') ?? (profile === 'resource' ? query.get('resource') : null);
  return {
    clients: [client],
    rotates: true,
    unknownClient: (id) => ({ page: 400, error: 'invalid_request', description: `Unknown client: ${id}` }),
    wrongRedirect: (uri) => ({
      page: 403,
      error: 'Callback URL mismatch',
      description: `The provided redirect_uri is not in the list of allowed callback URLs: ${uri}`,
    }),
    authorize(query, { id }) {
      const audience = audienceOf(query);
      if (audience !== null && audience !== API)
        return { error: 'access_denied', description: `Service not found: ${audience}` };
      if (audience === null && strict && id !== client.id)
        return {
          error: 'invalid_request',
          description:
            'The userinfo audience is not allowed for third party clients. Please specify a valid API audience.',
        };
      return undefined;
    },
    // Scopes that the API does not have are dropped without a word.
    scopes: (query) =>
      words(query.get('scope')).filter((scope) =>
        ['openid', 'profile', 'email', 'offline_access', SCOPE].includes(scope),
      ),
    wrongClient: refusal(401, 'access_denied', 'Unauthorized'),
    wrongCode: refusal(403, 'invalid_grant', 'Invalid authorization code'),
    wrongRefresh: refusal(403, 'invalid_grant', 'Unknown or invalid refresh token.'),
    answer({ scopes, query, client: { id } }, issue) {
      const audience = audienceOf(query);
      const iat = Math.floor(Date.now() / 1000);
      const common = { iss: ISSUER, sub: 'auth0|ada', iat, exp: iat + 86_400 };
      const access = jwt({
        ...common,
        aud: [audience, `${TENANT}/userinfo`],
        azp: id,
        scope: scopes.join(' '),
        jti: random(),
      });
      return {
        access_token: issue.access(audience === null ? encrypted() : access),
        ...(scopes.includes('offline_access') ? { refresh_token: issue.refresh('v1.') } : {}),
        ...(scopes.includes('openid') ? { id_token: jwt({ ...common, aud: id }) } : {}),
        scope: scopes.join(' '),
        expires_in: 86_400,
        token_type: 'Bearer',
      };
    },
  };
}
