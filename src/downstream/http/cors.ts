/** Cross-origin requests of pages whose origins are allowed (https://fetch.spec.whatwg.org/#http-cors-protocol). */
import type { IncomingHttpHeaders } from 'node:http';

const EXPOSED = 'Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After';

const ALLOWED = [
  'Content-Type',
  'Accept',
  'Authorization',
  'MCP-Protocol-Version',
  'Mcp-Session-Id',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
];

/** How long browsers may remember a preflight, in seconds. */
const MAX_AGE = 7_200;
/** No tool has more parameters in headers than this. */
const MAX_ASKED = 100;

/** The headers of every response to a page of this origin. */
export function corsHeaders(origin: string): Record<string, string> {
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'Origin' };
}

export function isPreflight(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/**
 * The headers of the answer to a preflight. CORS has no pattern for `Mcp-Param-*`, so the answer allows the names that
 * the page asks for.
 */
export function preflightHeaders(
  headers: IncomingHttpHeaders,
  forwarded: readonly string[],
): Record<string, string | number> {
  const asked = (headers['access-control-request-headers'] ?? '').split(',', MAX_ASKED).map((name) => name.trim());
  const parameters = asked.filter((name) => /^mcp-param-[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(name));
  return {
    ...corsHeaders(headers.origin ?? ''),
    vary: 'Origin, Access-Control-Request-Headers',
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': [...ALLOWED, ...forwarded, ...parameters].join(', '),
    'access-control-max-age': MAX_AGE,
    // Pages on the internet may reach a private address only if the answer allows it.
    ...(headers['access-control-request-private-network'] === 'true' && {
      'access-control-allow-private-network': 'true',
    }),
  };
}
