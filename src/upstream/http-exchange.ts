/** One HTTP request and its response, over a connection that is pooled, new, or led through a proxy. */
import type http from 'node:http';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { HttpRequest, HttpResponse } from '../core/fetch.ts';
import { ProxyError } from '../errors.ts';
import { addressOf } from './address.ts';
import { ResponseBody, unpacked } from './body.ts';
import type { CookieJar } from './cookies.ts';
import { brokenAtFirst, brokenConnection, noConnection, withoutAnswer } from './failure.ts';
import type { Secure } from './trust.ts';

const CONNECT_LIMIT = 30_000;
/** The most interim responses (RFC 9110, section 15.2) to one request. */
const MAX_INTERIM = 1_000;

/** How requests to one origin get onto the network. */
export interface Connector {
  readonly agent: Agent;
  /** For responses that stay open. */
  readonly streams: Agent;
  /** Closes the pooled connections that are too old to be used. */
  readonly expire: () => void;
  readonly request: typeof http.request;
  /** Sent with every request to this origin. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whom connections to this origin trust. An agent's own options would not reach through an outbound proxy. */
  readonly secure: Secure;
  readonly cookies: CookieJar;
  /** The header lines of requests without their length, by the headers that were asked for. */
  readonly lines: WeakMap<object, string[]>;
  /** The outbound proxy, `host:port`, when there is one. */
  readonly proxy: string | undefined;
  /** What could be wrong when a connection fails, judging by how this connector connects. */
  readonly hint: string | undefined;
  /** Whether `--ca` was given. */
  readonly ca: boolean;
  /** Whether the origin has answered anything yet. */
  answered: boolean;
}

/** A pooled connection was closed by the server before it answered anything; the request may be repeated. */
export class StaleConnection extends Error {}

/** One request, one response, no redirects. */
export function exchange(connector: Connector, request: HttpRequest, reached: () => void): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const { url, signal, body } = request;
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    connector.expire();
    const { hostname, port, path } = addressOf(url);
    const outgoing = connector.request({
      ...connector.secure,
      agent: request.stream ? connector.streams : connector.agent,
      method: request.method,
      hostname,
      port,
      path,
      headers: headersOf(connector, request),
    });
    let connected = false;
    /** Whether a response or an error has come. */
    let told = false;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      // Without the reason, which everybody has from the signal: just after the end of a response nobody
      // listens on its connection, and an error there would end the program.
      outgoing.destroy();
      // While a tunnel is being set up, the request would learn of its end only when the outbound proxy answers.
      settled();
      reject(signal?.reason);
    };
    const settled = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });

    // A connection that was used before is known to work, and is there at once.
    if (outgoing.reusedSocket) connected = true;
    else {
      timer = setTimeout(() => {
        const accepted = outgoing.socket?.connecting === false;
        const what = accepted ? 'did not finish the TLS handshake' : 'did not accept a connection';
        const error = new ProxyError('unreachable', `${url.host} ${what} in ${CONNECT_LIMIT / 1000} s`);
        outgoing.destroy(error);
        settled();
        reject(error);
      }, CONNECT_LIMIT);
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
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected);
      });
    }
    outgoing.on('response', (incoming) => {
      told = true;
      connector.answered = true;
      if ((incoming.statusCode ?? 0) < 200) {
        settled();
        outgoing.destroy();
        reject(withoutAnswer(url, 'stopped speaking HTTP', incoming.statusCode));
        return;
      }
      // From here on the body owns the connection; the signal still cuts it.
      incoming.on('close', settled);
      const set = incoming.headers['set-cookie'];
      if (set) (request.cookies ?? connector.cookies).take(set, url.pathname);
      const close = (): void => {
        outgoing.destroy();
      };
      if (incoming.headers['content-encoding'] === undefined) resolve(answered(incoming, incoming, close, request));
      else unpacked(incoming).then((stream) => resolve(answered(incoming, stream, close, request)), reject);
    });
    if (connector.proxy !== undefined) {
      outgoing.on('proxyConnect', ({ statusCode }: { statusCode?: number }) => {
        // Anything but 200 comes from the proxy, and would be taken for the answer of the server.
        if (statusCode !== undefined && statusCode !== 200)
          outgoing.destroy(refusedByProxy(connector, url, statusCode));
      });
    }
    let interim = 0;
    outgoing.on('information', () => {
      if (++interim > MAX_INTERIM) outgoing.destroy(withoutAnswer(url, `sent ${MAX_INTERIM} interim responses`));
    });
    outgoing.on('upgrade', (incoming, socket) => {
      told = true;
      settled();
      socket.destroy();
      reject(withoutAnswer(url, 'switched to another protocol', incoming.statusCode));
    });
    // Whatever else Node does with a connection: when the request is over, it has been answered or has failed.
    outgoing.on('close', () => {
      if (told) return;
      settled();
      reject(withoutAnswer(url, 'closed the connection'));
    });
    // After the response this settles nothing any more: the body reports what happens to it.
    outgoing.on('error', (error) => {
      told = true;
      settled();
      if (signal?.aborted) reject(signal.reason);
      else if (isExhausted(error)) noConnection(error, url, connector).then(reject, reject);
      else if (outgoing.reusedSocket && request.repeatable && isReset(error)) reject(new StaleConnection());
      else if (connected && connector.answered) reject(brokenConnection(error, url));
      else if (connected) brokenAtFirst(error, url, connector).then(reject, reject);
      else noConnection(error, url, connector).then(reject, reject);
    });
    send(outgoing, body);
  });
}

function answered(incoming: IncomingMessage, stream: Readable, close: () => void, request: HttpRequest): HttpResponse {
  const body = new ResponseBody(stream, incoming, close, request);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
}

/** The headers as a flat list, which Node writes out without looking at each of them twice. */
function headersOf(connector: Connector, request: HttpRequest): string[] | Record<string, string> {
  const { url, headers, body, cookies: jar = connector.cookies } = request;
  const length = body && String(body.reduce((sum, part) => sum + part.length, 0));
  const cookie = jar.empty ? undefined : jar.header(url.pathname);
  // The agents for outbound proxies add headers of their own, which a list does not allow.
  if (connector.proxy !== undefined || cookie !== undefined || headers.cookie !== undefined) {
    const cookies = [connector.headers.cookie, headers.cookie, cookie].filter((some) => some !== undefined);
    const all: Record<string, string> = { host: url.host, ...connector.headers, ...headers };
    if (cookies.length > 0) all.cookie = cookies.join('; ');
    if (length !== undefined) all['content-length'] = length;
    return connector.proxy === undefined ? Object.entries(all).flat() : all;
  }
  let list = connector.lines.get(headers);
  if (!list) {
    list = Object.entries({ host: url.host, ...connector.headers, ...headers }).flat();
    connector.lines.set(headers, list);
  }
  return length === undefined ? list : list.concat('content-length', length);
}

/** Bodies up to this size leave together with the headers, in one write. */
const ONE_WRITE = 65_536;

function send(outgoing: ClientRequest, body: HttpRequest['body']): void {
  const [only] = body ?? [];
  if (body?.length === 1 && only && only.length <= ONE_WRITE) {
    // Node joins headers and body only when the body is a string; latin1 maps every byte to itself.
    outgoing.end(only.toString('latin1'), 'latin1');
    return;
  }
  for (const part of body?.slice(0, -1) ?? []) outgoing.write(part);
  outgoing.end(body?.at(-1));
}

/** Node documents no property for this; it is on every `TLSSocket` from its creation until `secureConnect`. */
interface HandshakeState {
  readonly secureConnecting?: boolean;
}

/** No connection could even be begun: this process has too many, or the machine. */
function isExhausted(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EMFILE' || error.code === 'ENFILE';
}

function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

export function refusedByProxy(connector: Connector, url: URL, status: number): ProxyError {
  const hint = status === 407 ? 'put user name and password into the proxy variable' : 'ask the operator of that proxy';
  const message = `the proxy ${connector.proxy} refuses to connect to ${url.host} (HTTP ${status})`;
  return new ProxyError('unreachable', message, { httpStatus: status, hint });
}
