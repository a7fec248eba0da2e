// Okta: an authorization server of an organisation, in front of an MCP server.
import { Authorization, type ProviderQuirks, random, type TokenRefusal, words } from './authorization.ts';
import { claims, jwt, keys } from './jwt.ts';
import { bearer, challenge, json, type Provider, startProvider } from './provider.ts';

export interface OktaOptions {
  /** The sign-in redirect URI of the app: compared to the letter, port included. */
  redirectUri: string;
}

export interface Okta extends Provider {
  readonly authorization: Authorization;
  readonly clientInfo: { client_id: string };
  readonly scope: string;
}

const ORG = 'https://acme.okta.com';
const ISSUER = `${ORG}/oauth2/aus1a2b3c4d5e6f7g8h9`;
const AUDIENCE = 'api://mcp';
const MCP = 'https://mcp.acme.example';
const SCOPE = 'notes.read';
const CLIENT = '0oa1a2b3c4d5e6f7g8h9';
const STANDARD = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'device_sso'];
const ENDPOINTS = {
  authorize: `${ISSUER}/v1/authorize`,
  token: `${ISSUER}/v1/token`,
  register: `${ORG}/oauth2/v1/clients`,
  revoke: `${ISSUER}/v1/revoke`,
};

export async function startOkta({ redirectUri }: OktaOptions): Promise<Okta> {
  const authorization = new Authorization(quirks(redirectUri));
  const document = {
    issuer: ISSUER,
    authorization_endpoint: ENDPOINTS.authorize,
    token_endpoint: ENDPOINTS.token,
    registration_endpoint: ENDPOINTS.register,
    revocation_endpoint: ENDPOINTS.revoke,
    jwks_uri: `${ISSUER}/v1/keys`,
    response_types_supported: ['code', 'token', 'id_token', 'code id_token'],
    grant_types_supported: ['authorization_code', 'implicit', 'refresh_token', 'password', 'client_credentials'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: [...STANDARD, SCOPE],
    token_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'none',
    ],
    code_challenge_methods_supported: ['S256'],
  };
  const metadata = `${MCP}/.well-known/oauth-protected-resource/mcp`;
  const provider = await startProvider({
    mcpUrl: `${MCP}/mcp`,
    endpoints: ENDPOINTS,
    routes: {
      // Appended to the issuer only: the inserted places do not exist.
      [`${ISSUER}/.well-known/openid-configuration`]: document,
      [`${ISSUER}/.well-known/oauth-authorization-server`]: document,
      [document.jwks_uri]: keys(),
      [ENDPOINTS.authorize]: authorization.authorize,
      [ENDPOINTS.token]: authorization.token,
      [ENDPOINTS.revoke]: authorization.revoke,
      // For administrators with an API token.
      [ENDPOINTS.register]: () =>
        json(403, {
          errorCode: 'E0000005',
          errorSummary: 'Invalid session',
          errorLink: 'E0000005',
          errorId: 'oaeZLxeiHUUTcOMbM3iyyQx-g',
          errorCauses: [],
        }),
      [metadata]: { resource: `${MCP}/mcp`, authorization_servers: [ISSUER], scopes_supported: [SCOPE] },
    },
    guard: (request) => {
      const token = bearer(request);
      if (token === undefined) return challenge({ resource_metadata: metadata });
      const { aud, scp } = (authorization.grantOf(token) && claims(token)) ?? {};
      if (aud === AUDIENCE && Array.isArray(scp) && scp.includes(SCOPE)) return undefined;
      return challenge({ error: 'invalid_token', resource_metadata: metadata });
    },
  });
  return { ...provider, authorization, clientInfo: { client_id: CLIENT }, scope: SCOPE };
}

function quirks(redirectUri: string): ProviderQuirks {
  const refusal = (status: number, error: string, error_description: string): TokenRefusal => ({
    status,
    body: { error, error_description },
  });
  const invalidClient = 'Client authentication failed. Either the client or the client credentials are invalid.';
  return {
    clients: [{ id: CLIENT, redirects: (uri) => uri === redirectUri }],
    rotates: true,
    unknownClient: () => ({
      page: 400,
      error: 'invalid_client',
      description: "Invalid value for 'client_id' parameter.",
    }),
    wrongRedirect: () => ({
      page: 400,
      error: '400 Bad Request',
      description: `Your request resulted in an error. The 'redirect_uri' parameter must be a Login redirect URI in the client app settings: ${ORG.replace('acme', 'acme-admin')}/admin/app/oidc_client/instance/${CLIENT}#tab-general`,
    }),
    authorize(query) {
      const scopes = words(query.get('scope'));
      const wrong = (error: string, description: string) => ({ error, description });
      if (!query.get('state'))
        return wrong('invalid_request', "The authentication request has an invalid 'state' parameter.");
      if (query.get('code_challenge_method') !== 'S256')
        return wrong(
          'invalid_request',
          "PKCE code challenge is required when the token endpoint authentication method is 'NONE'.",
        );
      if (scopes.length === 0)
        return wrong(
          'invalid_scope',
          "The authorization server resource does not have any configured default scopes, 'scope' must be provided.",
        );
      if (scopes.every((scope) => STANDARD.includes(scope) || scope === SCOPE)) return undefined;
      return wrong('invalid_scope', 'One or more scopes are not configured for the authorization server resource.');
    },
    scopes: (query) => words(query.get('scope')),
    wrongClient: refusal(401, 'invalid_client', invalidClient),
    secretUnwanted: refusal(401, 'invalid_client', invalidClient),
    wrongCode: refusal(400, 'invalid_grant', 'The authorization code is invalid or has expired.'),
    wrongRefresh: refusal(400, 'invalid_grant', 'The refresh token is invalid or expired.'),
    token(form, turn, grant) {
      const more = words(form.get('scope')).filter((scope) => !grant.scopes.includes(scope));
      if (turn === 'code' || more.length === 0) return undefined;
      return refusal(
        400,
        'invalid_scope',
        'One or more scopes are not configured for the authorization server resource.',
      );
    },
    answer({ scopes }, issue) {
      const iat = Math.floor(Date.now() / 1000);
      const common = { iss: ISSUER, sub: 'ada@acme.example', ver: 1, jti: random(), iat, exp: iat + 3600 };
      return {
        token_type: 'Bearer',
        expires_in: 3600,
        access_token: issue.access(jwt({ ...common, aud: AUDIENCE, cid: CLIENT, scp: scopes })),
        scope: scopes.join(' '),
        ...(scopes.includes('offline_access') ? { refresh_token: issue.refresh() } : {}),
        ...(scopes.includes('openid') ? { id_token: jwt({ ...common, aud: CLIENT }) } : {}),
      };
    },
  };
}
