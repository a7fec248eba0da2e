/**
 * Where an MCP server answers near a URL that is almost right. Looks only once the URL itself has
 * failed, with a `ping` and, for HTTP+SSE, a stream that is closed at once: neither runs anything
 * at the server.
 */
import type { Strategy } from '../../config.ts';
import { Cancellation, type CancelSignal } from '../../core/cancel.ts';
import type { Cookies, Fetch, HttpResponse } from '../../core/fetch.ts';
import { showUrl } from '../../core/redact.ts';
import { parseUrl } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';
import { PING_REQUEST } from '../../mcp/handshake.ts';
import { POST_HEADERS, STREAM_HEADERS } from '../../mcp/headers.ts';

const MOST = 8;
/** The limit for all of them together, in milliseconds. */
const LIMIT = 3_000;
/** How long a finding holds, in milliseconds: any number of clients may ask. */
const HOLDS = 60_000;
/** Bytes to read of an answer to a ping. */
const ANSWER_LIMIT = 65_536;

export class Neighbours {
  readonly #url: URL;
  readonly #strategy: Strategy;
  readonly #fetch: Fetch;
  #advice: Promise<string | undefined> | undefined;
  #holdsUntil = 0;

  /**
   * @param strategy the transports that count.
   * @param fetch without sign-in and without client headers: what it adds goes only to the
   *   origin of the URL.
   */
  constructor(url: URL, strategy: Strategy, fetch: Fetch) {
    this.#url = url;
    this.#strategy = strategy;
    this.#fetch = fetch;
  }

  /**
   * What to type instead: the first neighbour where an MCP server answers, or else the flag that
   * may exclude the server's transport. Never rejects.
   */
  advise(): Promise<string | undefined> {
    if (this.#advice && Date.now() < this.#holdsUntil) return this.#advice;
    this.#holdsUntil = Date.now() + HOLDS;
    this.#advice = this.#look();
    return this.#advice;
  }

  /** The first neighbour where an MCP server answers. Never rejects. */
  async find(): Promise<URL | undefined> {
    const limit = new Cancellation();
    const timer = setTimeout(() => limit.abort(new ProxyError('timeout', 'the neighbours did not answer')), LIMIT);
    const urls = neighboursOf(this.#url);
    const speaks = async (url: URL): Promise<boolean> => {
      if (this.#strategy !== 'sse-only' && (await speaksHttp(url, this.#fetch, limit))) return true;
      return this.#strategy !== 'http-only' && SSE_PATH.test(url.pathname) && speaksSse(url, this.#fetch, limit);
    };
    const speak = await Promise.all(urls.map((url) => speaks(url).catch(() => false)));
    clearTimeout(timer);
    return urls.find((_, i) => speak[i]);
  }

  async #look(): Promise<string | undefined> {
    const found = await this.find();
    if (found) return `an MCP server answers at ${showUrl(found)}: use that URL`;
    // Nothing is sent over the excluded transport, not even to find out.
    const excluded = this.#strategy === 'sse-only' ? 'Streamable HTTP' : 'HTTP+SSE';
    if (!this.#strategy.endsWith('-only')) return undefined;
    return `check the path of the URL; if the server speaks ${excluded}, leave --transport ${this.#strategy} out`;
  }
}

/** The usual places near a URL, the likeliest first: with or without a trailing slash, `/mcp`, `/sse`. */
export function neighboursOf(url: URL): URL[] {
  const path = url.pathname.replace(/\/+$/, '');
  const base = path.replace(/\/(?:mcp|sse)$/i, '');
  const beside = [`${base}/mcp`, `${base}/mcp/`, `${base}/sse`, `${base}/sse/`];
  const paths = [path === url.pathname ? `${path}/` : path, ...beside, `${base}/`, '/mcp', '/sse'];
  const others = [...new Set(paths)].filter((other) => other !== '' && other !== url.pathname);
  return others.slice(0, MOST).flatMap((other) => parseUrl(`${url.origin}${other}${url.search}`) ?? []);
}

/** The first event of every stream of revision 2024-11-05. */
const ENDPOINT = /^event: ?endpoint\r?$/m;
const SSE_PATH = /\/sse\/?$/i;

const NO_COOKIES: Cookies = { empty: true, take: () => {}, header: () => undefined };

/** Each request is independent: it takes no cookie from a neighbour and follows no redirect. */
function common(url: URL, signal: CancelSignal) {
  return { purpose: 'probe', url, signal, redirect: 'manual', repeatable: true, cookies: NO_COOKIES } as const;
}

async function speaksHttp(url: URL, fetch: Fetch, signal: CancelSignal): Promise<boolean> {
  return isAnswer(await fetch({ ...common(url, signal), method: 'POST', headers: POST_HEADERS, body: PING_REQUEST }));
}

async function speaksSse(url: URL, fetch: Fetch, signal: CancelSignal): Promise<boolean> {
  const response = await fetch({ ...common(url, signal), method: 'GET', headers: STREAM_HEADERS });
  let text = '';
  const take = (chunk: Buffer): undefined => {
    text += chunk.toString('latin1');
    if (ENDPOINT.test(text) || text.length > ANSWER_LIMIT) response.body.destroy();
  };
  if (response.status === 200 && isEventStream(response)) await response.body.each(take).catch(() => undefined);
  response.body.destroy();
  return ENDPOINT.test(text);
}

/** Whether a response to a ping comes from an MCP server, even if it is a refusal. */
async function isAnswer(response: HttpResponse): Promise<boolean> {
  const { status, headers, body } = response;
  const challenge = [headers['www-authenticate'] ?? ''].flat().join(', ');
  const asksForToken = status === 401 && /\bbearer\b/i.test(challenge);
  if (asksForToken || isEventStream(response)) {
    body.destroy();
    return asksForToken || status === 200;
  }
  const text = (await body.bytes(ANSWER_LIMIT)).toString('utf8');
  try {
    return (JSON.parse(text) as { jsonrpc?: unknown } | null)?.jsonrpc === '2.0';
  } catch {
    return false;
  }
}

function isEventStream({ headers }: HttpResponse): boolean {
  return /^text\/event-stream\b/i.test(String(headers['content-type'] ?? ''));
}
