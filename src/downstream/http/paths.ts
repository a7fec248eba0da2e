/**
 * Finds the endpoint that a request means. Users write paths in different ways, and clients of 2024 know only one
 * endpoint.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

const MCP = ['GET', 'POST', 'DELETE', 'OPTIONS'];
const OPERATION = ['GET', 'HEAD', 'OPTIONS'];

/** The methods of each endpoint. */
export const METHODS: ReadonlyMap<string, readonly string[]> = new Map([
  ['/mcp', MCP],
  ['/sse', MCP],
  ['/message', ['POST', 'OPTIONS']],
  ['/healthz', OPERATION],
  ['/readyz', OPERATION],
  ['/metrics', OPERATION],
]);

/** The path of a request in a form that is safe to count and log. */
export function knownPath(url: string | undefined): string {
  const path = pathOf(url);
  return METHODS.has(path) ? path : 'other';
}

/** The path of a URL in origin form, without its query and trailing slash. */
export function pathOf(url = ''): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/**
 * The path that serves a request to `/mcp` or `/sse`. The user may have given a Streamable HTTP client the address of
 * HTTP+SSE, or the other way round.
 */
export function transportPath(path: string, method: string, headers: IncomingHttpHeaders): string {
  const inSession = headers['mcp-session-id'] !== undefined;
  if (path === '/sse') return method !== 'GET' || inSession ? '/mcp' : '/sse';
  if (path !== '/mcp' || method !== 'GET' || inSession) return path;
  const opensStream = /text\/event-stream/i.test(headers.accept ?? '');
  return opensStream && headers['mcp-protocol-version'] === undefined ? '/sse' : '/mcp';
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
export function clientUrl({ headers, socket }: IncomingMessage): string {
  const scheme = socket instanceof TLSSocket || headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  return `${scheme}://${headers.host}${forwardedPrefix(headers)}/mcp`;
}
