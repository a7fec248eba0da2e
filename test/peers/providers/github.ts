// GitHub, and its own MCP server.
import { Authorization, anyPort, type ProviderQuirks, type TokenRefusal } from './authorization.ts';
import { bearer, challenge, json, type Provider, startProvider } from './provider.ts';

export interface GithubOptions {
  /** The callback URL of the app; the port of a loopback one does not matter. */
  callback?: string;
  /** Tokens of an OAuth app never expire, those of a GitHub app do. */
  app?: 'github' | 'oauth';
}

export interface Github extends Provider {
  readonly authorization: Authorization;
  readonly clientInfo: { client_id: string; client_secret: string };
}

const ISSUER = 'https://github.com/login/oauth';
const MCP = 'https://api.githubcopilot.com';
const ENDPOINTS = { authorize: `${ISSUER}/authorize`, token: `${ISSUER}/access_token` };
const SCOPES = ['repo', 'user', 'gist', 'read:org', 'notifications', 'project'];
const CLIENT = { id: 'Iv23liA1b2C3d4E5f6G7', secret: '0123456789abcdef0123456789abcdef01234567' };
const DOCS = 'https://docs.github.com/apps/managing-oauth-apps';

export async function startGithub({ callback, app = 'github' }: GithubOptions = {}): Promise<Github> {
  const authorization = new Authorization(quirks(callback, app));
  const metadata = `${MCP}/.well-known/oauth-protected-resource/mcp/`;
  const provider = await startProvider({
    mcpUrl: `${MCP}/mcp/`,
    endpoints: ENDPOINTS,
    routes: {
      // Inserted only: nothing is appended to an issuer here, and there is no OpenID Connect.
      'https://github.com/.well-known/oauth-authorization-server/login/oauth': {
        issuer: ISSUER,
        authorization_endpoint: ENDPOINTS.authorize,
        token_endpoint: ENDPOINTS.token,
        response_types_supported: ['code'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        code_challenge_methods_supported: ['S256'],
        service_documentation: 'https://docs.github.com/apps/creating-github-apps/registering-a-github-app',
      },
      [ENDPOINTS.authorize]: authorization.authorize,
      [ENDPOINTS.token]: authorization.token,
      [metadata]: {
        resource_name: 'GitHub MCP Server',
        resource: `${MCP}/mcp/`,
        authorization_servers: [ISSUER],
        bearer_methods_supported: ['header'],
        scopes_supported: SCOPES,
      },
    },
    guard: (request) => {
      const token = bearer(request);
      if (authorization.grantOf(token)) return undefined;
      const error_description =
        token === undefined ? 'No access token was provided in this request' : 'Bad credentials';
      const error = token === undefined ? 'invalid_request' : 'invalid_token';
      return challenge({ error, error_description, resource_metadata: metadata });
    },
  });
  return { ...provider, authorization, clientInfo: { client_id: CLIENT.id, client_secret: CLIENT.secret } };
}

function quirks(callback: string | undefined, app: 'github' | 'oauth'): ProviderQuirks {
  // Errors come with status 200.
  const refusal = (error: string, error_description: string): TokenRefusal => ({
    status: 200,
    body: {
      error,
      error_description,
      error_uri: `${DOCS}/troubleshooting-oauth-app-access-token-request-errors/#${error.replaceAll('_', '-')}`,
    },
  });
  const wrongClient = refusal(
    'incorrect_client_credentials',
    'The client_id and/or client_secret passed are incorrect.',
  );
  return {
    clients: [
      {
        ...CLIENT,
        redirects:
          callback === undefined ? (uri) => /^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(uri) : anyPort(callback),
      },
    ],
    rotates: true,
    unknownClient: () => ({
      page: 404,
      error: 'Not Found',
      description: 'This is not the web page you are looking for.',
    }),
    wrongRedirect: () => ({
      page: 400,
      error: 'redirect_uri_mismatch',
      description: 'The redirect_uri MUST match the registered callback URL for this application.',
    }),
    authorize: () => undefined,
    // What is not known is left out without a word.
    scopes: (query) => (query.get('scope') ?? '').split(/[\s,]+/).filter((scope) => SCOPES.includes(scope)),
    wrongClient,
    wrongCode: refusal('bad_verification_code', 'The code passed is incorrect or expired.'),
    wrongRefresh: refusal('bad_refresh_token', 'The refresh token passed is incorrect or expired.'),
    answer: ({ scopes }, issue) =>
      app === 'oauth'
        ? { access_token: issue.access(), scope: scopes.join(','), token_type: 'bearer' }
        : {
            access_token: issue.access(),
            expires_in: 28_800,
            refresh_token: issue.refresh('ghr_'),
            refresh_token_expires_in: 15_897_600,
            scope: scopes.join(','),
            token_type: 'bearer',
          },
    encode(request, status, body) {
      if (request.headers.accept?.includes('application/json')) return json(status, body);
      const form = new URLSearchParams(
        Object.entries(body).map(([name, value]): [string, string] => [name, String(value)]),
      );
      return {
        status,
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: String(form),
      };
    },
  };
}
