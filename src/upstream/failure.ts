/** Says what went wrong at the upstream: the cause, the place, and what to do. */
import type { HttpResponse } from '../core/fetch.ts';
import { printable, showUrl } from '../core/redact.ts';
import { type ErrorData, ProxyError } from '../errors.ts';
import { retryAfterSeconds } from '../wire/retry-after.ts';

/**
 * How many bytes of a body an error keeps: more than any token has. An error shows far fewer,
 * because the proxy first hides secrets and then cuts the text.
 */
const EXCERPT = 65_536;
/** How much of a body to read to find out what it says: a JSON-RPC error may be long. */
export const ERROR_BODY_LIMIT = 1_048_576;

/** The error data that a response gives. */
export function responseData({ status, headers }: HttpResponse, body: Buffer): ErrorData {
  const retryAfter = retryAfterSeconds(headers['retry-after']);
  return {
    httpStatus: status,
    ...(body.length > 0 && { body: excerpt(body) }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

/** A response that should have been an answer: its type, and the beginning of its body. */
export function unexpectedResponse(response: HttpResponse, body: Buffer, url: URL): ProxyError {
  const type = printable(String(response.headers['content-type'] ?? 'no content type'), 80);
  const message = `${showUrl(url)} answered HTTP ${response.status} with ${type}, not with MCP`;
  const hint = 'check that the URL is the MCP endpoint itself';
  const error = new ProxyError('failed', message, { ...responseData(response, body), outcome: 'unknown', hint });
  if (/^text\/html\b/i.test(type)) misplaced.add(error);
  return error;
}

/** Errors that say that something answers at the URL, but not an MCP server. */
export const misplaced = new WeakSet<ProxyError>();

/** The error; if only the path of the URL was wrong, or the transport of `--transport`, with advice. */
export async function withNeighbour(error: unknown, advise: () => Promise<string | undefined>): Promise<unknown> {
  if (!(error instanceof ProxyError) || !misplaced.has(error)) return error;
  const hint = await advise();
  if (hint === undefined) return error;
  return new ProxyError(error.code, error.message, { ...error.data, hint }, error);
}

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
