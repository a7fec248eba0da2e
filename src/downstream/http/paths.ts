/**
 * The paths of HTTP mode, in one table, and the endpoint that a request means. Users write paths in different ways, and
 * clients of 2024 know only one endpoint.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** What MCP clients use: Streamable HTTP, and the two endpoints of HTTP+SSE. */
export type ClientService = 'streamable' | 'sse' | 'message';
/** What operators and the programs of operators use. */
export type OperatorService = 'health' | 'readiness' | 'metrics';
/** What the status page is made of: the document, its changes, and what its reader sends. */
export type BrowserService = 'page' | 'events' | 'accept';

interface ServedPath {
  readonly path: string;
  readonly methods: readonly string[];
  /** Whether it is served without a client token, too. */
  readonly open: boolean;
  /** The status of the page that a browser gets at this path. Undefined: it is treated like any client. */
  readonly page?: 200 | 406;
}

export type Endpoint = ServedPath &
  (
    | { readonly audience: 'clients'; readonly service: ClientService }
    | { readonly audience: 'operators'; readonly service: OperatorService }
    | { readonly audience: 'browsers'; readonly service: BrowserService }
  );

/** Where clients find a service. */
export const CLIENT_PATHS: Readonly<Record<ClientService, string>> = {
  streamable: '/mcp',
  sse: '/sse',
  message: '/message',
};

const MCP = ['GET', 'POST', 'DELETE', 'OPTIONS'];
const MESSAGES = ['POST', 'OPTIONS'];
const OPERATION = ['GET', 'HEAD', 'OPTIONS'];

/** Every path of HTTP mode. Each of them serves exactly one thing. */
export const ENDPOINTS: readonly Endpoint[] = [
  { path: CLIENT_PATHS.streamable, audience: 'clients', service: 'streamable', methods: MCP, open: false, page: 406 },
  { path: CLIENT_PATHS.sse, audience: 'clients', service: 'sse', methods: MCP, open: false, page: 406 },
  { path: CLIENT_PATHS.message, audience: 'clients', service: 'message', methods: MESSAGES, open: false },
  // Container health checks have no token, and need only yes or no.
  { path: '/healthz', audience: 'operators', service: 'health', methods: OPERATION, open: true },
  { path: '/readyz', audience: 'operators', service: 'readiness', methods: OPERATION, open: true },
  { path: '/metrics', audience: 'operators', service: 'metrics', methods: OPERATION, open: false },
  { path: '/', audience: 'browsers', service: 'page', methods: [], open: false, page: 200 },
  { path: '/status/events', audience: 'browsers', service: 'events', methods: ['GET'], open: false },
  { path: '/status/accept', audience: 'browsers', service: 'accept', methods: ['POST'], open: false },
];

const BY_PATH: ReadonlyMap<string, Endpoint> = new Map(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint]));

/** @param path as `pathOf` returns it */
export function endpointAt(path: string): Endpoint | undefined {
  return BY_PATH.get(path);
}

/** A path below that of one of several servers. */
const OF_SERVER = /^(\/servers\/([^/]+))(\/.*)$/;

/** Where a path leads. */
export interface Place {
  /** The name of the server that the path names; undefined for all of them. */
  readonly server: string | undefined;
  /** The part of the path that names the server. */
  readonly base: string;
  readonly endpoint: Endpoint | undefined;
}

/** @param path as `pathOf` returns it */
export function placeAt(path: string): Place {
  const parts = path.startsWith('/servers/') ? OF_SERVER.exec(path) : undefined;
  if (!parts) return { server: undefined, base: '', endpoint: endpointAt(path) };
  const [, base = '', server, rest = ''] = parts;
  const endpoint = endpointAt(rest);
  return { server, base, endpoint: endpoint?.audience === 'clients' ? endpoint : undefined };
}

/** The path of a request in a form that is safe to count and log. */
export function knownPath(url: string | undefined): string {
  const { server, endpoint } = placeAt(pathOf(url));
  if (endpoint === undefined || endpoint.audience === 'browsers') return 'other';
  return server === undefined ? endpoint.path : `/servers/{name}${endpoint.path}`;
}

/** The path of a URL in origin form, without its query and trailing slash. */
export function pathOf(url = ''): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/**
 * What serves a request to an endpoint for clients. The user may have given a Streamable HTTP client the address of
 * HTTP+SSE, or the other way round.
 */
export function serviceFor(asked: ClientService, method: string, headers: IncomingHttpHeaders): ClientService {
  const inSession = headers['mcp-session-id'] !== undefined;
  if (asked === 'sse') return method !== 'GET' || inSession ? 'streamable' : 'sse';
  if (asked !== 'streamable' || method !== 'GET' || inSession) return asked;
  const opensStream = /text\/event-stream/i.test(headers.accept ?? '');
  return opensStream && headers['mcp-protocol-version'] === undefined ? 'sse' : 'streamable';
}

/** Where clients look for an authorization server (RFC 8414, section 3; RFC 9728, section 3; OpenID Connect Discovery). */
export function isWellKnown(path: string): boolean {
  return path.includes('/.well-known/');
}

/** Where clients without metadata look for the endpoints of OAuth (MCP specification 2025-03-26, "Authorization"). */
export function isOAuthEndpoint(path: string): boolean {
  return path === '/register' || path === '/authorize' || path === '/token';
}

const MAX_PREFIX = 256;
/** Segments of unreserved characters (RFC 3986, section 2.3) that do not begin with a dot: they cannot change the host of a URL. */
const PREFIX = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\/?$/;

/**
 * The prefix that a gateway has cut from the path, without a trailing slash. Empty when there is none, or when its
 * header contains anything but a plain path. Use it only after the request has been admitted: a request with a
 * gateway's header needs the client token for that.
 */
export function forwardedPrefix(headers: IncomingHttpHeaders): string {
  const prefix = headers['x-forwarded-prefix'];
  if (typeof prefix !== 'string' || prefix.length > MAX_PREFIX || !PREFIX.test(prefix)) return '';
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

/**
 * The URL for MCP clients, as the sender of an admitted request sees it: through the same gateway, with the same name.
 */
export function clientUrl(req: IncomingMessage, base: string): string {
  return `${placeOf(req).origin}${base}${CLIENT_PATHS.streamable}`;
}

/** Where the sender of an admitted request sees the paths of this table: the URL in front of them, and its path. */
export function placeOf({ headers, socket }: IncomingMessage): { readonly origin: string; readonly prefix: string } {
  const scheme = socket instanceof TLSSocket || headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  const prefix = forwardedPrefix(headers);
  return { origin: `${scheme}://${headers.host}${prefix}`, prefix };
}
