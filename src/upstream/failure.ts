/** Says what went wrong at the upstream: the cause, the place, and what to do. */
import type { HttpResponse } from '../core/fetch.ts';
import { excerpt, printable, showUrl } from '../core/redact.ts';
import { type ErrorData, ProxyError } from '../errors.ts';
import { retryAfterSeconds } from '../wire/retry-after.ts';

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

/** The body holds messages, but none of them is the answer. */
export function otherAnswer({ status }: HttpResponse, body: Buffer, url: URL): ProxyError {
  const data: ErrorData = { httpStatus: status, ...(body.length > 0 && { body: excerpt(body) }), outcome: 'unknown' };
  return new ProxyError('failed', `${showUrl(url)} answered a different request`, data);
}

/** The server answered on a stream, but not with a JSON-RPC response. */
export function malformedAnswer(reason: string, response: HttpResponse): ProxyError {
  return new ProxyError('failed', `the server's answer is malformed: ${reason}`, begun(response));
}

/**
 * A stream ended in order, but without the answer.
 * @param cause why the proxy could not resume it
 */
export function endedStream(response: HttpResponse, url: URL, cause?: unknown): ProxyError {
  const told = cause instanceof ProxyError ? cause.data : {};
  // The status and the body of the last response belong together.
  const data = { ...(told.httpStatus === undefined && begun(response)), ...told, outcome: 'unknown' } as const;
  return new ProxyError('failed', `${showUrl(url)} ended the stream before it had answered`, data, cause);
}

function begun(response: HttpResponse): ErrorData {
  return { ...responseData(response, response.body.beginning ?? Buffer.alloc(0)), outcome: 'unknown' };
}

/**
 * Ends a call that the server will not answer, because it waits for an answer that cannot reach it.
 * @param error why the client's answer to a question of the server was not delivered
 */
export function undelivered(error: Error): ProxyError {
  const why = `the answer of the client could not be delivered: ${error.message}`;
  return new ProxyError('failed', why, { outcome: 'unknown' }, error);
}
