/**
 * The one HTTP client under everything that leaves this program: its connections, headers,
 * redirects, certificates and outbound proxies. On `node:http`, because global `fetch` costs
 * several times as much a call.
 */
import http, { type Agent, type AgentOptions, type ClientRequest, type IncomingMessage } from 'node:http';
import { isLoopback } from '../config.ts';
import type { Fetch, HttpRequest, HttpResponse } from '../core/ports.ts';
import { showUrl } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { ResponseBody, unpacked } from './body.ts';
import { brokenConnection, noConnection } from './failure.ts';

const CONNECT_LIMIT = 30_000;
const MAX_REDIRECTS = 5;

/**
 * Idle connections are dropped before the 5 seconds after which several popular servers drop
 * them: a request on a connection that is just being closed may or may not have run.
 */
const AGENT: AgentOptions = { keepAlive: true, timeout: 4_000 };

export interface HttpOptions {
  /** The server's URL. The user's headers go to its origin and nowhere else. */
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly userAgent: string;
  readonly enableProxy: boolean;
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

export function createHttpClient(options: HttpOptions): HttpClient {
  const connectors = new Map<string, Promise<Connector> | Connector>();
  const userHeaders: Record<string, string> = { 'user-agent': options.userAgent };
  for (const [name, value] of options.headers) {
    const key = name.toLowerCase();
    if (!isReservedHeader(key)) userHeaders[key] = value;
  }
  let reached = false;
  const foreignHeaders = { 'user-agent': options.userAgent };

  function connectorFor(url: URL): Promise<Connector> | Connector {
    const known = connectors.get(url.origin);
    if (known) return known;
    const created = createConnector(url, options);
    connectors.set(url.origin, created);
    // Once it is there, requests need not wait a turn for it.
    created.then(
      (connector) => connectors.set(url.origin, connector),
      () => connectors.delete(url.origin),
    );
    return created;
  }

  const onConnected = (): void => {
    reached = true;
  };

  async function once(request: HttpRequest): Promise<HttpResponse> {
    const pending = connectorFor(request.url);
    const connector = pending instanceof Promise ? await pending : pending;
    const headers = {
      ...(request.url.origin === options.url.origin ? userHeaders : foreignHeaders),
      ...request.headers,
    };
    try {
      return await exchange(connector, request, headers, onConnected);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      // Its siblings in the pool are as old: without them, the next attempt opens a new connection.
      for (const sockets of Object.values(connector.agent.freeSockets)) for (const s of sockets ?? []) s.destroy();
      return await exchange(connector, { ...request, repeatable: false }, headers, onConnected);
    }
  }

  const fetch: Fetch = async (request) => {
    let url = request.url;
    for (let hops = 0; ; hops++) {
      const response = await once(url === request.url ? request : { ...request, url });
      const target = redirectTarget(response, url);
      if (!target) return response;
      response.body.destroy();
      url = checkRedirect(request, url, target, response.status, hops);
    }
  };

  return {
    fetch,
    get connected() {
      return reached;
    },
    close() {
      for (const connector of connectors.values()) {
        Promise.resolve(connector).then(
          (c) => c.agent.destroy(),
          () => {},
        );
      }
    },
  };
}

/** How requests to one origin get onto the network. */
interface Connector {
  readonly agent: Agent;
  readonly request: typeof http.request;
  /** What could be wrong when a connection fails, judging by how this connector connects. */
  readonly hint: string | undefined;
}

async function createConnector(url: URL, options: HttpOptions): Promise<Connector> {
  const secure = url.protocol === 'https:';
  const request = secure ? (await import('node:https')).request : http.request;
  if (options.enableProxy && !isLoopback(url.hostname)) {
    const { proxyAgent } = await import('./outbound-proxy.ts');
    const agent = proxyAgent(url, AGENT);
    if (agent === 'invalid') {
      // The value may hold a password, so it is not shown.
      throw new ProxyError('unreachable', `the outbound proxy for ${url.host} is no http: or https: URL`, {
        hint: 'HTTP_PROXY and HTTPS_PROXY look like http://proxy.example:3128',
      });
    }
    if (agent) return { agent, request, hint: undefined };
  }
  const unused = !options.enableProxy && !isLoopback(url.hostname);
  const variable = unused ? proxyVariable(secure, options.env) : undefined;
  const hint = variable && `${variable} is set but not used: add --enable-proxy to use it`;
  const agent = secure ? new (await import('node:https')).Agent(AGENT) : new http.Agent(AGENT);
  return { agent, request, hint };
}

function proxyVariable(secure: boolean, env: HttpOptions['env']): string | undefined {
  const names = secure ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  return [...names, 'ALL_PROXY', 'all_proxy'].find((name) => env[name]);
}

/** A pooled connection was closed by the server before it answered anything; the request may be repeated. */
class StaleConnection extends Error {}

/** One request, one response, no redirects. */
function exchange(
  connector: Connector,
  request: HttpRequest,
  headers: Record<string, string>,
  reached: () => void,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const { url, signal, body } = request;
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const length = body?.reduce((sum, part) => sum + part.length, 0);
    const outgoing: ClientRequest = connector.request({
      agent: connector.agent,
      method: request.method,
      // Brackets belong to the URL, not to the address.
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: url.pathname + url.search,
      headers: length === undefined ? headers : { ...headers, 'content-length': length },
    });
    let connected = false;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      outgoing.destroy(signal?.reason);
    };
    const settled = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });

    outgoing.on('socket', (socket) => {
      const onConnected = (): void => {
        connected = true;
        reached();
        clearTimeout(timer);
      };
      // A tunnel through a proxy comes connected, but its TLS handshake may still fail.
      if (!socket.connecting && (socket as HandshakeState).secureConnecting !== true) {
        onConnected();
        return;
      }
      timer = setTimeout(() => {
        const error = new ProxyError(
          'unreachable',
          `${url.host} did not accept a connection in ${CONNECT_LIMIT / 1000} s`,
        );
        outgoing.destroy(error);
      }, CONNECT_LIMIT);
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected);
    });
    outgoing.on('response', (incoming) => {
      clearTimeout(timer);
      answered(incoming, outgoing, request).then(resolve, reject);
      // From here on the body owns the connection; the signal still cuts it.
      incoming.once('close', settled);
    });
    // After the response this settles nothing any more: the body reports what happens to it.
    outgoing.on('error', (error) => {
      settled();
      if (signal?.aborted) reject(signal.reason);
      else if (outgoing.reusedSocket && request.repeatable && isReset(error)) reject(new StaleConnection());
      else if (connected) reject(brokenConnection(error, url));
      else noConnection(error, url, connector.hint).then(reject, reject);
    });
    for (const part of body?.slice(0, -1) ?? []) outgoing.write(part);
    outgoing.end(body?.at(-1));
  });
}

/** Node documents no property for this; it is on every `TLSSocket` from its creation until `secureConnect`. */
interface HandshakeState {
  readonly secureConnecting?: boolean;
}

function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

async function answered(
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  { url, signal }: HttpRequest,
): Promise<HttpResponse> {
  const stream = await unpacked(incoming);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: new ResponseBody(stream, incoming, () => outgoing.destroy(), url, signal),
  };
}

function redirectTarget(response: HttpResponse, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.location;
  return typeof location === 'string' && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
}

/** The URL to go on with. Throws where going on would change the method or carry credentials elsewhere. */
function checkRedirect(request: HttpRequest, from: URL, to: URL, status: number, hops: number): URL {
  const where = `${showUrl(from)} redirects to ${showUrl(to)}`;
  const data = { httpStatus: status, hint: 'give the new address as the URL if it is the right one' };
  if (hops >= MAX_REDIRECTS)
    throw new ProxyError('failed', `${showUrl(request.url)} redirects in circles`, { httpStatus: status });
  if (to.origin !== from.origin) throw new ProxyError('failed', `${where}, another origin`, data);
  if (request.method !== 'GET' && status !== 307 && status !== 308) {
    throw new ProxyError('failed', `${where} in a way that would lose the message (status ${status})`, data);
  }
  return to;
}
