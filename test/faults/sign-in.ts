// The sign-ins that a server of the matrix asks for: with the credentials of a program, in a browser, and with a refresh
// token that is there already. The server itself is the authorization server, except for its token endpoint.
import http from 'node:http';
import { credentialsName } from '../../src/auth/vault/credentials.ts';
import { type AuthConfig, HTTP_SERVER_DEFAULTS, type Server } from '../../src/config.ts';
import type { SecretStore } from '../../src/core/ports.ts';
import { memoryStore } from '../../src/state/memory/secrets.ts';
import type { Cell } from './cells.ts';

export const TOKEN_PATH = '/token';
const METADATA = '/.well-known/oauth-protected-resource/mcp';
const ISSUER = '/.well-known/oauth-authorization-server';
const TOKEN = 'the-token';
const CLIENT = { client_id: 'faults', client_secret: 'secret' };

export function signInOf({ phase }: Cell): AuthConfig {
  const { auth } = HTTP_SERVER_DEFAULTS;
  if (phase === 'token call') return { ...auth, grant: 'client-credentials', clientInfo: CLIENT };
  // Names of loopback other than addresses differ between machines.
  return { ...auth, redirectHost: '127.0.0.1', timeout: 10_000 };
}

interface Request {
  readonly req: http.IncomingMessage;
  readonly res: http.ServerResponse;
  readonly path: string;
}

const originOf = (req: http.IncomingMessage): string => `http://${req.headers.host}`;

export function isAuthorized({ headers }: http.IncomingMessage): boolean {
  return headers.authorization === `Bearer ${TOKEN}`;
}

/** Asks for a token. */
export function refuse({ req, res }: Request): void {
  const challenge = `Bearer resource_metadata="${originOf(req)}${METADATA}"`;
  res.writeHead(401, { 'www-authenticate': challenge }).end();
}

const issuerAt = (origin: string, tokenEndpoint: string) => ({
  issuer: origin,
  token_endpoint: tokenEndpoint,
  authorization_endpoint: `${origin}/authorize`,
  registration_endpoint: `${origin}/register`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  grant_types_supported: ['client_credentials', 'authorization_code', 'refresh_token'],
});

/** The document at a path of the sign-in; undefined for other paths. */
export function signInDocument({ req, path }: Request, tokenEndpoint: string): object | undefined {
  const origin = originOf(req);
  switch (path) {
    case METADATA:
      return { resource: `${origin}/mcp`, authorization_servers: [origin] };
    case ISSUER:
      return issuerAt(origin, tokenEndpoint);
    case '/register':
      return { client_id: 'registered', token_endpoint_auth_method: 'none' };
    case TOKEN_PATH:
      return { access_token: TOKEN, token_type: 'Bearer', expires_in: 100_000_000, refresh_token: 'the-next' };
    default:
      return undefined;
  }
}

/** What is stored at the start: for a refresh, a sign-in that has expired. */
export async function credentialsOf({ phase }: Cell, server: Server, tokenEndpoint?: string): Promise<SecretStore> {
  const store = memoryStore();
  if (phase !== 'refresh' || server.kind !== 'http' || tokenEndpoint === undefined) return store;
  const { url } = server;
  const record = {
    version: 1,
    serial: 1,
    url: url.href,
    issuer: issuerAt(url.origin, tokenEndpoint),
    client: { source: 'registered', clientId: 'registered', authMethod: 'none' },
    tokens: {
      accessToken: 'expired',
      refreshToken: 'the-refresh-token',
      obtainedAt: Date.now() - 3_600_000,
      expiresAt: Date.now() - 60_000,
      bearer: 'access_token',
    },
  };
  await store.write(credentialsName(url, undefined, undefined), JSON.stringify(record));
  return store;
}

/** A user who consents to everything: comes back from a page of the authorization server at once. */
export async function visit(page: string): Promise<void> {
  const query = new URL(page).searchParams;
  const redirect = query.get('redirect_uri');
  if (redirect === null) return;
  const back = new URL(redirect);
  back.searchParams.set('code', 'the-code');
  back.searchParams.set('state', query.get('state') ?? '');
  await new Promise<void>((resolve) => {
    const request = http.get(back, { agent: false }, (res) => res.resume());
    // Whatever the page says: what counts is what the client is told.
    request.on('error', () => {}).on('close', resolve);
  });
}
