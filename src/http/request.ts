/** One HTTP request and its response, over a connection that is pooled, new, or goes through a proxy. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { HttpRequest, HttpResponse, Purpose } from '../core/fetch.ts';
import { ProxyError } from '../errors.ts';
import { brokenAtFirst, brokenConnection, noConnection, withoutAnswer } from './connection-failure.ts';
import { type Connector, headersOf } from './connector.ts';
import { ResponseBody, unpacked } from './response-body.ts';
import { addressOf, lookupIn } from './url-parts.ts';

const CONNECT_LIMIT = 30_000;
/** More addresses of one origin than this are not kept. */
const MAX_ADDRESSES = 32;
/** The most interim responses (RFC 9110, section 15.2) to accept for one request. */
const MAX_INTERIM = 1_000;

/** Requests whose response stays open: they get their own connections, and leave the warm ones to calls. */
const STAYS_OPEN: ReadonlySet<Purpose> = new Set(['connect', 'stream']);

/**
 * The time without traffic after which the system checks whether the other end is still there, in milliseconds: otherwise
 * a stream would wait for ever after a router has forgotten it. Node checks the other connections itself.
 */
const CHECK_AFTER = 60_000;

/** The server closed a pooled connection before it answered anything; the request may be repeated. */
export class StaleConnection extends Error {}

/** One request, one response, no redirects. */
export function exchange(connector: Connector, request: HttpRequest, reached: () => void): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted) reject(request.signal.reason);
    else new InFlight(connector, request, { resolve, reject, reached }).start();
  });
}

/** What the sender of a request is told. */
interface Callbacks {
  readonly resolve: (response: HttpResponse) => void;
  readonly reject: (reason: unknown) => void;
  /** A connection has been established. */
  readonly reached: () => void;
}

/** A request from its start until its response has begun or it has failed. */
class InFlight {
  readonly #connector: Connector;
  readonly #request: HttpRequest;
  readonly #callbacks: Callbacks;
  readonly #outgoing: ClientRequest;
  #connected = false;
  /** Whether a response or an error has come. */
  #told = false;
  #timer: NodeJS.Timeout | undefined;
  /** Interim responses so far. */
  #interim = 0;

  constructor(connector: Connector, request: HttpRequest, callbacks: Callbacks) {
    connector.idle.expire();
    const { hostname, port, path } = addressOf(request.url);
    this.#connector = connector;
    this.#request = request;
    this.#callbacks = callbacks;
    this.#outgoing = connector.request({
      ...connector.secure,
      agent: STAYS_OPEN.has(request.purpose) ? connector.streams : connector.agent,
      method: request.method,
      hostname,
      port,
      path,
      // An outbound proxy looks up the name itself.
      ...(request.resolved && connector.proxy === undefined && { lookup: lookupIn(request.resolved) }),
      headers: headersOf(connector, request),
    });
  }

  start(): void {
    const { signal, body } = this.#request;
    const outgoing = this.#outgoing as InFlightRequest;
    outgoing[IN_FLIGHT] = this;
    signal?.addEventListener('abort', this, { once: true });
    // A connection that was used before is known to work, and available at once.
    if (outgoing.reusedSocket) this.#connected = true;
    else this.#watchConnection();
    if (signal) signal.sent = this.#connected || (signal.sent ?? false);
    if (this.#connector.proxy !== undefined) this.#watchProxy();
    if (STAYS_OPEN.has(this.#request.purpose)) outgoing.setSocketKeepAlive(true, CHECK_AFTER);
    outgoing.on('response', onResponse);
    outgoing.on('information', onInformation);
    outgoing.on('upgrade', onUpgrade);
    outgoing.on('close', onClose);
    outgoing.on('error', onError);
    send(outgoing, body);
  }

  /** The signal is aborted. */
  handleEvent(): void {
    // Without the reason, which the signal holds already. Just after the end of a response its
    // connection has no error listener, and an error there would end the program.
    this.#outgoing.destroy();
    // While a tunnel is being set up, the request would learn of its end only when the outbound proxy answers.
    this.#settled();
    this.#callbacks.reject(this.#request.signal?.reason);
  }

  #settled(): void {
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener('abort', this);
  }

  #fail(error: ProxyError): void {
    this.#told = true;
    this.#settled();
    this.#callbacks.reject(error);
  }

  /** Waits for a new connection, for a limited time. */
  #watchConnection(): void {
    const { protocol } = this.#request.url;
    this.#timer = setTimeout(() => this.#late(), CONNECT_LIMIT);
    this.#outgoing.on('socket', (socket) => {
      const onConnected = (): void => {
        this.#connected = true;
        if (this.#request.signal) this.#request.signal.sent = true;
        this.#callbacks.reached();
        this.#remember(socket.remoteAddress);
        clearTimeout(this.#timer);
      };
      // A tunnel through a proxy is connected when it arrives, but its TLS handshake may still fail.
      const ready = !socket.connecting && (socket as HandshakeState).secureConnecting !== true;
      if (ready) onConnected();
      else socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', onConnected);
    });
  }

  #remember(address: string | undefined): void {
    const { proxy, addresses } = this.#connector;
    if (proxy === undefined && address !== undefined && addresses.size < MAX_ADDRESSES) addresses.add(address);
  }

  /** No connection was established in time. */
  #late(): void {
    const outgoing = this.#outgoing;
    const accepted = outgoing.socket?.connecting === false;
    const what = accepted ? 'did not finish the TLS handshake' : 'did not accept a connection';
    const error = new ProxyError('unreachable', `${this.#request.url.host} ${what} in ${CONNECT_LIMIT / 1000} s`);
    outgoing.destroy(error);
    this.#settled();
    this.#callbacks.reject(error);
  }

  #watchProxy(): void {
    this.#outgoing.on('proxyConnect', ({ statusCode }: { statusCode?: number }) => {
      // Anything but 200 comes from the proxy, and would be taken for the server's answer.
      if (statusCode === undefined || statusCode === 200) return;
      this.#outgoing.destroy(refusedByProxy(this.#connector, this.#request.url, statusCode));
    });
  }

  /** The response has begun: from here on the body owns the connection, and the signal still cuts it. */
  respond(incoming: IncomingMessage): void {
    const { url, cookies } = this.#request;
    this.#connector.answered = true;
    if ((incoming.statusCode ?? 0) < 200) {
      this.#outgoing.destroy();
      this.#fail(withoutAnswer(url, 'stopped speaking HTTP', incoming.statusCode));
      return;
    }
    this.#told = true;
    const set = incoming.headers['set-cookie'];
    if (set) (cookies ?? this.#connector.cookies).take(set, url.pathname);
    const { resolve, reject } = this.#callbacks;
    if (incoming.headers['content-encoding'] === undefined) resolve(this.#answer(incoming, incoming));
    else unpacked(incoming).then((stream) => resolve(this.#answer(incoming, stream)), reject);
  }

  #answer(incoming: IncomingMessage, stream: Readable): HttpResponse {
    const close = (): void => {
      this.#outgoing.destroy();
    };
    const body = new ResponseBody(stream, incoming, close, this.#request, this.#connector.largest);
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
  }

  /** An interim response has come. */
  informed(): void {
    if (++this.#interim <= MAX_INTERIM) return;
    this.#outgoing.destroy(withoutAnswer(this.#request.url, `sent ${MAX_INTERIM} interim responses`));
  }

  upgraded(status: number | undefined): void {
    this.#fail(withoutAnswer(this.#request.url, 'switched to another protocol', status));
  }

  /** Whatever else Node does with a connection: when the request is over, it was answered or it failed. */
  closed(): void {
    if (this.#told) this.#settled();
    else this.#fail(withoutAnswer(this.#request.url, 'closed the connection'));
  }

  /**
   * Reports what a broken connection means at the stage that the request has reached. After the response this settles
   * nothing: the body reports what happens to it.
   */
  broken(error: NodeJS.ErrnoException): void {
    const { url, signal, repeatable, resolved } = this.#request;
    const { reject } = this.#callbacks;
    const connector = this.#connector;
    const route = resolved ? { ...connector, lookup: lookupIn(resolved) } : connector;
    this.#told = true;
    this.#settled();
    const isStale = this.#outgoing.reusedSocket && isReset(error);
    // The other idle connections are as old as this one: without them, the next attempt opens a new connection.
    if (isStale) connector.idle.close();
    if (signal?.aborted) reject(signal.reason);
    else if (isExhausted(error)) noConnection(error, url, route).then(reject, reject);
    else if (isStale && repeatable) reject(new StaleConnection());
    else if (this.#connected && connector.answered && !isTls(error)) reject(brokenConnection(error, url));
    else if (this.#connected) brokenAtFirst(error, url, route).then(reject, reject);
    else noConnection(error, url, route).then(reject, reject);
  }
}

const IN_FLIGHT = Symbol('in flight');

type InFlightRequest = ClientRequest & { [IN_FLIGHT]: InFlight };

// The same functions for all requests: with functions of its own, each would weigh much more while it waits.
function onResponse(this: InFlightRequest, incoming: IncomingMessage): void {
  this[IN_FLIGHT].respond(incoming);
}

function onInformation(this: InFlightRequest): void {
  this[IN_FLIGHT].informed();
}

function onUpgrade(this: InFlightRequest, incoming: IncomingMessage, socket: Duplex): void {
  socket.destroy();
  this[IN_FLIGHT].upgraded(incoming.statusCode);
}

function onClose(this: InFlightRequest): void {
  this[IN_FLIGHT].closed();
}

function onError(this: InFlightRequest, error: Error): void {
  this[IN_FLIGHT].broken(error);
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

/** Node does not document this property; every `TLSSocket` has it from its creation until `secureConnect`. */
interface HandshakeState {
  readonly secureConnecting?: boolean;
}

/** A connection could not even be started: this process or the machine has too many open. */
function isExhausted(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EMFILE' || error.code === 'ENFILE';
}

/** In TLS 1.3, the server refuses the certificate of this side after the handshake. */
function isTls({ code }: NodeJS.ErrnoException): boolean {
  return code?.startsWith('ERR_SSL') === true;
}

function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

export function refusedByProxy(connector: Connector, url: URL, status: number): ProxyError {
  const hint =
    status === 407
      ? `give the right user name and password in the proxy variable: http://USER:PASSWORD@${connector.proxy}`
      : 'ask the operator of that proxy';
  const message = `the proxy ${connector.proxy} refuses to connect to ${url.host} (HTTP ${status})`;
  return new ProxyError('unreachable', message, { httpStatus: status, hint });
}
