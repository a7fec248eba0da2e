// Keycloak with its registration policies as they are out of the box, but for the trusted hosts: loopback is one.
import {
  Authorization,
  anyPort,
  type Client,
  type ProviderQuirks,
  random,
  type TokenRefusal,
  words,
} from './authorization.ts';
import { claims, jwt, keys } from './jwt.ts';
import { type Answer, bearer, challenge, json, type Provider, startProvider } from './provider.ts';

export interface KeycloakOptions {
  /** Who may register without a token: clients on loopback, or nobody, as in a new realm. */
  registration?: 'loopback' | 'nobody';
}

export interface Keycloak extends Provider {
  readonly authorization: Authorization;
  /** For when nobody may register. */
  readonly clientInfo: { client_id: string };
  /** The client scope that puts the MCP server into `aud`. */
  readonly scope: string;
}

const ISSUER = 'https://sso.acme.example/realms/acme';
const OPENID = `${ISSUER}/protocol/openid-connect`;
const MCP = 'https://mcp.acme.example';
const API = `${MCP}/mcp`;
const SCOPE = 'mcp:tools';
const CLIENT = 'mcp-clients';
const SCOPES = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
  'roles',
  'web-origins',
  'basic',
  'acr',
  SCOPE,
];
const ENDPOINTS = {
  authorize: `${OPENID}/auth`,
  token: `${OPENID}/token`,
  register: `${ISSUER}/clients-registrations/openid-connect`,
  revoke: `${OPENID}/revoke`,
};
/** What a registration may have; anything else is no member of the class behind it. */
const MEMBERS = [
  'redirect_uris',
  'response_types',
  'grant_types',
  'application_type',
  'contacts',
  'client_name',
  'logo_uri',
  'client_uri',
  'policy_uri',
  'tos_uri',
  'jwks_uri',
  'jwks',
  'scope',
  'software_id',
  'software_version',
  'software_statement',
  'token_endpoint_auth_method',
  'token_endpoint_auth_signing_alg',
  'require_pushed_authorization_requests',
  'dpop_bound_access_tokens',
];

export async function startKeycloak({ registration = 'loopback' }: KeycloakOptions = {}): Promise<Keycloak> {
  const authorization = new Authorization(quirks());
  const document = {
    issuer: ISSUER,
    authorization_endpoint: ENDPOINTS.authorize,
    token_endpoint: ENDPOINTS.token,
    registration_endpoint: ENDPOINTS.register,
    revocation_endpoint: ENDPOINTS.revoke,
    jwks_uri: `${OPENID}/certs`,
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    response_types_supported: ['code', 'none', 'id_token', 'token', 'code id_token'],
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    scopes_supported: SCOPES,
    code_challenge_methods_supported: ['plain', 'S256'],
    // Does not say that clients without a secret are fine, which they are.
    token_endpoint_auth_methods_supported: [
      'private_key_jwt',
      'client_secret_basic',
      'client_secret_post',
      'tls_client_auth',
      'client_secret_jwt',
    ],
    authorization_response_iss_parameter_supported: true,
  };
  const metadata = `${MCP}/.well-known/oauth-protected-resource/mcp`;
  const provider = await startProvider({
    mcpUrl: API,
    endpoints: ENDPOINTS,
    routes: {
      [`${ISSUER}/.well-known/openid-configuration`]: document,
      'https://sso.acme.example/.well-known/oauth-authorization-server/realms/acme': document,
      [document.jwks_uri]: keys(),
      [ENDPOINTS.authorize]: authorization.authorize,
      [ENDPOINTS.token]: authorization.token,
      [ENDPOINTS.revoke]: authorization.revoke,
      [ENDPOINTS.register]: ({ body }) => register(JSON.parse(body) as Registration, registration, authorization),
      [metadata]: { resource: API, authorization_servers: [ISSUER], scopes_supported: [SCOPE] },
    },
    guard: (request) => {
      const token = bearer(request);
      if (token === undefined) return challenge({ resource_metadata: metadata });
      const { aud } = (authorization.grantOf(token) && claims(token)) ?? {};
      if (aud === API) return undefined;
      return challenge({ error: 'invalid_token', error_description: 'Audience mismatch', resource_metadata: metadata });
    },
  });
  return { ...provider, authorization, clientInfo: { client_id: CLIENT }, scope: SCOPE };
}

interface Registration {
  redirect_uris?: string[];
  scope?: string;
}

function register(asked: Registration, allowed: 'loopback' | 'nobody', { clients }: Authorization): Answer {
  const refuse = (policy: string, details: string): Answer =>
    json(403, {
      error: 'insufficient_scope',
      error_description: `Policy '${policy}' rejected request to client-registration service. Details: ${details}`,
    });
  const stranger = Object.keys(asked).find((member) => !MEMBERS.includes(member));
  if (stranger !== undefined)
    return json(400, {
      error: `Unrecognized field "${stranger}" (class org.keycloak.representations.oidc.OIDCClientRepresentation), not marked as ignorable`,
    });
  if (allowed === 'nobody') return refuse('Trusted Hosts', 'Host not trusted.');
  const uris = asked.redirect_uris ?? [];
  if (!uris.every((uri) => ['localhost', '127.0.0.1', '[::1]'].includes(new URL(uri).hostname)))
    return refuse('Trusted Hosts', "URL doesn't match any trusted host or trusted domain");
  // Whatever it says: the scopes that a client may be given here are the realm's defaults, which have no such names.
  if (asked.scope !== undefined) return refuse('Allowed Client Scopes', 'Not permitted to use specified clientScope');
  const id = random();
  clients.set(id, { id, redirects: (uri) => uris.some((own) => anyPort(own)(uri)) });
  return json(201, {
    ...asked,
    client_id: id,
    client_id_issued_at: Math.floor(Date.now() / 1000),
    registration_client_uri: `${ENDPOINTS.register}/${id}`,
    registration_access_token: random(),
    token_endpoint_auth_method: 'none',
  });
}

function quirks(): ProviderQuirks {
  const refusal = (status: number, error: string, error_description: string): TokenRefusal => ({
    status,
    body: { error, error_description },
  });
  const client: Client = {
    id: CLIENT,
    redirects: (uri) => /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\//.test(uri),
  };
  return {
    clients: [client],
    rotates: false,
    inRedirect: { iss: ISSUER, session_state: random() },
    unknownClient: () => ({ page: 400, error: 'We are sorry...', description: 'Client not found.' }),
    wrongRedirect: () => ({ page: 400, error: 'We are sorry...', description: 'Invalid parameter: redirect_uri' }),
    authorize(query) {
      const unknown = words(query.get('scope')).filter((scope) => !SCOPES.includes(scope));
      if (unknown.length === 0) return undefined;
      return { error: 'invalid_scope', description: `Invalid scopes: ${words(query.get('scope')).join(' ')}` };
    },
    // `resource` is not looked at: only a scope names an audience.
    scopes: (query) => [...new Set([...words(query.get('scope')), 'profile', 'email'])],
    wrongClient: refusal(401, 'invalid_client', 'Invalid client or Invalid client credentials'),
    wrongCode: refusal(400, 'invalid_grant', 'Code not valid'),
    wrongRefresh: refusal(400, 'invalid_grant', 'Token is not active'),
    token(form, turn, grant) {
      const more = words(form.get('scope')).filter((scope) => !grant.scopes.includes(scope));
      if (turn === 'code' || more.length === 0) return undefined;
      return refusal(400, 'invalid_scope', `Invalid scopes: ${words(form.get('scope')).join(' ')}`);
    },
    answer({ scopes, client: { id } }, issue, turn, form) {
      const asked = turn === 'refresh' && form.has('scope') ? words(form.get('scope')) : scopes;
      const iat = Math.floor(Date.now() / 1000);
      const common = { iss: ISSUER, sub: 'ada', azp: id, jti: random(), iat, exp: iat + 300 };
      const aud = asked.includes(SCOPE) ? { aud: API } : {};
      return {
        access_token: issue.access(jwt({ ...common, ...aud, typ: 'Bearer', scope: asked.join(' ') })),
        expires_in: 300,
        refresh_expires_in: scopes.includes('offline_access') ? 0 : 1800,
        refresh_token: issue.refresh(),
        token_type: 'Bearer',
        'not-before-policy': 0,
        session_state: random(),
        scope: asked.join(' '),
        ...(asked.includes('openid') ? { id_token: jwt({ ...common, aud: id, typ: 'ID' }) } : {}),
      };
    },
  };
}
