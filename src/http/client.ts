/**
 * The one HTTP client for everything that leaves this program: its connections, headers,
 * redirects, certificates and outbound proxies. It uses `node:http`, because global `fetch` costs
 * several times as much per call.
 */
import type { Fetch, HttpRequest, HttpResponse } from '../core/fetch.ts';
import { showUrl } from '../core/redact.ts';
import { plainUrl } from '../core/shell-safe-url.ts';
import { parseUrl } from '../core/url.ts';
import { ProxyError } from '../errors.ts';
import { addressOf } from './address.ts';
import { type ConnectorOptions, Connectors } from './connectors.ts';
import { isPermanent, PermanentRedirects } from './redirects.ts';
import { exchange, refusedByProxy, StaleConnection } from './request.ts';
import { type CredentialOptions, sentCredential } from './sent-credential.ts';

const MAX_REDIRECTS = 5;

/** The user's headers go to the origin of the server's URL and nowhere else. */
export interface HttpOptions extends ConnectorOptions, CredentialOptions {
  readonly userAgent: string;
}

export interface HttpClient {
  readonly fetch: Fetch;
  /** Whether any connection has been established so far. */
  readonly connected: boolean;
  /** Closes every connection, including those in use. */
  close(): void;
}

/** Header names that belong to the protocol or the connection, not to the user. */
const RESERVED =
  /^(host|connection|content-length|content-type|transfer-encoding|accept|last-event-id|mcp-session-id|mcp-protocol-version|mcp-method|mcp-name|mcp-param-.*)$/;

export function isReservedHeader(name: string): boolean {
  return RESERVED.test(name.toLowerCase());
}

/** The user's headers, names in lower case; a repeated field becomes one list (RFC 9110, section 5.3). */
function joinedHeaders(headers: HttpOptions['headers']): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = joined.get(key);
    const separator = key === 'cookie' ? '; ' : ', ';
    if (!isReservedHeader(key)) joined.set(key, before === undefined ? value : before + separator + value);
  }
  return Object.fromEntries(joined);
}

export function createHttpClient(options: HttpOptions): HttpClient {
  const foreign = { 'user-agent': options.userAgent };
  const connectors = new Connectors(options, { own: { ...foreign, ...joinedHeaders(options.headers) }, foreign });
  const redirects = new PermanentRedirects();
  let reached = false;
  const onConnected = (): void => {
    reached = true;
  };

  const fetch: Fetch = async (request) => {
    let url = redirects.target(request);
    /** The last address in a chain that consists of permanent redirects only. */
    let permanent = url;
    let temporary = false;
    for (let hops = 0; ; hops++) {
      const connector = connectors.get(addressOf(url).origin) ?? (await connectors.find(url));
      const attempt = url === request.url ? request : { ...request, url };
      let response: HttpResponse;
      try {
        response = await exchange(connector, attempt, onConnected);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        // The other idle connections are as old as the stale one: without them, the next attempt opens a new connection.
        connector.idle.close();
        response = await exchange(connector, { ...attempt, repeatable: false }, onConnected);
      }
      if (response.status === 407 && connector.proxy !== undefined) {
        response.body.destroy();
        throw refusedByProxy(connector, url, response.status);
      }
      const target = redirectTarget(request, response, url);
      if (!target) {
        redirects.learn(request, permanent, response.status);
        return withCredential(options, request, response, url);
      }
      response.body.destroy();
      url = checkRedirect(request, url, target, response.status, hops);
      temporary ||= !isPermanent(response.status);
      if (!temporary) permanent = url;
    }
  };

  return {
    fetch,
    get connected() {
      return reached;
    },
    close: () => connectors.close(),
  };
}

/** Names the credential that the server refused, if it was the user's. */
function withCredential(options: HttpOptions, request: HttpRequest, response: HttpResponse, url: URL): HttpResponse {
  const refused = response.status === 401 || response.status === 403;
  const ours = refused && url.origin === options.url.origin;
  return ours ? { ...response, credential: sentCredential(options, request) } : response;
}

/** Where a response redirects to, if the request follows redirects. */
function redirectTarget(request: HttpRequest, response: HttpResponse, url: URL): URL | undefined {
  if (response.status < 300 || request.redirect === 'manual') return undefined;
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.location;
  return typeof location === 'string' ? parseUrl(location, url) : undefined;
}

/** The URL to go on with. Throws if going on would change the method or carry credentials elsewhere. */
function checkRedirect(request: HttpRequest, from: URL, to: URL, status: number, hops: number): URL {
  const where = `${showUrl(from)} redirects to ${showUrl(to)}`;
  // Servers behind a load balancer that ends TLS often redirect to the address that they see themselves.
  const downgrade = from.protocol === 'https:' && to.protocol === 'http:' && from.hostname === to.hostname;
  const better = downgrade ? new URL(to.pathname, from.origin) : undefined;
  // The server chose the path, and the user may copy it into a shell.
  const hint = better
    ? `try ${plainUrl(better)}`
    : 'if the new address is the MCP endpoint, use it as the URL; if it is a sign-in page, give the credentials with --header';
  const data = { httpStatus: status, hint };
  if (hops >= MAX_REDIRECTS)
    throw new ProxyError('failed', `${showUrl(request.url)} redirects in circles`, {
      httpStatus: status,
      hint: 'check the URL; if it is right, tell the operator of the server',
    });
  if (to.origin !== from.origin)
    throw new ProxyError('failed', `${where}, and the proxy follows no redirect to another origin`, data);
  if (request.method !== 'GET' && status !== 307 && status !== 308) {
    throw new ProxyError('failed', `${where} with HTTP ${status}, which does not carry the message along`, data);
  }
  return to;
}
