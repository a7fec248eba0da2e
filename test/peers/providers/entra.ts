// Microsoft Entra ID, version 2 endpoints, in front of an MCP server that is an app of the tenant.
import { Authorization, anyPort, type Grant, type ProviderQuirks, type TokenRefusal, words } from './authorization.ts';
import { claims, jwt, keys } from './jwt.ts';
import { bearer, challenge, json, type Provider, type Routes, startProvider } from './provider.ts';

export interface EntraOptions {
  /** `organizations` signs in people of any tenant, and then has no issuer of its own. */
  tenant?: 'own' | 'organizations';
  /**
   * The MCP server's host publishes the metadata, with Entra's endpoints and a registration that hands out the one
   * client there is: what people do who want clients to need no client id.
   */
  facade?: boolean;
  /** A client with a secret, as the platform "Web" of an app registration has it. */
  confidential?: boolean;
}

export interface Entra extends Provider {
  readonly authorization: Authorization;
  readonly clientInfo: { client_id: string; client_secret?: string };
  /** The scope of the MCP server. */
  readonly scope: string;
}

const HOST = 'https://login.microsoftonline.com';
const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const API = '8d9aefa8-8693-45ef-8956-fa6584dfa06f';
const CLIENT = '1fec8e78-bce4-4aaf-ab1b-5451cc387264';
const GRAPH = '00000003-0000-0000-c000-000000000000';
const SCOPE = `api://${API}/mcp.access`;
const OPENID = ['openid', 'profile', 'email', 'offline_access'];
const MCP = 'https://mcp.contoso.example';

export async function startEntra(options: EntraOptions = {}): Promise<Entra> {
  const tenant = options.tenant === 'organizations' ? 'organizations' : TENANT;
  const issuer = `${HOST}/${tenant}/v2.0`;
  const endpoints = {
    authorize: `${HOST}/${tenant}/oauth2/v2.0/authorize`,
    token: `${HOST}/${tenant}/oauth2/v2.0/token`,
  };
  const secret = options.confidential ? 'Q~8_the-secret-of-the-app' : undefined;
  const client = { id: CLIENT, redirects: redirectsTo, ...(secret === undefined ? {} : { secret }) };
  const authorization = new Authorization(quirks(client));

  const document = {
    token_endpoint: endpoints.token,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${HOST}/${tenant}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: OPENID,
    issuer: tenant === TENANT ? issuer : `${HOST}/{tenantid}/v2.0`,
    authorization_endpoint: endpoints.authorize,
    device_authorization_endpoint: `${HOST}/${tenant}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${HOST}/${tenant}/oauth2/v2.0/logout`,
  };
  const metadata = `${MCP}/.well-known/oauth-protected-resource/mcp`;
  const routes: Routes = {
    // Nothing at the places where the well-known part is inserted.
    [`${issuer}/.well-known/openid-configuration`]: document,
    [document.jwks_uri]: keys(),
    [endpoints.authorize]: authorization.authorize,
    [endpoints.token]: authorization.token,
    [metadata]: {
      resource: `${MCP}/mcp`,
      authorization_servers: [options.facade ? MCP : issuer],
      scopes_supported: [SCOPE],
      bearer_methods_supported: ['header'],
    },
  };
  const register = `${MCP}/register`;
  if (options.facade) {
    const methods = { code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['none'] };
    const facade = { ...document, ...methods, issuer: MCP, registration_endpoint: register };
    routes[`${MCP}/.well-known/oauth-authorization-server`] = facade;
    routes[register] = ({ body }) =>
      json(201, { ...(JSON.parse(body) as object), client_id: CLIENT, token_endpoint_auth_method: 'none' });
  }

  const provider = await startProvider({
    mcpUrl: `${MCP}/mcp`,
    routes,
    endpoints: { ...endpoints, ...(options.facade ? { register } : {}) },
    guard: (request) => {
      const token = bearer(request);
      if (token === undefined) return challenge({ resource_metadata: metadata });
      const { aud, scp } = (authorization.grantOf(token) && claims(token)) ?? {};
      if (aud === API && scp === 'mcp.access') return undefined;
      return challenge({ error: 'invalid_token', resource_metadata: metadata });
    },
  });
  const clientInfo = { client_id: CLIENT, ...(secret === undefined ? {} : { client_secret: secret }) };
  return { ...provider, authorization, clientInfo, scope: SCOPE };
}

/** An app with the redirect URI http://localhost/...: no port counts there, and 127.0.0.1 is another host. */
function redirectsTo(uri: string): boolean {
  const { pathname = '' } = URL.canParse(uri) ? new URL(uri) : {};
  return anyPort(`http://localhost${pathname}`)(uri);
}

function quirks(client: ProviderQuirks['clients'][number]): ProviderQuirks {
  return {
    clients: [client],
    rotates: false,
    unknownClient: (id) => ({
      page: 400,
      error: 'unauthorized_client',
      description: `AADSTS700016: Application with identifier '${id}' was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
    }),
    wrongRedirect: (uri) => ({
      page: 400,
      error: 'invalid_request',
      description: `AADSTS50011: The redirect URI '${uri}' specified in the request does not match the redirect URIs configured for the application '${CLIENT}'.`,
    }),
    authorize(query) {
      const wrong = wrongResource(query.get('resource'));
      if (wrong) return { ...wrong, page: 400 };
      const scopes = words(query.get('scope'));
      if (scopes.length === 0) {
        const description = "AADSTS900144: The request body must contain the following parameter: 'scope'.";
        return { page: 400, error: 'invalid_request', description };
      }
      const stray = scopes.find(
        (scope) => !OPENID.includes(scope) && scope !== SCOPE && scope !== `api://${API}/.default`,
      );
      if (stray === undefined) return undefined;
      const [, api, name] = /^api:\/\/([^/]+)\/(.+)$/.exec(stray) ?? [];
      return {
        error: 'invalid_client',
        description: `AADSTS650053: The application 'MCP client' asked for scope '${name ?? stray}' that doesn't exist on the resource '${api ?? GRAPH}'. Contact the app vendor.`,
      };
    },
    scopes: (query) => words(query.get('scope')),
    wrongClient: refusal(
      401,
      'invalid_client',
      'AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app.',
    ),
    secretMissing: refusal(
      401,
      'invalid_client',
      "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    secretUnwanted: refusal(
      401,
      'invalid_client',
      "AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    ),
    wrongCode: refusal(
      400,
      'invalid_grant',
      'AADSTS70008: The provided authorization code or refresh token has expired due to inactivity.',
    ),
    wrongRefresh: refusal(400, 'invalid_grant', 'AADSTS700082: The refresh token has expired due to inactivity.'),
    token(form, turn) {
      const wrong = wrongResource(form.get('resource'));
      if (wrong) return refusal(400, wrong.error, wrong.description);
      if (turn === 'refresh' && !words(form.get('scope')).includes(SCOPE))
        return refusal(
          400,
          'invalid_request',
          `AADSTS90009: Application '${API}'(${API}) is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.`,
        );
      return undefined;
    },
    answer(grant, issue, turn, form) {
      const asked = turn === 'refresh' ? words(form.get('scope')) : grant.scopes;
      const ours = asked.some((scope) => !OPENID.includes(scope));
      const now = Math.floor(Date.now() / 1000);
      const common = {
        iss: `${HOST}/${TENANT}/v2.0`,
        tid: TENANT,
        sub: 'ada',
        ver: '2.0',
        iat: now,
        nbf: now,
        exp: now + 4799,
      };
      const access = jwt(
        ours ? { ...common, aud: API, scp: 'mcp.access', azp: CLIENT, n: Math.random() } : { ...common, aud: GRAPH },
      );
      return {
        token_type: 'Bearer',
        // Never offline_access, though it was granted.
        scope: ours ? SCOPE : 'openid profile email',
        expires_in: 4799,
        ext_expires_in: 4799,
        access_token: issue.access(access),
        ...(asked.includes('offline_access') ? { refresh_token: issue.refresh('1.') } : {}),
        ...(asked.includes('openid') ? { id_token: idToken(grant, common) } : {}),
      };
    },
  };
}

function idToken({ client, query }: Grant, common: object): string {
  const nonce = query.get('nonce');
  return jwt({
    ...common,
    aud: client.id,
    preferred_username: 'ada@contoso.example',
    ...(nonce === null ? {} : { nonce }),
  });
}

/** The one `resource` that is let pass is the app id URI that the scopes begin with; an MCP server's URL is none. */
function wrongResource(resource: string | null): { error: string; description: string } | undefined {
  if (resource === null || resource === `api://${API}`) return undefined;
  const description =
    "AADSTS9010010: The resource parameter provided in the request doesn't match with the requested scopes.";
  return { error: 'invalid_target', description };
}

function refusal(status: number, error: string, description: string): TokenRefusal {
  const code = Number(/AADSTS(\d+)/.exec(description)?.[1]);
  const trace = 'Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333 Correlation ID: aaaa0000-bb11-2222-33cc-444444dddddd';
  return {
    status,
    body: {
      error,
      error_description: `${description} ${trace}`,
      error_codes: [code],
      error_uri: `${HOST}/error?code=${code}`,
    },
  };
}
