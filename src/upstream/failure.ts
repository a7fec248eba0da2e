/** Says what went wrong at the upstream: the cause, the place, and what to do. */
import type { HttpResponse } from '../core/fetch.ts';
import { printable, showUrl } from '../core/redact.ts';
import { otherScheme } from '../core/url.ts';
import { type ErrorData, ProxyError } from '../errors.ts';
import { retryAfterSeconds } from '../wire/retry-after.ts';

/**
 * How many bytes of a body an error keeps: more than any token has. An error shows far fewer,
 * because the proxy first hides secrets and then cuts the text.
 */
const EXCERPT = 65_536;
/** How much of a body to read to find out what it says: a JSON-RPC error may be long. */
export const ERROR_BODY_LIMIT = 1_048_576;

/** Statuses by which a server refuses the HTTP request before it looks at the message. */
const UNREAD = new Set([405, 406, 407, 411, 413, 414, 415, 417, 421, 426, 429, 431]);

/** The error data that a response gives. */
export function responseData({ status, headers }: HttpResponse, body: Buffer): ErrorData {
  const retryAfter = retryAfterSeconds(headers['retry-after']);
  return {
    httpStatus: status,
    ...(body.length > 0 && { body: excerpt(body) }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

/** A response that is not an answer: its status, and the beginning of its body. */
export function unexpectedResponse(response: HttpResponse, body: Buffer, url: URL): ProxyError {
  const { status } = response;
  const data = responseData(response, body);
  const where = showUrl(url);
  // A server may run a call and refuse it afterwards, unless it says that it did not look at it.
  const outcome = UNREAD.has(status) ? {} : ({ outcome: 'unknown' } as const);
  if (status >= 200 && status < 300) {
    const type = printable(String(response.headers['content-type'] ?? 'no content type'), 80);
    const hint = 'check that the URL is the MCP endpoint itself';
    const message = `${where} answered HTTP ${status} with ${type}, not with MCP`;
    const error = new ProxyError('failed', message, { ...data, ...outcome, hint });
    if (/^text\/html\b/i.test(type)) misplaced.add(error);
    return error;
  }
  if (status === 400 && url.protocol === 'http:' && WANTS_TLS.test(body.toString('latin1', 0, EXCERPT))) {
    const message = `${where} answered HTTP 400: the server there encrypts (TLS), but the URL begins with http:`;
    return new ProxyError('unreachable', message, { ...data, hint: `use ${showUrl(otherScheme(url))}` });
  }
  const hint = statusHint(status, data.retryAfter);
  const answered = `${where} answered HTTP ${status}`;
  const error = new ProxyError('failed', answered, { ...data, ...outcome, ...(hint && { hint }) });
  if (status === 404 || status === 405) misplaced.add(error);
  return error;
}

/** Errors that say that something answers at the URL, but not an MCP server. */
const misplaced = new WeakSet<ProxyError>();

/** The error; if only the path of the URL was wrong, or the transport of `--transport`, with advice. */
export async function withNeighbour(error: unknown, advise: () => Promise<string | undefined>): Promise<unknown> {
  if (!(error instanceof ProxyError) || !misplaced.has(error)) return error;
  const hint = await advise();
  if (hint === undefined) return error;
  return new ProxyError(error.code, error.message, { ...error.data, hint }, error);
}

/**
 * What to do about a status (RFC 9110, section 15); undefined when only the body can say. Advises
 * repeating a call that may have run only if the server asks for it.
 */
function statusHint(status: number, retryAfter: number | undefined): string | undefined {
  if (status === 404 || status === 405) return 'check the path of the URL';
  // Only the client is shown the body: what it quotes may be a secret of one of several clients.
  if (status === 400 || status === 422)
    return 'the server rejected the request; the error in your client shows what it answered';
  const later = retryAfter === undefined ? undefined : `try again in ${retryAfter} s`;
  if (status === 429) return `the server limits how many requests it takes; ${later ?? 'try again later'}`;
  const trouble =
    status === 502 || status === 504
      ? 'the gateway in front of the server cannot reach it'
      : `the server ${status === 503 ? 'is not available' : 'failed'}`;
  return status >= 500 ? `${trouble}; ${later ?? 'if this continues, ask its operator'}` : undefined;
}

/** The answers of nginx, Go and Apache to plain HTTP on a TLS port. */
const WANTS_TLS =
  /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL-enabled/;

/** The first bytes of a body as text, whole characters only. */
function excerpt(body: Buffer): string {
  return new TextDecoder().decode(body.subarray(0, EXCERPT), { stream: true });
}

/** The body holds messages, but none of them is the answer. */
export function otherAnswer({ status }: HttpResponse, body: Buffer, url: URL): ProxyError {
  const data: ErrorData = { httpStatus: status, ...(body.length > 0 && { body: excerpt(body) }), outcome: 'unknown' };
  return new ProxyError('failed', `${showUrl(url)} answered a different request`, data);
}

/** The server answered, but not with a JSON-RPC response. */
export function malformedAnswer(reason: string): ProxyError {
  return new ProxyError('failed', `the server's answer is malformed: ${reason}`, { outcome: 'unknown' });
}

/**
 * Ends a call that the server will not answer, because it waits for an answer that cannot reach it.
 * @param error why the client's answer to a question of the server was not delivered
 */
export function undelivered(error: Error): ProxyError {
  const why = `the answer of the client could not be delivered: ${error.message}`;
  return new ProxyError('failed', why, { outcome: 'unknown' }, error);
}
