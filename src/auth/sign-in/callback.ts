/** The loopback listener to which the authorization server sends the browser back (RFC 8252 section 7.3). */
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { type AddressInfo, isIPv6, type Socket } from 'node:net';
import { isLoopback } from '../../config.ts';
import type { CancelSignal } from '../../core/cancel.ts';
import { ProxyError } from '../../errors.ts';
import { PAGE_HEADERS } from '../../platform/page.ts';
import { page } from './pages.ts';

/** The outcome of a sign-in, for the page. */
export type SignInOutcome =
  | { readonly page: 'signed-in' }
  /** The page shows the words of the authorization server to the user, as text. */
  | { readonly page: 'denied'; readonly said?: string | undefined }
  /** The page also shows the reason that this program gives, with or instead of those words. */
  | { readonly page: 'failed'; readonly reason?: string; readonly said?: string | undefined };

export interface CallbackOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Path of the redirect URI, such as `/callback`. */
  readonly path: string;
  /** Host of the redirect URI. Browsers may use it, or loopback by any other name. */
  readonly host: string;
  /** The URL of the MCP server that the sign-in is for, in a form that is safe to show. */
  readonly server?: string;
  /** The state that an answer must carry (RFC 6749 section 10.12); compared in constant time. */
  readonly state: string;
  /** Takes the one answer with the right state. The browser waits for the outcome. Called at most once. */
  readonly finish: (parameters: URLSearchParams) => Promise<SignInOutcome>;
}

export interface Callback {
  readonly port: number;
  /** Frees the port at once. Resolves when the browser has the final page, after a second at most. Idempotent. */
  close(): Promise<void>;
  /**
   * Serves the page of a successful sign-in to reloads, for a minute at most. Ends when the signal is aborted, and when
   * `askForPort` asks for the port. Does not keep the process alive.
   */
  linger(signal: CancelSignal): void;
}

/** The path that `askForPort` requests. A foreign page that requests it can only end the wait for a reload. */
const RELEASE_PATH = '/.well-known/mcp-proxy/release';
/** How long a listener, which may be another program, may take to answer, in milliseconds. */
const LONGEST_RELEASE = 500;

/** Asks a listener that only waits for reloads to free its port. Never rejects; any other listener keeps the port. */
export function askForPort(port: number): Promise<void> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: RELEASE_PATH, agent: false, timeout: LONGEST_RELEASE });
    request.on('response', (response) => response.resume());
    request.on('timeout', () => request.destroy());
    request.on('error', () => {});
    request.once('close', () => resolve());
  });
}

/** How long a browser waits for the outcome of its answer; in milliseconds, as everything here. */
const LONGEST_FINISH = 60_000;
const LONGEST_CLOSE = 1_000;
const LONGEST_LINGER = 60_000;
/** Comes before the limit of closing, so that a waiting browser gets a page and not a broken connection. */
const GIVE_UP = 700;
const REQUEST_TIMEOUT = 10_000;
/** Cookies of other programs on localhost come along, and a developer's machine has many. */
const MAX_HEADER_BYTES = 128 * 1024;
const MAX_CONNECTIONS = 64;
/** How often to try another port when the one that is free in IPv4 is taken in IPv6. */
const ATTEMPTS = 10;

const HEADERS = { ...PAGE_HEADERS, connection: 'close' };

/**
 * Listens on 127.0.0.1 and, where it exists, on ::1 at the same port. Does not keep the process alive.
 * Rejects with Node's EADDRINUSE error when the port is taken in either.
 */
export async function listenForCallback(options: CallbackOptions): Promise<Callback> {
  const listener = new CallbackListener(options);
  for (let attempt = 1; ; attempt++) {
    const first = await listener.listen('127.0.0.1', options.port);
    const { port } = first.address() as AddressInfo;
    try {
      await listener.listen('::1', port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Another program on ::1 would get the answers of browsers that try IPv6 first.
      const isTaken = code === 'EADDRINUSE' || code === 'EACCES';
      if (isTaken && (options.port !== 0 || attempt === ATTEMPTS)) {
        await listener.close();
        throw error;
      }
      if (isTaken) {
        await listener.forget(first);
        continue;
      }
    }
    return { port, close: () => listener.close(), linger: (signal) => listener.linger(signal) };
  }
}

interface CallbackResponse {
  readonly status: number;
  /** Defaults to `html`. */
  readonly type?: 'html' | 'plain';
  readonly text: string;
  readonly headers?: http.OutgoingHttpHeaders;
}

class CallbackListener {
  readonly #options: CallbackOptions;
  readonly #path: string;
  readonly #host: string;
  readonly #servers = new Set<http.Server>();
  readonly #sockets = new Set<Socket>();
  /** Connections with a request that has no complete response yet. */
  readonly #busy = new Set<Socket>();
  readonly #closing = new AbortController();
  #isAnswered = false;
  #lingers = false;
  #closed: Promise<void> | undefined;

  constructor(options: CallbackOptions) {
    this.#options = options;
    // As a browser spells it, with percent-encoding where required.
    this.#path = new URL(options.path, 'http://localhost').pathname;
    this.#host = spelledHost(options.host);
  }

  async listen(address: string, port: number): Promise<http.Server> {
    const server = http.createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: REQUEST_TIMEOUT,
        requestTimeout: REQUEST_TIMEOUT,
        connectionsCheckingInterval: REQUEST_TIMEOUT / 5,
      },
      (request, response) => void this.#respond(request, response),
    );
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket: Socket) => {
      if (this.#lingers) socket.unref();
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#busy.delete(socket);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, ipv6Only: isIPv6(address) }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    // A connection that could not be accepted loses nothing, so this must not end the program.
    server.on('error', () => {});
    server.unref();
    this.#servers.add(server);
    return server;
  }

  async forget(server: http.Server): Promise<void> {
    this.#servers.delete(server);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  linger(signal: CancelSignal): void {
    this.#lingers = true;
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      void this.close();
    };
    const timer = setTimeout(end, LONGEST_LINGER);
    timer.unref();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    for (const socket of this.#sockets) if (!this.#busy.has(socket)) socket.unref();
  }

  async #close(): Promise<void> {
    const closed = [...this.#servers].map((server) => new Promise((resolve) => server.close(resolve)));
    // Browsers open connections in advance, which would delay the end.
    for (const socket of this.#sockets) if (!this.#busy.has(socket)) socket.destroy();
    const giveUp = setTimeout(() => this.#closing.abort(), GIVE_UP);
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, LONGEST_CLOSE);
    await Promise.all(closed);
    clearTimeout(giveUp);
    clearTimeout(cut);
  }

  async #respond(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.#busy.add(request.socket);
    // A browser that disconnects during an answer must not end the program.
    response.on('error', () => {});
    const { status, type = 'html', text, headers } = await this.#reply(request);
    const body = Buffer.from(text);
    const described = { 'content-type': `text/${type}; charset=utf-8`, 'content-length': body.length };
    response.writeHead(status, { ...HEADERS, ...headers, ...described });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #reply(request: http.IncomingMessage): Promise<CallbackResponse> {
    const [path, query] = splitTarget(request.url ?? '');
    // A foreign page whose name was made to point at this machine (DNS rebinding) must not see anything.
    if (!this.#isExpectedHost(request.headers.host)) return { status: 403, type: 'plain', text: 'Forbidden\n' };
    if (this.#lingers && path === RELEASE_PATH) {
      // Frees the port before the response says so.
      void this.close();
      return { status: 200, type: 'plain', text: 'Released\n' };
    }
    if (path !== this.#path) return page('not-found');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, type: 'plain', text: 'Method not allowed\n', headers: { allow: 'GET, HEAD' } };
    }
    const parameters = new URLSearchParams(query);
    if (!this.#isOurs(parameters)) {
      // Some authorization servers leave the state out of their errors. Any page could send such an error, so it must not
      // end the sign-in, but the user learns of it. Only the code is shown: the sender could write anything in a description.
      const error = parameters.get('error') ?? '';
      return page('wrong-state', /^[a-z_]{1,40}$/.test(error) ? error : '');
    }
    // A HEAD request only previews the link; it is not the user's answer.
    if (request.method === 'HEAD') return { status: 200, text: '' };
    const { server } = this.#options;
    if (!isAnswer(parameters)) return page('wrong-state', NO_ANSWER, { server });
    if (this.#isAnswered) return page(this.#lingers ? 'signed-in' : 'already-done', '', { server });
    this.#isAnswered = true;
    const outcome = await this.#outcome(parameters);
    if (outcome.page === 'signed-in') return page('signed-in', '', { server });
    return page(outcome.page, outcome.page === 'failed' ? outcome.reason : '', { server, said: outcome.said });
  }

  #isExpectedHost(header = ''): boolean {
    const host = header.replace(/:\d*$/, '').toLowerCase();
    return isLoopback(host) || host === this.#host;
  }

  #isOurs(parameters: URLSearchParams): boolean {
    // Parameters must not be repeated (RFC 6749 section 3.1).
    const [state, ...others] = parameters.getAll('state');
    return state !== undefined && state !== '' && others.length === 0 && isSame(state, this.#options.state);
  }

  /** Never rejects, and settles within the time that a browser waits. */
  #outcome(parameters: URLSearchParams): Promise<SignInOutcome> {
    return new Promise((resolve) => {
      const fail = (reason: string): void => settle({ page: 'failed', reason });
      const onClosing = (): void => fail('The application has stopped waiting for this sign-in.');
      const timer = setTimeout(() => fail('The authorization server takes too long to answer.'), LONGEST_FINISH);
      // A browser that disconnected waits for nothing. One that waits keeps the process alive by its connection.
      timer.unref();
      const { signal } = this.#closing;
      signal.addEventListener('abort', onClosing, { once: true });
      const settle = (outcome: SignInOutcome): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onClosing);
        resolve(outcome);
      };
      const { finish } = this.#options;
      void (async () => finish(parameters))().then(settle, (error: unknown) =>
        fail(error instanceof ProxyError ? error.message : 'Something unexpected happened.'),
      );
    });
  }
}

/** The page's text about an address that has the right state but is not an answer. */
const NO_ANSWER = 'The address carries neither a code nor an error, so it does not answer the sign-in.';

/** Whether the parameters answer an authorization request at all (RFC 6749, sections 4.1.2 and 4.1.2.1). */
export function isAnswer(parameters: URLSearchParams): boolean {
  return ['code', 'error'].some((name) => parameters.getAll(name).some((value) => value !== ''));
}

/** The host as a Host header spells it, in lower case and without a port. */
function spelledHost(host: string): string {
  return (isIPv6(host) ? `[${host}]` : host).toLowerCase();
}

/** Takes the same time wherever the two differ. Hashed, because the comparison needs equal lengths. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}

function splitTarget(target: string): [path: string, query: string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}
