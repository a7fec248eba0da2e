// Atlassian's MCP server at both of its addresses, each with an authorization server that calls itself otherwise.
import { Authorization, type Client, type ProviderQuirks, random, type TokenRefusal, words } from './authorization.ts';
import { bearer, challenge, json, type Provider, startProvider } from './provider.ts';

export interface AtlassianOptions {
  /** `v1` has no metadata of the resource and is its own authorization server; `authv2` has a tenant's. */
  address?: 'v1' | 'authv2';
}

export interface Atlassian extends Provider {
  readonly authorization: Authorization;
}

const MCP = 'https://mcp.atlassian.com';
const TENANT = 'VCeDsk8ZHncYF1g234fKtc4lNipbBhu3';
const SCOPES = ['read:me', 'read:jira-work', 'write:jira-work', 'offline_access'];

interface Address {
  mcpUrl: string;
  /** What the metadata says, and that is not where they are. */
  issuer: string;
  metadata: string[];
  endpoints: { authorize: string; token: string; register: string };
}

const ADDRESSES: Record<'v1' | 'authv2', Address> = {
  v1: {
    mcpUrl: `${MCP}/v1/mcp`,
    issuer: 'https://cf.mcp.atlassian.com',
    metadata: [`${MCP}/.well-known/oauth-authorization-server`],
    endpoints: {
      authorize: `${MCP}/v1/authorize`,
      token: 'https://cf.mcp.atlassian.com/v1/token',
      register: 'https://cf.mcp.atlassian.com/v1/register',
    },
  },
  authv2: {
    mcpUrl: `${MCP}/v1/mcp/authv2`,
    issuer: 'https://auth.atlassian.com',
    metadata: [
      `https://auth.atlassian.com/.well-known/oauth-authorization-server/${TENANT}`,
      `https://auth.atlassian.com/${TENANT}/.well-known/oauth-authorization-server`,
    ],
    endpoints: {
      authorize: 'https://auth.atlassian.com/authorize',
      token: 'https://auth.atlassian.com/oauth/token',
      register: `https://auth.atlassian.com/${TENANT}/dcr/register`,
    },
  },
};

export async function startAtlassian({ address = 'authv2' }: AtlassianOptions = {}): Promise<Atlassian> {
  const { mcpUrl, issuer, metadata, endpoints } = ADDRESSES[address];
  const authorization = new Authorization(quirks());
  const document = {
    issuer,
    authorization_endpoint: endpoints.authorize,
    token_endpoint: endpoints.token,
    registration_endpoint: endpoints.register,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    code_challenge_methods_supported: ['plain', 'S256'],
    scopes_supported: SCOPES,
  };
  const resource = `${MCP}/.well-known/oauth-protected-resource/v1/mcp/authv2`;
  const provider = await startProvider({
    mcpUrl,
    endpoints,
    routes: {
      ...Object.fromEntries(metadata.map((url) => [url, document])),
      [endpoints.authorize]: authorization.authorize,
      [endpoints.token]: authorization.token,
      [endpoints.register]: ({ body }) => register(JSON.parse(body) as Registration, authorization.clients),
      ...(address === 'authv2'
        ? { [resource]: { resource: mcpUrl, authorization_servers: [`https://auth.atlassian.com/${TENANT}`] } }
        : {}),
    },
    guard: (request) => {
      if (authorization.grantOf(bearer(request))) return undefined;
      return challenge({
        ...(address === 'authv2' ? { resource_metadata: resource } : { realm: 'OAuth' }),
        error: 'invalid_token',
      });
    },
  });
  return { ...provider, authorization };
}

interface Registration {
  redirect_uris?: string[];
}

function register(asked: Registration, clients: Map<string, Client>) {
  const id = random(12);
  clients.set(id, { id, redirects: (uri) => asked.redirect_uris?.includes(uri) ?? false });
  return json(201, { ...asked, client_id: id, token_endpoint_auth_method: 'none' });
}

function quirks(): ProviderQuirks {
  const refusal = (status: number, error: string, error_description: string): TokenRefusal => ({
    status,
    body: { error, error_description },
  });
  return {
    clients: [],
    rotates: true,
    unknownClient: (id) => ({ page: 400, error: 'unauthorized_client', description: `Unknown client: ${id}` }),
    wrongRedirect: (uri) => ({
      page: 400,
      error: 'unauthorized_client',
      description: `redirect_uri is not registered for client: ${uri}`,
    }),
    authorize(query) {
      const unknown = words(query.get('scope')).filter((scope) => !SCOPES.includes(scope));
      return unknown.length === 0
        ? undefined
        : { error: 'invalid_scope', description: `Unknown scopes: ${unknown.join(' ')}` };
    },
    scopes: (query) => words(query.get('scope')),
    wrongClient: refusal(401, 'access_denied', 'Unauthorized'),
    wrongCode: refusal(403, 'invalid_grant', 'Invalid authorization code'),
    wrongRefresh: refusal(403, 'unauthorized_client', 'refresh_token is invalid'),
    answer: ({ scopes }, issue) => ({
      access_token: issue.access(),
      ...(scopes.includes('offline_access') ? { refresh_token: issue.refresh() } : {}),
      expires_in: 28_800,
      scope: scopes.join(' '),
      token_type: 'Bearer',
    }),
  };
}
