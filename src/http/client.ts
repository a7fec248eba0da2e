/**
 * The one HTTP client for everything that leaves this program: its connections, headers,
 * redirects, certificates and outbound proxies. It uses `node:http`, because global `fetch` costs
 * several times as much per call.
 */
import type { Fetch, HttpRequest, HttpResponse } from '../core/fetch.ts';
import { type ConnectorOptions, Connectors } from './connectors.ts';
import { checkRedirect, isPermanent, PermanentRedirects, redirectTarget } from './redirects.ts';
import { exchange, refusedByProxy, StaleConnection } from './request.ts';
import { type CredentialOptions, sentCredential } from './sent-credential.ts';
import { addressOf } from './url-parts.ts';

const NO_ADDRESSES: ReadonlySet<string> = new Set();

/** The user's headers go to the origin of the server's URL and nowhere else. */
export interface HttpOptions extends ConnectorOptions, CredentialOptions {
  readonly userAgent: string;
}

export interface HttpClient {
  readonly fetch: Fetch;
  /** Whether any connection has been established so far. */
  readonly connected: boolean;
  /** The addresses that direct connections to the origin of a URL have had so far. */
  addresses(url: URL): ReadonlySet<string>;
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
    addresses: ({ origin }) => connectors.get(origin)?.addresses ?? NO_ADDRESSES,
    close: () => connectors.close(),
  };
}

/** Names the credential that the server refused, if it was the user's. */
function withCredential(options: HttpOptions, request: HttpRequest, response: HttpResponse, url: URL): HttpResponse {
  const refused = response.status === 401 || response.status === 403;
  const ours = refused && url.origin === options.url.origin;
  return ours ? { ...response, credential: sentCredential(options, request) } : response;
}
