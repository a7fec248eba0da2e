// Slack, and its own MCP server.
import { Authorization, type ProviderQuirks, random, type TokenRefusal } from './authorization.ts';
import { bearer, challenge, type Provider, startProvider } from './provider.ts';

export interface SlackOptions {
  /** The redirect URL of the app. Compared to the letter, and https: only, unless the app is a public one. */
  redirectUri: string;
  /** Whether the app has a secret, or PKCE in its place. */
  app?: 'confidential' | 'public';
  /** Token rotation of the app: without it tokens live until they are revoked, and nothing says so. */
  rotation?: boolean;
  /** What the metadata calls the issuer: both have been seen. */
  issuer?: 'https://slack.com' | 'https://mcp.slack.com';
}

export interface Slack extends Provider {
  readonly authorization: Authorization;
  readonly clientInfo: { client_id: string; client_secret?: string };
}

const MCP = 'https://mcp.slack.com';
const ENDPOINTS = {
  authorize: 'https://slack.com/oauth/v2_user/authorize',
  token: 'https://slack.com/api/oauth.v2.user.access',
};
const SCOPES = ['search:read.public', 'chat:write', 'channels:history', 'users:read'];

export async function startSlack(options: SlackOptions): Promise<Slack> {
  const id = '1601185624273.8899143856786';
  const secret = options.app === 'public' ? {} : { secret: 'a1b2c3d4e5f60718293a4b5c6d7e8f90' };
  const authorization = new Authorization(quirks(options, { id, ...secret }));
  const metadata = `${MCP}/.well-known/oauth-protected-resource`;
  const provider = await startProvider({
    mcpUrl: `${MCP}/mcp`,
    endpoints: ENDPOINTS,
    routes: {
      [`${MCP}/.well-known/oauth-authorization-server`]: {
        issuer: options.issuer ?? 'https://slack.com',
        authorization_endpoint: ENDPOINTS.authorize,
        token_endpoint: ENDPOINTS.token,
        response_types_supported: ['code'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['client_secret_post'],
        scopes_supported: SCOPES,
      },
      [ENDPOINTS.authorize]: authorization.authorize,
      [ENDPOINTS.token]: authorization.token,
      [metadata]: {
        resource: MCP,
        authorization_servers: [MCP],
        bearer_methods_supported: ['header'],
        scopes_supported: SCOPES,
      },
      [`${metadata}/mcp`]: () => ({ status: 302, headers: { location: metadata } }),
    },
    guard: (request) => {
      const token = bearer(request);
      if (authorization.grantOf(token)) return undefined;
      return challenge({ error: token === undefined ? undefined : 'invalid_token', resource_metadata: metadata });
    },
  });
  const clientInfo = { client_id: id, ...(secret.secret === undefined ? {} : { client_secret: secret.secret }) };
  return { ...provider, authorization, clientInfo };
}

function quirks(
  { redirectUri, app, rotation = true }: SlackOptions,
  client: { id: string; secret?: string },
): ProviderQuirks {
  // Errors come with status 200 here too.
  const refusal = (error: string): TokenRefusal => ({ status: 200, body: { ok: false, error } });
  const allowed = app === 'public' || redirectUri.startsWith('https:');
  return {
    clients: [{ ...client, redirects: (uri) => allowed && uri === redirectUri }],
    rotates: true,
    unknownClient: () => ({ page: 200, error: 'Something went wrong', description: 'Invalid client_id parameter' }),
    wrongRedirect: (uri) => ({
      page: 200,
      error: 'Something went wrong when authorizing this app',
      description: `redirect_uri did not match any configured URIs. Passed URI: ${uri}`,
    }),
    authorize(query) {
      const scopes = asked(query);
      if (scopes.length === 0)
        return { page: 200, error: 'Invalid permissions requested', description: 'invalid_scope: No scopes requested' };
      const unknown = scopes.find((scope) => !SCOPES.includes(scope));
      return unknown === undefined
        ? undefined
        : { error: 'invalid_scope', description: `Invalid permissions requested: ${unknown}` };
    },
    scopes: asked,
    wrongClient: refusal('bad_client_secret'),
    secretMissing: refusal('bad_client_secret'),
    wrongCode: refusal('invalid_code'),
    wrongRefresh: refusal('invalid_refresh_token'),
    answer({ scopes }, issue, turn) {
      const tokens = {
        access_token: issue.access(`xoxe.xoxp-1-${random()}`),
        scope: scopes.join(','),
        token_type: 'user',
        ...(rotation ? { refresh_token: issue.refresh('xoxe-1-'), expires_in: 43_200 } : {}),
      };
      const team = {
        app_id: 'A08SYDVR4P6',
        team: { id: 'T08A1B2C3', name: 'Acme' },
        enterprise: null,
        is_enterprise_install: false,
      };
      // At first the user's token is a member of the user, later it is the answer.
      return turn === 'code'
        ? { ok: true, ...team, authed_user: { id: 'U08ADA', ...tokens } }
        : { ok: true, ...team, ...tokens };
    },
  };
}

function asked(query: URLSearchParams): string[] {
  return (query.get('scope') ?? '').split(/[\s,]+/).filter(Boolean);
}
