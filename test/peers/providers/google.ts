// Google's authorization server, and one of Google's own MCP servers, which lets everybody look and only asks for a
// token when a tool is called.
import { Authorization, type ProviderQuirks, type TokenRefusal, words } from './authorization.ts';
import { jwt, keys } from './jwt.ts';
import { bearer, challenge, type Provider, type Request, startProvider } from './provider.ts';

export interface Google extends Provider {
  readonly authorization: Authorization;
  readonly clientInfo: { client_id: string; client_secret: string };
  readonly scope: string;
}

const ISSUER = 'https://accounts.google.com';
const AUTHORIZE = `${ISSUER}/o/oauth2/v2/auth`;
const TOKEN = 'https://oauth2.googleapis.com/token';
const REVOKE = 'https://oauth2.googleapis.com/revoke';
const MCP = 'https://gmailmcp.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/gmail.readonly';
const KNOWN = ['openid', 'email', 'profile', SCOPE];
const OPEN = ['initialize', 'notifications/initialized', 'ping', 'tools/list', 'DELETE', 'GET'];
const CLIENT = {
  id: '829566359730-6bpmuaja35nhrjvfcdqrg2n5r7dt73u6.apps.googleusercontent.com',
  secret: 'GOCSPX-the-secret-of-a-desktop-app',
  /** A desktop app: loopback, whatever the port and the path. */
  redirects: (uri: string) => /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/.test(uri),
};

export async function startGoogle(): Promise<Google> {
  const authorization = new Authorization(quirks());
  const document = {
    issuer: ISSUER,
    authorization_endpoint: AUTHORIZE,
    device_authorization_endpoint: 'https://oauth2.googleapis.com/device/code',
    token_endpoint: TOKEN,
    userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
    revocation_endpoint: REVOKE,
    jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
    response_types_supported: ['code', 'token', 'id_token', 'code token', 'code id_token', 'none'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'email', 'profile'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    code_challenge_methods_supported: ['plain', 'S256'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    authorization_response_iss_parameter_supported: true,
  };
  const resource = {
    resource: `${MCP}/mcp/v1`,
    // With a slash that the issuer does not have.
    authorization_servers: [`${ISSUER}/`],
    scopes_supported: [SCOPE],
    bearer_methods_supported: ['header'],
  };
  const metadata = `${MCP}/.well-known/oauth-protected-resource`;
  const provider = await startProvider({
    mcpUrl: `${MCP}/mcp/v1`,
    endpoints: { authorize: AUTHORIZE, token: TOKEN, revoke: REVOKE },
    routes: {
      [`${ISSUER}/.well-known/openid-configuration`]: document,
      [`${ISSUER}/.well-known/oauth-authorization-server`]: document,
      [document.jwks_uri]: keys(),
      [AUTHORIZE]: authorization.authorize,
      [TOKEN]: authorization.token,
      [REVOKE]: authorization.revoke,
      [`${metadata}/mcp/v1`]: resource,
      // The challenge of a call names the tool in place of the server's path.
      [`${metadata}/echo`]: resource,
    },
    guard: (request, method) => {
      if (OPEN.includes(method) && bearer(request) === undefined) return undefined;
      if (authorization.grantOf(bearer(request))?.scopes.includes(SCOPE)) return undefined;
      const error = bearer(request) === undefined ? undefined : 'invalid_token';
      return challenge({ error, resource_metadata: `${metadata}/${toolOf(request) ?? 'mcp/v1'}` });
    },
  });
  return {
    ...provider,
    authorization,
    clientInfo: { client_id: CLIENT.id, client_secret: CLIENT.secret },
    scope: SCOPE,
  };
}

function toolOf({ body }: Request): string | undefined {
  return body === '' ? undefined : (JSON.parse(body) as { params?: { name?: string } }).params?.name;
}

function quirks(): ProviderQuirks {
  // Consent is remembered: only the first one, or one that was asked for, comes with a refresh token.
  let consented = false;
  const refusal = (status: number, error: string, error_description: string): TokenRefusal => ({
    status,
    body: { error, error_description },
  });
  return {
    clients: [CLIENT],
    rotates: false,
    inRedirect: { iss: ISSUER },
    unknownClient: () => ({
      page: 401,
      error: 'Error 401: invalid_client',
      description: 'The OAuth client was not found.',
    }),
    wrongRedirect: (uri) => ({
      page: 400,
      error: 'Error 400: redirect_uri_mismatch',
      description: `You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy. Request details: redirect_uri=${uri}`,
    }),
    authorize(query) {
      const scopes = words(query.get('scope'));
      if (scopes.length === 0)
        return { page: 400, error: 'Error 400: invalid_request', description: 'Missing required parameter: scope' };
      const invalid = scopes.filter((scope) => !KNOWN.includes(scope));
      const valid = scopes.filter((scope) => KNOWN.includes(scope));
      if (invalid.length === 0) return undefined;
      const description = `Some requested scopes were invalid. {valid=[${valid.join(', ')}], invalid=[${invalid.join(', ')}]}`;
      return { page: 400, error: 'Error 400: invalid_scope', description };
    },
    scopes: (query) => words(query.get('scope')),
    wrongClient: refusal(401, 'invalid_client', 'The provided client secret is invalid.'),
    secretMissing: refusal(400, 'invalid_request', 'client_secret is missing.'),
    wrongCode: refusal(400, 'invalid_grant', 'Malformed auth code.'),
    wrongRefresh: refusal(400, 'invalid_grant', 'Token has been expired or revoked.'),
    answer({ client, scopes, query }, issue, turn) {
      const asked = words(query.get('prompt')).includes('consent');
      const refreshable = turn === 'code' && query.get('access_type') === 'offline' && (asked || !consented);
      if (turn === 'code') consented = true;
      const iat = Math.floor(Date.now() / 1000);
      return {
        access_token: issue.access(),
        expires_in: 3599,
        ...(refreshable ? { refresh_token: issue.refresh('1//') } : {}),
        scope: scopes.join(' '),
        token_type: 'Bearer',
        ...(scopes.includes('openid')
          ? { id_token: jwt({ iss: ISSUER, aud: client.id, sub: 'ada', iat, exp: iat + 3599 }) }
          : {}),
      };
    },
  };
}
