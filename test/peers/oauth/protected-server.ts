// An MCP server that needs a bearer token, and says so as the test wants it said: RFC 6750 challenges, RFC 9728
// metadata. Behind the check is a real SDK server.
//
//   const server = await startProtectedServer({ authorizationServer, requiredScopes: ['mcp'] });
//   server.behaviour.challenge = challenges.bare;
import type http from 'node:http';
import { listenLoopback, type NodeHandler, type Peer, readJson } from '../listen.ts';
import { Watched } from '../watched.ts';
import type { TokenAuthority } from './authority.ts';
import { type Answer, type DocumentAnswer, servePlace, write } from './document-answer.ts';
import { type Carried, type Carrier, carry } from './protected-tools.ts';

export interface Refusal {
  /** URL of the protected resource metadata, at the place where it is inserted. */
  readonly resourceMetadata: string;
  /** What `challengeScope` says, or the scopes that a token with too few lacks. */
  readonly scope?: string;
  /** Absent where no token came. */
  readonly error?: 'invalid_token' | 'insufficient_scope';
}

/** Builds WWW-Authenticate; several values are several headers. */
export type Challenge = (refusal: Refusal) => string | string[] | undefined;

/** Challenges that servers are known to send. */
export const challenges = {
  full: (refusal) => parameters(refusal, true),
  /** Without resource_metadata: what is known must come from the well-known places. */
  bare: (refusal) => parameters(refusal, false),
  none: () => undefined,
  /** The one that matters comes second, in the same header. */
  afterBasic: (refusal) => `Basic realm="other, \\"one\\"", ${parameters(refusal, true)}`,
  /** As `afterBasic`, in headers of their own. */
  inSecondHeader: (refusal) => ['Basic realm="other"', parameters(refusal, true)],
} satisfies Record<string, Challenge>;

function parameters({ resourceMetadata, scope, error }: Refusal, withMetadata: boolean): string {
  const list = [
    ...(error ? [`error="${error}"`] : []),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...(withMetadata ? [`resource_metadata="${resourceMetadata}"`] : []),
  ];
  return list.length === 0 ? 'Bearer' : `Bearer ${list.join(', ')}`;
}

export interface ProtectedServerBehaviour {
  challenge: Challenge;
  /** The scope of the 401 challenge. */
  challengeScope: string | undefined;
  /** /.well-known/oauth-protected-resource followed by the path of the server. */
  inserted: DocumentAnswer;
  /** /.well-known/oauth-protected-resource alone. */
  root: DocumentAnswer;
  /** Members laid over the metadata document; `undefined` leaves one out. */
  metadata: Record<string, unknown>;
  /** Who to ask about tokens. Another one may take over while the server runs. */
  authorizationServer: TokenAuthority;
  /** The identifier of the resource; nothing: its URL. */
  resource: string | undefined;
  /** Whether a token must have been issued for `resource`. */
  checkResource: boolean;
  /** Without these a token gets nothing. */
  requiredScopes: string[];
  toolScopes: Record<string, string[]>;
  /** Requests that need no token at all, by JSON-RPC method (or HTTP method, where there is no body). */
  open: (method: string) => boolean;
  /** Answers in place of the check and of the server, 401 to everything say; nothing: goes on. */
  instead: ((request: ProtectedRequest) => Answer | 'challenge' | undefined) | undefined;
}

export interface ProtectedServerOptions extends Partial<ProtectedServerBehaviour> {
  authorizationServer: TokenAuthority;
  carrier?: Carrier;
  /** An authorization server that moves to the origin of this one and gets every path that is not its own. */
  hosted?: { serveUnder(origin: string): NodeHandler };
}

export interface ProtectedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** The Authorization header, whole. */
  readonly authorization: string | undefined;
  /** The JSON-RPC method of the body, and the tool where it calls one. */
  readonly rpcMethod: string | undefined;
  readonly tool: string | undefined;
  status: number;
}

export interface ProtectedServer extends Peer {
  readonly origin: string;
  readonly behaviour: ProtectedServerBehaviour;
  /** Everything that arrived, metadata included, in order. */
  readonly requests: readonly ProtectedRequest[];
  /** Those for /.well-known/. */
  readonly metadataRequests: readonly ProtectedRequest[];
  /** How often a tool ran, or all of them. */
  executions(tool?: string): number;
  /** The n-th request, from 1, that matches. */
  waitFor(n: number, matches: (request: ProtectedRequest) => boolean): Promise<ProtectedRequest>;
  /** Cuts every response that is not complete: the streams. */
  cut(): void;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

export async function startProtectedServer(options: ProtectedServerOptions): Promise<ProtectedServer> {
  const { carrier = 'http', hosted, ...given } = options;
  const behaviour: ProtectedServerBehaviour = {
    challenge: challenges.full,
    challengeScope: undefined,
    inserted: 'document',
    root: 404,
    metadata: {},
    resource: undefined,
    checkResource: true,
    requiredScopes: [],
    toolScopes: { admin: ['admin'] },
    open: () => false,
    instead: undefined,
    ...given,
  };
  const executed: string[] = [];
  const requests = new Watched<ProtectedRequest>('requests');
  const carried = carry(carrier, (tool) => executed.push(tool));
  const writing = new Set<http.ServerResponse>();
  let others: NodeHandler | undefined;
  const peer = await listenLoopback(carried.path, async (req, res) => {
    if (others && !isOwn(req.url ?? '', carried)) return others(req, res);
    const body = req.method === 'POST' ? await readJson(req).catch(() => undefined) : undefined;
    const request = recorded(req, body);
    res.once('finish', () => {
      request.status = res.statusCode;
    });
    requests.add(request);
    writing.add(res);
    res.once('close', () => writing.delete(res));
    await answer(server, carried, request, { req, res, body });
  });
  const { origin } = new URL(peer.url);
  others = hosted?.serveUnder(origin);
  const server: ProtectedServer = {
    url: peer.url,
    origin,
    behaviour,
    requests: requests.all,
    get metadataRequests() {
      return requests.all.filter(({ path }) => path.startsWith('/.well-known/'));
    },
    executions: (tool) => executed.filter((name) => tool === undefined || name === tool).length,
    waitFor: (n, matches) => requests.nth(n, matches),
    cut() {
      for (const res of writing) res.destroy();
    },
    async close() {
      await carried.close();
      await peer.close();
    },
  };
  return server;
}

function isOwn(url: string, { path }: Carried): boolean {
  return [path, '/message', WELL_KNOWN].some((own) => url.startsWith(own));
}

function recorded(req: http.IncomingMessage, body: unknown): ProtectedRequest {
  const { method, params } = (body ?? {}) as { method?: string; params?: { name?: string } };
  return {
    method: req.method ?? '',
    path: req.url ?? '',
    headers: req.headers,
    authorization: req.headers.authorization,
    rpcMethod: method,
    tool: method === 'tools/call' ? params?.name : undefined,
    status: 0,
  };
}

interface Exchange {
  req: http.IncomingMessage;
  res: http.ServerResponse;
  body: unknown;
}

async function answer(
  server: ProtectedServer,
  carried: Carried,
  request: ProtectedRequest,
  exchange: Exchange,
): Promise<unknown> {
  const { behaviour } = server;
  const { req, res, body } = exchange;
  const resource = behaviour.resource ?? server.url;
  const { pathname } = new URL(request.path, server.origin);
  const refuse = (status: number, more: Omit<Refusal, 'resourceMetadata'>): void => {
    const challenge = behaviour.challenge({
      resourceMetadata: `${server.origin}${WELL_KNOWN}${carried.path}`,
      ...more,
    });
    const headers: Record<string, string | string[]> = challenge === undefined ? {} : { 'www-authenticate': challenge };
    write(res, { status, headers, body: { error: more.error ?? 'unauthorized' } });
  };
  const unauthorized = (error?: 'invalid_token'): void => {
    const { challengeScope: scope } = behaviour;
    refuse(401, { ...(error ? { error } : {}), ...(scope === undefined ? {} : { scope }) });
  };

  if (pathname.startsWith('/.well-known/')) {
    const place =
      pathname === WELL_KNOWN ? behaviour.root : pathname === WELL_KNOWN + carried.path ? behaviour.inserted : 404;
    const issuers = { authorization_servers: [behaviour.authorizationServer.issuer] };
    return servePlace(res, place, {
      resource,
      ...issuers,
      bearer_methods_supported: ['header'],
      ...behaviour.metadata,
    });
  }

  const instead = behaviour.instead?.(request);
  if (instead === 'challenge') return unauthorized(request.authorization === undefined ? undefined : 'invalid_token');
  if (instead) return write(res, instead);
  if (behaviour.open(request.rpcMethod ?? request.method)) return carried.serve(req, res, body, undefined);

  if (request.authorization === undefined) return unauthorized();
  const token = /^Bearer (\S+)$/i.exec(request.authorization)?.[1];
  const bearer =
    token && (await behaviour.authorizationServer.check(token, behaviour.checkResource ? { resource } : {}));
  if (!bearer) return unauthorized('invalid_token');
  const needed = [...behaviour.requiredScopes, ...(behaviour.toolScopes[request.tool ?? ''] ?? [])];
  const missing = needed.filter((scope) => !bearer.scopes.includes(scope));
  // Only what the operation lacks: to keep what was granted before is the client's part.
  if (missing.length > 0) return refuse(403, { error: 'insufficient_scope', scope: missing.join(' ') });
  return carried.serve(req, res, body, bearer);
}
