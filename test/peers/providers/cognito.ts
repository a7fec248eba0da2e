// Amazon Cognito in front of an AgentCore gateway.
import { Authorization, type ProviderQuirks, random, type TokenRefusal, words } from './authorization.ts';
import { claims, jwt, keys } from './jwt.ts';
import { bearer, challenge, type Provider, startProvider } from './provider.ts';

export interface CognitoOptions {
  /** The callback URL of the app client: compared to the letter, and http: only with the host `localhost`. */
  redirectUri: string;
  /**
   * How the gateway is set up: `audience` compares `aud` with the client, which only ID tokens have there; `clients`
   * compares `client_id`, which only access tokens have; `resource` compares `aud` with the server, which access tokens
   * have there that were asked for with `resource`, in a pool that has a resource server of that name.
   */
  allows?: 'audience' | 'clients' | 'resource';
}

export interface Cognito extends Provider {
  readonly authorization: Authorization;
  readonly clientInfo: { client_id: string };
}

const POOL = 'us-east-1_AgdfSmUsg';
const ISSUER = `https://cognito-idp.us-east-1.amazonaws.com/${POOL}`;
const DOMAIN = 'https://acme.auth.us-east-1.amazoncognito.com';
const MCP = 'https://notes-k3j9x2.gateway.bedrock-agentcore.us-east-1.amazonaws.com';
const CLIENT = '5bsjlins3936h9gvpi0c24ah5b';
const SCOPES = ['openid', 'email', 'phone', 'profile', 'notes/read'];
const ENDPOINTS = {
  authorize: `${DOMAIN}/oauth2/authorize`,
  token: `${DOMAIN}/oauth2/token`,
  revoke: `${DOMAIN}/oauth2/revoke`,
};

export async function startCognito({ redirectUri, allows = 'audience' }: CognitoOptions): Promise<Cognito> {
  const authorization = new Authorization(quirks(redirectUri, allows === 'resource'));
  const metadata = `${MCP}/.well-known/oauth-protected-resource`;
  const provider = await startProvider({
    mcpUrl: `${MCP}/mcp`,
    endpoints: ENDPOINTS,
    routes: {
      // The only document there is; it says nothing of PKCE, and of no registration.
      [`${ISSUER}/.well-known/openid-configuration`]: {
        issuer: ISSUER,
        authorization_endpoint: ENDPOINTS.authorize,
        token_endpoint: ENDPOINTS.token,
        revocation_endpoint: ENDPOINTS.revoke,
        userinfo_endpoint: `${DOMAIN}/oauth2/userInfo`,
        end_session_endpoint: `${DOMAIN}/logout`,
        jwks_uri: `${ISSUER}/.well-known/jwks.json`,
        id_token_signing_alg_values_supported: ['RS256'],
        response_types_supported: ['code', 'token'],
        scopes_supported: ['openid', 'email', 'phone', 'profile'],
        subject_types_supported: ['public'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      },
      [`${ISSUER}/.well-known/jwks.json`]: keys(),
      [ENDPOINTS.authorize]: authorization.authorize,
      [ENDPOINTS.token]: authorization.token,
      [ENDPOINTS.revoke]: authorization.revoke,
      [metadata]: { resource: `${MCP}/mcp`, authorization_servers: [ISSUER] },
    },
    guard: (request) => {
      const token = bearer(request);
      if (token === undefined) return challenge({ resource_metadata: metadata });
      const { aud, client_id } = (authorization.grantOf(token) && claims(token)) ?? {};
      const claim = allows === 'clients' ? client_id : aud;
      if (claim === (allows === 'resource' ? `${MCP}/mcp` : CLIENT)) return undefined;
      const name = allows === 'clients' ? 'client_id' : 'aud';
      const error_description = `Claim '${name}' value mismatch with configuration.`;
      return challenge({ error: 'invalid_token', error_description, resource_metadata: metadata });
    },
  });
  return { ...provider, authorization, clientInfo: { client_id: CLIENT } };
}

function quirks(redirectUri: string, hasResource: boolean): ProviderQuirks {
  // Errors have no description.
  const refusal = (error: string): TokenRefusal => ({ status: 400, body: { error } });
  return {
    clients: [
      { id: CLIENT, redirects: (uri) => uri === redirectUri && /^(https:\/\/|http:\/\/localhost[:/])/.test(uri) },
    ],
    rotates: false,
    unknownClient: () => ({ page: 400, error: 'invalid_request', description: 'Client does not exist' }),
    wrongRedirect: () => ({
      page: 400,
      error: 'An error was encountered with the requested page.',
      description: 'redirect_mismatch',
    }),
    authorize(query) {
      if (words(query.get('scope')).every((scope) => SCOPES.includes(scope))) return undefined;
      return { error: 'invalid_request', description: 'invalid_scope' };
    },
    // Nothing asked for is everything the app client may have.
    scopes: (query) => (query.has('scope') ? words(query.get('scope')) : SCOPES),
    wrongClient: refusal('invalid_client'),
    secretUnwanted: refusal('invalid_client'),
    wrongCode: refusal('invalid_grant'),
    wrongRefresh: refusal('invalid_grant'),
    token(form, _turn, grant) {
      const asked = form.has('resource') || grant.query.has('resource');
      return asked && !hasResource ? refusal('invalid_grant') : undefined;
    },
    answer({ scopes, query }, issue, turn) {
      const iat = Math.floor(Date.now() / 1000);
      const common = { iss: ISSUER, sub: 'ada', auth_time: iat, iat, exp: iat + 3600, jti: random() };
      const nonce = turn === 'code' ? query.get('nonce') : null;
      const id = {
        ...common,
        token_use: 'id',
        aud: CLIENT,
        email: 'ada@acme.example',
        ...(nonce === null ? {} : { nonce }),
      };
      const access = { ...common, token_use: 'access', client_id: CLIENT, scope: scopes.join(' '), username: 'ada' };
      const resource = query.get('resource');
      return {
        ...(scopes.includes('openid') ? { id_token: issue.access(jwt(id)) } : {}),
        access_token: issue.access(jwt(resource === null ? access : { ...access, aud: resource })),
        ...(turn === 'code' ? { refresh_token: issue.refresh() } : {}),
        expires_in: 3600,
        token_type: 'Bearer',
      };
    },
  };
}
