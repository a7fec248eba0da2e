/**
 * The one HTTP client under everything that leaves this program: its connections, headers,
 * redirects, certificates and outbound proxies. On `node:http`, because global `fetch` costs
 * several times as much a call.
 */
import http, { type AgentOptions } from 'node:http';
import { isLoopback, type TlsConfig } from '../config.ts';
import type { Fetch, HttpRequest, HttpResponse } from '../core/fetch.ts';
import { plainUrl } from '../core/plain-url.ts';
import { showUrl } from '../core/redact.ts';
import { parseUrl } from '../core/url.ts';
import { ProxyError } from '../errors.ts';
import { addressOf } from './address.ts';
import { CookieJar } from './cookies.ts';
import { type Connector, exchange, refusedByProxy, StaleConnection } from './http-exchange.ts';
import { isPermanent, PermanentRedirects } from './permanent-redirects.ts';
import { expireIdle } from './pool.ts';
import { directRouteHint, unusableProxy } from './proxy-variables.ts';
import { type Given, sentCredential } from './sent-credential.ts';
import type { Secure, Trust } from './trust.ts';

const MAX_REDIRECTS = 5;

const AGENT: AgentOptions = { keepAlive: true };
/** Connections that are used for one request. */
const ONCE: AgentOptions = { keepAlive: false };

const AS_NODE_DOES: Trust = { own: {}, foreign: {} };

export interface HttpOptions extends Given {
  /** The server's URL. The user's headers go to its origin and nowhere else. */
  readonly url: URL;
  readonly userAgent: string;
  readonly enableProxy: boolean;
  readonly tls?: TlsConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface HttpClient {
  readonly fetch: Fetch;
  /** Whether any connection has come about so far. */
  readonly connected: boolean;
  /** Closes every connection, those in use included. */
  close(): void;
}

/** Header names that belong to the protocol or the connection, not to the user. */
const RESERVED =
  /^(host|connection|content-length|content-type|transfer-encoding|accept|last-event-id|mcp-session-id|mcp-protocol-version|mcp-method|mcp-name|mcp-param-.*)$/;

export function isReservedHeader(name: string): boolean {
  return RESERVED.test(name.toLowerCase());
}

/** The user's headers, names in lower case; a field that stands several times is one list (RFC 9110, section 5.3). */
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
  /** How to reach each origin: found out once, and then at hand without waiting. */
  const connectors = new Map<string, Connector>();
  const finding = new Map<string, Promise<Connector>>();
  const foreign = { 'user-agent': options.userAgent };
  const own = { ...foreign, ...joinedHeaders(options.headers) };
  let reached = false;
  let trust: Promise<Trust> | undefined;
  const onConnected = (): void => {
    reached = true;
  };

  function trusted(): Promise<Trust> {
    const { tls, env } = options;
    if (tls?.ca === undefined && tls?.cert === undefined) return Promise.resolve(AS_NODE_DOES);
    trust ??= import('./trust.ts').then(({ readTrust }) => readTrust(tls, env));
    return trust;
  }

  function find(url: URL): Promise<Connector> {
    const ours = url.origin === options.url.origin;
    const found =
      finding.get(url.origin) ??
      trusted().then((t) =>
        createConnector(url, options, ours ? own : foreign, { server: ours ? t.own : t.foreign, proxy: t.foreign }),
      );
    finding.set(url.origin, found);
    return found.then(
      (connector) => {
        connectors.set(url.origin, connector);
        return connector;
      },
      (error) => {
        finding.delete(url.origin);
        trust = undefined;
        throw error;
      },
    );
  }

  const redirects = new PermanentRedirects();

  const fetch: Fetch = async (request) => {
    let url = redirects.target(request);
    /** The last address in a chain of permanent redirects only. */
    let permanent = url;
    let temporary = false;
    for (let hops = 0; ; hops++) {
      const connector = connectors.get(addressOf(url).origin) ?? (await find(url));
      const attempt = url === request.url ? request : { ...request, url };
      let response: HttpResponse;
      try {
        response = await exchange(connector, attempt, onConnected);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        // Its siblings in the pool are as old: without them, the next attempt opens a new connection.
        for (const sockets of Object.values(connector.agent.freeSockets)) for (const s of sockets ?? []) s.destroy();
        response = await exchange(connector, { ...attempt, repeatable: false }, onConnected);
      }
      if (response.status === 407 && connector.proxy !== undefined) {
        response.body.destroy();
        throw refusedByProxy(connector, url, response.status);
      }
      const follows = response.status >= 300 && response.status < 400 && request.redirect !== 'manual';
      const target = follows ? redirectTarget(response, url) : undefined;
      if (!target) {
        redirects.learn(request, permanent, response.status);
        const refused = response.status === 401 || response.status === 403;
        const ours = refused && url.origin === options.url.origin;
        return ours ? { ...response, credential: sentCredential(options, request) } : response;
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
    close() {
      for (const { agent, streams } of connectors.values()) {
        agent.destroy();
        streams.destroy();
      }
    },
  };
}

async function createConnector(
  url: URL,
  options: HttpOptions,
  headers: Connector['headers'],
  secure: { readonly server: Secure; readonly proxy: Secure },
): Promise<Connector> {
  const encrypted = url.protocol === 'https:';
  const { request, Agent } = encrypted ? await import('node:https') : http;
  const common = {
    request,
    headers,
    secure: encrypted ? secure.server : {},
    cookies: new CookieJar(),
    lines: new WeakMap<object, string[]>(),
    ca: options.tls?.ca !== undefined,
    answered: false,
  };
  if (options.enableProxy && !isLoopback(url.hostname)) {
    const { proxyAgent } = await import('./outbound-proxy.ts');
    // Proxies close connections without a word when the server behind them does: over plain HTTP, none is used twice.
    const found = proxyAgent(url, { ...(encrypted ? AGENT : ONCE), ...secure.proxy });
    const streams = proxyAgent(url, { ...ONCE, ...secure.proxy });
    if (found === 'invalid' || streams === 'invalid') throw unusableProxy(url, options.env);
    if (found && streams) {
      const expire = expireIdle(found.agent);
      return {
        ...common,
        agent: found.agent,
        streams: streams.agent,
        expire,
        proxy: found.host,
        hint: `is the proxy ${found.host} the right one?`,
      };
    }
  }
  const agent = new Agent(AGENT);
  const expire = expireIdle(agent);
  const hint = directRouteHint(url, options.enableProxy, options.env);
  return { ...common, agent, streams: new Agent(ONCE), expire, proxy: undefined, hint };
}

function redirectTarget(response: HttpResponse, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.location;
  return typeof location === 'string' ? parseUrl(location, url) : undefined;
}

/** The URL to go on with. Throws where going on would change the method or carry credentials elsewhere. */
function checkRedirect(request: HttpRequest, from: URL, to: URL, status: number, hops: number): URL {
  const where = `${showUrl(from)} redirects to ${showUrl(to)}`;
  // Servers behind a balancer that ends TLS often redirect to what they see themselves.
  const downgrade = from.protocol === 'https:' && to.protocol === 'http:' && from.hostname === to.hostname;
  const better = downgrade ? new URL(to.pathname, from.origin) : undefined;
  // The server chose the path, and the user may copy it into a shell.
  const hint = better ? `try ${plainUrl(better)}` : 'give the new address as the URL if it is the right one';
  const data = { httpStatus: status, hint };
  if (hops >= MAX_REDIRECTS)
    throw new ProxyError('failed', `${showUrl(request.url)} redirects in circles`, {
      httpStatus: status,
      hint: 'check the URL; if it is right, tell the operator of the server',
    });
  if (to.origin !== from.origin) throw new ProxyError('failed', `${where}, another origin`, data);
  if (request.method !== 'GET' && status !== 307 && status !== 308) {
    throw new ProxyError('failed', `${where} with HTTP ${status}, which drops the message`, data);
  }
  return to;
}
