/** `oauth4webapi` over the one HTTP client: how its requests leave, and what its errors mean here. */
import * as oauth from 'oauth4webapi';
import { isLoopback } from '../../config.ts';
import type { CancelSignal } from '../../core/cancel.ts';
import type { Fetch, HttpRequest } from '../../core/fetch.ts';
import { printable, type Redact, showUrl } from '../../core/redact.ts';
import { serverWords } from '../../core/server-words.ts';
import { withLimit } from '../../core/timer.ts';
import { parseUrl } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';
import { type Document, parseObject, text } from './documents.ts';
import { checkTarget } from './targets.ts';

/** Largest response that is read; the largest documents of known providers have a tenth of it. */
const BODY_LIMIT = 1_048_576;
/** How long one request may take, in milliseconds. Token endpoints that call others in turn are slow. */
const REQUEST_LIMIT = 120_000;
/** Redirects of metadata documents that are followed, each checked like a first address. */
const MAX_REDIRECTS = 3;

export interface Wire {
  readonly fetch: Fetch;
  /** The protected server: what it may point at depends on where it stands itself. */
  readonly server: URL;
  readonly signal: CancelSignal;
}

/** The options every call of the library gets. */
export function optionsFor(wire: Wire, url: string | undefined) {
  return {
    [oauth.customFetch]: (address: string, init: oauth.CustomFetchOptions<string, unknown>) =>
      send(wire, new URL(address), init),
    // Plain http: on this very machine, which `checkTarget` makes sure of.
    [oauth.allowInsecureRequests]: url === undefined || isPlainLoopback(new URL(url)),
  };
}

export function isPlainLoopback(url: URL): boolean {
  return url.protocol === 'http:' && isLoopback(url.hostname);
}

async function send(wire: Wire, url: URL, init: oauth.CustomFetchOptions<string, unknown>): Promise<Response> {
  const body = init.body === undefined || init.body === null ? undefined : [Buffer.from(String(init.body))];
  // The library sends its own User-Agent; leave that to the HTTP client, which names this program.
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

/** Sends one request and reads all of its response. Rejects with a ProxyError when none came. */
async function request(wire: Wire, what: HttpRequest): Promise<Response> {
  await checkTarget(what.url, wire.server);
  try {
    return await withLimit(REQUEST_LIMIT, wire.signal, async (signal) => {
      const response = await wire.fetch({ ...what, signal });
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

/**
 * Fetches a JSON document. Resolves with undefined when there is none at this place, whatever
 * the server answers instead; rejects with a ProxyError when it cannot be reached at all.
 */
export async function fetchDocument(wire: Wire, url: URL): Promise<Document | undefined> {
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
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return response.status === 200 ? parseObject(await response.text()) : undefined;
    const next = parseUrl(location, at);
    if (!next) return undefined;
    at = next;
  }
  return undefined;
}

/** Asks for a page without following it anywhere; the status and where it leads. */
export async function peekAt(wire: Wire, url: URL): Promise<{ status: number; location: string | undefined }> {
  const headers = { accept: 'text/html' };
  const common = { purpose: 'sign-in', redirect: 'manual', repeatable: true } as const;
  const response = await request(wire, { ...common, method: 'GET', url, headers });
  return { status: response.status, location: response.headers.get('location') ?? undefined };
}

/** An issuer, or another address of an authorization server, as it may be shown. */
export function shown(address: string): string {
  const url = parseUrl(address);
  return url ? showUrl(url) : 'the authorization server';
}

/** In UTF-16 units. */
const LONGEST_DESCRIPTION = 240;
/** Longer words of a server are cut, so that what comes with them stays readable. */
const LONGEST_WORDS = 150;

/**
 * What a response that is not one of OAuth says, as the end of a sentence: its status, and the words of its body.
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

  constructor(error: string, description: string | undefined, status: number) {
    super(`${printable(error, 60)}${description ? `: ${printable(description, LONGEST_DESCRIPTION)}` : ''}`);
    this.error = error;
    this.description = description;
    this.status = status;
  }
}

/**
 * The OAuth error in the body of a response, or undefined when it holds something else.
 *
 * @param hide removes the secrets that were sent to the server from the server's words.
 */
export function oauthErrorOf(body: Document, status: number, hide: Redact = String): OAuthError | undefined {
  const error = text(body.error);
  if (error === undefined) return undefined;
  const description = text(body.error_description);
  return new OAuthError(hide(error), description === undefined ? undefined : hide(description), status);
}

/** What an error of the library, of the server or of the network means: an OAuthError, or a ProxyError. */
export function meaningOf(error: unknown, url: string): OAuthError | ProxyError {
  if (error instanceof ProxyError || error instanceof OAuthError) return error;
  if (error instanceof oauth.ResponseBodyError)
    return new OAuthError(error.error, error.error_description, error.status);
  const cause = error instanceof Error && error.cause instanceof Response ? ` (HTTP ${error.cause.status})` : '';
  const where = shown(url);
  const text = error instanceof Error ? printable(error.message, 200) : 'unknown error';
  return new ProxyError('unauthorized', `${where} did not answer as OAuth wants it: ${text}${cause}`, {}, error);
}
