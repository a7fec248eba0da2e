/** Runs `oauth4webapi` on this program's HTTP client: sends its requests and translates its errors. */
import * as oauth from 'oauth4webapi';
import { isLoopback } from '../../config.ts';
import type { CancelSignal } from '../../core/cancel.ts';
import { serverWords } from '../../core/error-text.ts';
import type { Fetch, HttpRequest } from '../../core/fetch.ts';
import { printable, type Redact, showUrl } from '../../core/redact.ts';
import { pause, withLimit } from '../../core/timer.ts';
import { parseUrl } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';
import { retryAfterSeconds } from '../../wire/retry-after.ts';
import { type Document, parseObject, text } from './document-members.ts';
import { checkTarget, type Resolve } from './targets.ts';

/** Largest response that is read. The largest documents of known providers are a tenth of that. */
const BODY_LIMIT = 1_048_576;
/** How long one request may take, in milliseconds. Token endpoints that call other servers are slow. */
const REQUEST_LIMIT = 120_000;
/** How many redirects of a metadata document to follow. Each target is checked like the first address. */
const MAX_REDIRECTS = 3;

const UNKNOWN: ReadonlySet<string> = new Set();

export interface FetchContext {
  readonly fetch: Fetch;
  /** The protected server. Its own network decides which addresses it may name. */
  readonly server: URL;
  /** The addresses that connections to it have had, where they are known. */
  readonly addresses?: ((server: URL) => ReadonlySet<string>) | undefined;
  readonly signal: CancelSignal;
  /** How host names are checked; left out: as this machine resolves them. */
  readonly resolve?: Resolve;
  /** How many more times busy servers may be asked for a document again; left out: never. */
  readonly repeats?: { left: number };
}

/** The options for every call of the library. */
export function optionsFor(wire: FetchContext, url: string | undefined) {
  return {
    [oauth.customFetch]: (address: string, init: oauth.CustomFetchOptions<string, unknown>) =>
      send(wire, new URL(address), init),
    // Allows plain http: on this machine only; `checkTarget` enforces that.
    [oauth.allowInsecureRequests]: url === undefined || isPlainLoopback(new URL(url)),
  };
}

export function isPlainLoopback(url: URL): boolean {
  return url.protocol === 'http:' && isLoopback(url.hostname);
}

async function send(wire: FetchContext, url: URL, init: oauth.CustomFetchOptions<string, unknown>): Promise<Response> {
  const body = init.body === undefined || init.body === null ? undefined : [Buffer.from(String(init.body))];
  // The library sets its own User-Agent. Without it, the HTTP client names this program.
  const { 'user-agent': _, ...headers } = init.headers;
  return request(wire, {
    purpose: 'sign-in',
    method: init.method === 'POST' ? 'POST' : 'GET',
    url,
    headers,
    ...(body && { body }),
    redirect: 'manual',
    repeatable: false,
  });
}

/** Sends one request and reads the whole response. Rejects with a ProxyError if none came. */
async function request(wire: FetchContext, what: HttpRequest): Promise<Response> {
  const server = { url: wire.server, addresses: wire.addresses?.(wire.server) ?? UNKNOWN };
  const resolved = await checkTarget(what.url, server, wire.resolve);
  try {
    return await withLimit(REQUEST_LIMIT, wire.signal, async (signal) => {
      const response = await wire.fetch({ ...what, resolved, signal });
      const bytes = await response.body.bytes(BODY_LIMIT);
      const headers = new Headers();
      for (const [name, value] of Object.entries(response.headers)) {
        for (const one of [value ?? []].flat()) headers.append(name, one);
      }
      const empty = response.status === 204 || response.status === 205 || response.status === 304;
      return new Response(empty ? null : new Uint8Array(bytes), { status: response.status, headers });
    });
  } catch (error) {
    throw error instanceof ProxyError && error.code === 'timeout' ? tooSlow(what.url) : error;
  }
}

function tooSlow(url: URL): ProxyError {
  return new ProxyError('timeout', `${showUrl(url)} did not answer in ${REQUEST_LIMIT / 1000} s`);
}

/** A document that sends its readers from one address to the next, and never comes. */
export class RedirectsInCircles extends ProxyError {
  constructor(url: URL) {
    const hint = 'ask the operator of the server';
    super('unauthorized', `the document at ${showUrl(url)} redirects in a loop`, { hint });
  }
}

/** The longest wait to accept from a server, in seconds, so that none locks a user out for longer. */
const LONGEST_RETRY = 3_600;

/** How many seconds a server asks its clients to wait (RFC 9110, section 10.2.3). */
export function retryAfterOf({ headers }: Pick<Response, 'headers'>): number | undefined {
  const asked = retryAfterSeconds(headers.get('retry-after'));
  return asked === undefined ? undefined : Math.min(asked, LONGEST_RETRY);
}

export function tryAgain(retryAfter: number | undefined): string {
  return `try again ${retryAfter === undefined ? 'later' : `in ${retryAfter} s`}`;
}

/** Statuses of a server, or of a gateway in front of it, that is busy for a while. */
const BUSY = new Set([429, 502, 503, 504]);

/** The server cannot give a document now. */
export class Unavailable extends ProxyError {
  /** Whether the document is probably there. A server that fails may also do so at addresses without a document. */
  readonly isBusy: boolean;

  constructor(server: URL, url: URL, { status: httpStatus }: Response, retryAfter: number | undefined) {
    const isBusy = BUSY.has(httpStatus) || retryAfter !== undefined;
    const reason = `the metadata at ${showUrl(url)} cannot be read now (HTTP ${httpStatus})`;
    const hint = isBusy
      ? `the server is busy: ${tryAgain(retryAfter)}`
      : 'try again later; if the server does not offer a sign-in, give the credentials with --header';
    super(isBusy ? 'unauthorized' : 'no-sign-in', `the sign-in to ${showUrl(server)} cannot begin: ${reason}`, {
      httpStatus,
      ...(retryAfter !== undefined && { retryAfter }),
      hint,
    });
    this.isBusy = isBusy;
  }
}

/** The wait before the proxy asks a busy server once more, in seconds: if the server names none, and at most. */
const [USUAL_WAIT, LONGEST_WAIT] = [1, 10];

/** Like `once`, but asks a busy server a second time. */
export async function fetchDocument(wire: FetchContext, url: URL): Promise<Document | undefined> {
  try {
    return await once(wire, url);
  } catch (error) {
    if (!(error instanceof Unavailable && error.isBusy)) throw error;
    const { retryAfter = USUAL_WAIT } = error.data;
    if (retryAfter > LONGEST_WAIT || !wire.repeats?.left) throw error;
    wire.repeats.left--;
    await pause(retryAfter * 1000, wire.signal);
    return once(wire, url);
  }
}

/**
 * Fetches a JSON document. Resolves with undefined if this address has none, whatever the server answers instead.
 * Rejects with a ProxyError if the server cannot be reached at all, with Unavailable, and with RedirectsInCircles.
 */
async function once(wire: FetchContext, url: URL): Promise<Document | undefined> {
  let at = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await request(wire, {
      purpose: 'sign-in',
      method: 'GET',
      url: at,
      headers: { accept: 'application/json' },
      redirect: 'manual',
      repeatable: true,
    });
    const { status } = response;
    if (status === 429 || status >= 500) throw new Unavailable(wire.server, at, response, retryAfterOf(response));
    const location = status >= 300 && status < 400 ? response.headers.get('location') : null;
    if (location === null) return status === 200 ? parseObject(await response.text()) : undefined;
    const next = parseUrl(location, at);
    if (!next) return undefined;
    at = next;
  }
  throw new RedirectsInCircles(url);
}

/** Requests a page without following redirects. Resolves with the status and the location. */
export async function peekAt(wire: FetchContext, url: URL): Promise<{ status: number; location: string | undefined }> {
  const headers = { accept: 'text/html' };
  const common = { purpose: 'sign-in', redirect: 'manual', repeatable: true } as const;
  const response = await request(wire, { ...common, method: 'GET', url, headers });
  return { status: response.status, location: response.headers.get('location') ?? undefined };
}

/** An issuer, or another address of an authorization server, in a form that is safe to show. */
export function shown(address: string): string {
  const url = parseUrl(address);
  return url ? showUrl(url) : 'the authorization server';
}

/** In UTF-16 units. */
const LONGEST_DESCRIPTION = 240;
/** Longer texts of a server are cut, so that the rest of the message stays readable. */
const LONGEST_WORDS = 150;

/**
 * Describes a response that is not an OAuth response, as the end of a sentence: its status, and the text of its body.
 *
 * @param hide removes the secrets that were sent to the server from the server's words.
 */
export function refusalIn(status: number, body: string, hide: Redact = String): string {
  const words = printable(hide(serverWords(body)), LONGEST_WORDS);
  return `HTTP ${status}${words === '' ? '' : `. The server said: ${JSON.stringify(words)}`}`;
}

/** An error of an authorization server, as the protocol spells it (RFC 6749, section 5.2). */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly error: string;
  readonly description: string | undefined;
  readonly status: number;
  /** How many seconds the server asks the client to wait. */
  readonly retryAfter: number | undefined;

  constructor(error: string, description: string | undefined, status: number, retryAfter?: number) {
    super(`${printable(error, 60)}${description ? `: ${printable(description, LONGEST_DESCRIPTION)}` : ''}`);
    this.error = error;
    this.description = description;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * The OAuth error in the body of a response, or undefined if the body has none.
 *
 * @param hide removes the secrets that were sent to the server from the server's words.
 */
export function oauthErrorOf(body: Document, response: Response, hide: Redact = String): OAuthError | undefined {
  const error = text(body.error);
  if (error === undefined) return undefined;
  const description = text(body.error_description);
  const said = description === undefined ? undefined : hide(description);
  return new OAuthError(hide(error), said, response.status, retryAfterOf(response));
}

/** Translates an error of the library, the server or the network to an OAuthError or a ProxyError. */
export function meaningOf(error: unknown, url: string): OAuthError | ProxyError {
  if (error instanceof ProxyError || error instanceof OAuthError) return error;
  if (error instanceof oauth.ResponseBodyError)
    return new OAuthError(error.error, error.error_description, error.status);
  const cause = error instanceof Error && error.cause instanceof Response ? ` (HTTP ${error.cause.status})` : '';
  const where = shown(url);
  const text = error instanceof Error ? printable(error.message, 200) : 'unknown error';
  return new ProxyError('unauthorized', `${where} did not answer as OAuth wants it: ${text}${cause}`, {}, error);
}
