// An authorization server that does what a test says: by the book unless told otherwise, and everything can be told
// while it runs.
//
//   const as = await startAuthorizationServer({ scopes: ['mcp'], accessTokenSeconds: 5 });
//   as.behaviour.tokenAnswer = ({ n }) => (n === 1 ? { status: 503, headers: { 'retry-after': '2' } } : undefined);
//   expect(as.count('register')).toBe(1);
import type http from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { listenLoopback, type NodeHandler, type Peer } from '../listen.ts';
import { Watched } from '../watched.ts';
import type { Bearer, TokenAuthority } from './authority.ts';
import { authorize } from './authorize.ts';
import { type AuthorizationServerBehaviour, usualBehaviour } from './behaviour.ts';
import { deviceAuthorization } from './device.ts';
import { type Answer, html, servePlace, write } from './document-answer.ts';
import { type Client, type Grant, Ledger, type Token } from './ledger.ts';
import { metadataOf, metadataPlace } from './metadata.ts';
import { register } from './registration.ts';
import { revoke } from './revocation.ts';
import type { EndpointName, Incoming, ServerContext } from './server-context.ts';
import { token } from './token.ts';

export type RequestKind = 'metadata' | 'register' | 'authorize' | 'token' | 'revoke' | 'device' | 'jwks' | 'other';

export interface AuthorizationServerRequest extends Incoming {
  readonly kind: RequestKind;
  readonly path: string;
  /** Milliseconds of the epoch. */
  readonly at: number;
  /** 0 until the answer is written. */
  status: number;
}

export interface AuthorizationServerOptions extends Partial<AuthorizationServerBehaviour> {
  /** Path of the issuer, `/tenant`; none unless given. */
  issuerPath?: string;
  /** Clients that are registered beforehand. */
  clients?: Client[];
}

export interface AuthorizationServer extends Peer, TokenAuthority {
  readonly issuer: string;
  readonly behaviour: AuthorizationServerBehaviour;
  /** In order of arrival, each there before it is acted upon. */
  readonly requests: readonly AuthorizationServerRequest[];
  readonly clients: Map<string, Client>;
  readonly tokens: ReadonlyMap<string, Token>;
  readonly grants: readonly Grant[];
  of(kind: RequestKind): readonly AuthorizationServerRequest[];
  /** Token requests with this grant_type. */
  tokenRequests(grantType: string): readonly AuthorizationServerRequest[];
  count(kind: RequestKind): number;
  /** The n-th request of a kind, from 1, past or future. */
  waitFor(kind: RequestKind, n: number): Promise<AuthorizationServerRequest>;
  /** Whether a protected server would accept it now. */
  isValid(accessToken: string, wanted?: { resource?: string; scope?: string }): boolean;
  check(token: string, wanted: { resource?: string }): Bearer | undefined;
  /** Refresh tokens stay good. */
  expireAccessTokens(): void;
  /** Ends every grant, as a user or an administrator may. */
  revokeEverything(): void;
  /** Forgets a client and its grants, without telling it. */
  deleteClient(id: string): void;
  /** Moves to another origin, where the returned handler is to be mounted: that of a server it protects, say. */
  serveUnder(origin: string): NodeHandler;
}

const KINDS: Record<EndpointName, RequestKind> = {
  authorize: 'authorize',
  token: 'token',
  register: 'register',
  revoke: 'revoke',
  device_authorization: 'device',
  device: 'other',
  jwks: 'jwks',
};

export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const { issuerPath = '', clients = [], ...given } = options;
  const behaviour = { ...usualBehaviour(), ...given };
  const ledger = new Ledger();
  for (const client of clients) ledger.clients.set(client.client_id, client);
  const requests = new Watched<AuthorizationServerRequest>('requests');
  const key = await generateKeyPair('ES256');
  const publicKey = { ...(await exportJWK(key.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  let origin = '';

  const context: ServerContext = {
    behaviour,
    ledger,
    get issuer() {
      return origin + issuerPath;
    },
    endpoint: (name) => `${origin}${issuerPath}/${name}`,
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(key.privateKey),
  };

  const endpoints: Record<EndpointName, (incoming: AuthorizationServerRequest) => Promise<Answer> | Answer> = {
    authorize: (incoming) => authorize(context, incoming),
    token: (incoming) => token(context, incoming, count('token')),
    register: (incoming) => register(context, incoming),
    revoke: (incoming) => revoke(context, incoming),
    device_authorization: (incoming) => deviceAuthorization(context, incoming),
    device: () => html(200, '<h1>Enter the code</h1>'),
    jwks: () => ({ status: 200, body: { keys: [publicKey] } }),
  };
  const endpointAt = (path: string): EndpointName | undefined => {
    const name = path.startsWith(`${issuerPath}/`) ? path.slice(issuerPath.length + 1) : '';
    return Object.hasOwn(endpoints, name) ? (name as EndpointName) : undefined;
  };
  const count = (kind: RequestKind): number => requests.all.filter((request) => request.kind === kind).length;

  const handle: NodeHandler = async (req, res) => {
    const { pathname: path, searchParams: query } = new URL(req.url ?? '/', origin);
    const place = metadataPlace(context, path);
    const name = place === undefined ? endpointAt(path) : undefined;
    const kind = place !== undefined ? 'metadata' : name ? KINDS[name] : 'other';
    const { form, json } = await bodyOf(req);
    const { method = '', headers } = req;
    const request = { kind, method, path, query, form, json, headers, at: Date.now(), status: 0 };
    res.once('finish', () => {
      request.status = res.statusCode;
    });
    requests.add(request);
    if (place !== undefined) servePlace(res, place, metadataOf(context));
    else write(res, name ? await endpoints[name](request) : html(404, '<h1>Not found</h1>'));
  };

  const peer = await listenLoopback('', handle);
  origin = peer.url;
  const check: AuthorizationServer['check'] = (value, wanted) => {
    const found = ledger.live(value);
    if (!found || found.kind !== (behaviour.bearer === 'id_token' ? 'id' : 'access')) return undefined;
    const { resource, subject, clientId } = found.grant;
    // A server that was given no resource issues tokens for any.
    if (wanted.resource !== undefined && resource !== undefined && resource !== wanted.resource) return undefined;
    return { subject, clientId, scopes: found.scopes };
  };

  return {
    get url() {
      return origin;
    },
    get issuer() {
      return context.issuer;
    },
    behaviour,
    requests: requests.all,
    clients: ledger.clients,
    tokens: ledger.tokens,
    grants: ledger.grants,
    of: (kind) => requests.all.filter((request) => request.kind === kind),
    tokenRequests: (type) =>
      requests.all.filter(({ kind, form }) => kind === 'token' && form.get('grant_type') === type),
    count,
    waitFor: (kind, n) => requests.nth(n, (request) => request.kind === kind),
    check,
    isValid(value, { resource, scope } = {}) {
      const bearer = check(value, resource === undefined ? {} : { resource });
      return bearer !== undefined && (scope?.split(' ') ?? []).every((one) => bearer.scopes.includes(one));
    },
    expireAccessTokens() {
      for (const issued of ledger.tokens.values()) if (issued.kind !== 'refresh') issued.expiresAt = 0;
    },
    revokeEverything() {
      for (const grant of ledger.grants) grant.revoked ??= 'revoked by the user';
    },
    deleteClient(id) {
      ledger.clients.delete(id);
      for (const grant of ledger.grants) if (grant.clientId === id) grant.revoked ??= 'its client is gone';
    },
    serveUnder(other) {
      origin = other;
      return handle;
    },
    close: peer.close,
  };
}

async function bodyOf(req: http.IncomingMessage): Promise<{ form: URLSearchParams; json: unknown }> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const type = req.headers['content-type'] ?? '';
  const form = new URLSearchParams(type.startsWith('application/x-www-form-urlencoded') ? text : '');
  if (!type.startsWith('application/json')) return { form, json: undefined };
  try {
    return { form, json: JSON.parse(text) as unknown };
  } catch {
    return { form, json: undefined };
  }
}
