/** How requests reach one origin, and their headers. */
import type http from 'node:http';
import type { Agent } from 'node:http';
import type { HttpRequest } from '../core/fetch.ts';
import type { CookieJar } from './cookies.ts';
import type { IdleConnections } from './pool.ts';
import type { SecureOptions } from './trust.ts';

/** How requests to one origin get onto the network. */
export interface Connector {
  readonly agent: Agent;
  /** For responses that stay open. */
  readonly streams: Agent;
  readonly idle: IdleConnections;
  readonly request: typeof http.request;
  /** Sent with every request to this origin. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Which certificates connections to this origin trust. An agent's own options would not reach
   * through an outbound proxy.
   */
  readonly secure: SecureOptions;
  readonly cookies: CookieJar;
  /** The header lines of requests without `content-length`, by the headers object of the request. */
  readonly lines: WeakMap<object, string[]>;
  /** The outbound proxy, `host:port`, if there is one. */
  readonly proxy: string | undefined;
  /** What may be wrong when a connection fails, given how this connector connects. */
  readonly hint: string | undefined;
  /** Whether `--ca` was given. */
  readonly ca: boolean;
  /** Whether this origin sees the certificate of `--cert`. */
  readonly cert: boolean;
  /** Whether the origin has answered anything yet. */
  answered: boolean;
  /** The addresses that direct connections to the origin had. */
  readonly addresses: Set<string>;
  /** See `HttpBody`. */
  readonly largest: number | undefined;
}

/** The headers as a flat list, which Node writes without looking at each of them twice. */
export function headersOf(connector: Connector, request: HttpRequest): string[] | Record<string, string> {
  const { url, headers, body, cookies: jar = connector.cookies } = request;
  const length = body && String(lengthOf(body));
  const cookie = jar.empty ? undefined : jar.header(url.pathname);
  const isPlain = connector.proxy === undefined && cookie === undefined;
  let list = isPlain ? connector.lines.get(headers) : undefined;
  // The agents for outbound proxies add their own headers, which a list does not allow.
  if (!list && (!isPlain || headers.cookie !== undefined)) {
    const cookies = [connector.headers.cookie, headers.cookie, cookie].filter((some) => some !== undefined);
    const all: Record<string, string> = { host: url.host, ...connector.headers, ...headers };
    if (cookies.length > 0) all.cookie = cookies.join('; ');
    if (length !== undefined) all['content-length'] = length;
    return connector.proxy === undefined ? Object.entries(all).flat() : all;
  }
  if (!list) {
    list = Object.entries({ host: url.host, ...connector.headers, ...headers }).flat();
    connector.lines.set(headers, list);
  }
  return length === undefined ? list : [...list, 'content-length', length];
}

function lengthOf(body: readonly Buffer[]): number {
  let length = 0;
  for (const part of body) length += part.length;
  return length;
}
