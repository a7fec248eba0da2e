/** Says what went wrong at the upstream: the cause, the place, and what to do. */
import type { HttpResponse } from '../core/fetch.ts';
import { printable, showUrl } from '../core/redact.ts';
import { type ErrorData, ProxyError } from '../errors.ts';
import { retryAfterSeconds } from '../wire/retry-after.ts';

/**
 * Bytes of a body that an error keeps, more than any token has. Far fewer are shown: secrets are hidden first, and the
 * text is cut afterwards.
 */
const EXCERPT = 65_536;
/** How much of a body is read to find out what it says: a JSON-RPC error may be long. */
export const ERROR_BODY_LIMIT = 1_048_576;

const CONNECT_CAUSES = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'the host name does not exist'],
  ['EAI_AGAIN', 'the host name could not be looked up'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'the network is unreachable'],
  ['ETIMEDOUT', 'the host does not answer'],
  ['ECONNRESET', 'the connection was closed while it was opened'],
  ['EMFILE', 'this process has as many files and connections open as it may (ulimit -n)'],
  ['ENFILE', 'this machine has as many files and connections open as it can'],
]);

/** Statuses that say something about the request as HTTP, before anybody looked at what it asks for. */
const UNREAD = new Set([405, 406, 407, 411, 413, 414, 415, 417, 421, 426, 429, 431]);

/** How the connection that failed was to be made. */
export interface Route {
  /** The outbound proxy, `host:port`, when there is one. */
  readonly proxy: string | undefined;
  /** What else could be wrong. */
  readonly hint: string | undefined;
}

/** No connection came about, so nothing was sent. */
export async function noConnection(error: NodeJS.ErrnoException, url: URL, route: Route): Promise<ProxyError> {
  if (error instanceof ProxyError) return error;
  const code = error.code ?? firstCode(error);
  const { certificateProblem } = await import('./certificate.ts');
  // The look at the certificate goes straight to the server, which a proxy may be there to prevent.
  const certificate = await certificateProblem(error, code, url, route.proxy === undefined);
  const hint = certificate?.hint ?? route.hint;
  const cause = certificate?.problem ?? (code && CONNECT_CAUSES.get(code)) ?? printable(error.message, 200);
  const where = route.proxy && !certificate ? `${url.host} through the proxy ${route.proxy}` : url.host;
  return new ProxyError('unreachable', `cannot connect to ${where}: ${cause}`, hint ? { hint } : {}, error);
}

/** The code of the first attempt, where an error stands for attempts at several addresses. */
function firstCode(error: Error): string | undefined {
  return error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined)?.code : undefined;
}

/** The connection broke after the request was on its way. */
export function brokenConnection(error: NodeJS.ErrnoException, url: URL): ProxyError {
  if (error instanceof ProxyError) return error;
  return new ProxyError(
    'failed',
    `${showUrl(url)} closed the connection before it had answered${error.code ? ` (${error.code})` : ''}`,
    { outcome: 'unknown' },
    error,
  );
}

/** HTTP was spoken, and what came in the end was no response. */
export function withoutAnswer(url: URL, what: string, httpStatus?: number): ProxyError {
  const status = httpStatus === undefined ? '' : ` (HTTP ${httpStatus})`;
  const data: ErrorData = { ...(httpStatus !== undefined && { httpStatus }), outcome: 'unknown' };
  return new ProxyError('failed', `${showUrl(url)} ${what}${status} instead of answering`, data);
}

/** What is known of a response. */
export function responseData({ status, headers }: HttpResponse, body: Buffer): ErrorData {
  const retryAfter = retryAfterSeconds(headers['retry-after']);
  return {
    httpStatus: status,
    ...(body.length > 0 && { body: excerpt(body) }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

/** A response that is no answer: its status, and what its body says for a start. */
export function unexpectedResponse(response: HttpResponse, body: Buffer, url: URL): ProxyError {
  const { status } = response;
  const data = responseData(response, body);
  const where = showUrl(url);
  // A server may run a call and refuse it afterwards, unless it says that it did not look at it.
  const outcome = UNREAD.has(status) ? {} : ({ outcome: 'unknown' } as const);
  if (status >= 200 && status < 300) {
    const type = String(response.headers['content-type'] ?? 'no content type').slice(0, 80);
    const hint = 'check that the URL is the MCP endpoint itself';
    const message = `${where} answered HTTP ${status} with ${type}, which is no MCP answer`;
    const error = new ProxyError('failed', message, { ...data, ...outcome, hint });
    if (/^text\/html\b/i.test(type)) misplaced.add(error);
    return error;
  }
  const isPath = status === 404 || status === 405;
  const hint = isPath ? { hint: 'check the path of the URL' } : {};
  const error = new ProxyError('failed', `${where} answered HTTP ${status}`, { ...data, ...outcome, ...hint });
  if (isPath) misplaced.add(error);
  return error;
}

/** Errors that say that there is something at the URL, and not an MCP server. */
const misplaced = new WeakSet<ProxyError>();

/** The error, with the right URL where only the path of the URL was wrong. */
export async function withNeighbour(error: unknown, find: () => Promise<URL | undefined>): Promise<unknown> {
  if (!(error instanceof ProxyError) || !misplaced.has(error)) return error;
  const found = await find();
  if (!found) return error;
  const hint = `an MCP server answers at ${showUrl(found)}: use that URL`;
  return new ProxyError(error.code, error.message, { ...error.data, hint }, error);
}

/** The first bytes of a body as text, whole characters only. */
function excerpt(body: Buffer): string {
  return new TextDecoder().decode(body.subarray(0, EXCERPT), { stream: true });
}

/** A body that holds messages, none of which is the answer. */
export function otherAnswer({ status }: HttpResponse, body: Buffer, url: URL): ProxyError {
  const data: ErrorData = { httpStatus: status, ...(body.length > 0 && { body: excerpt(body) }), outcome: 'unknown' };
  return new ProxyError('failed', `${showUrl(url)} answered another request than this one`, data);
}

/** The server answered, but not with what JSON-RPC calls an answer. */
export function malformedAnswer(reason: string): ProxyError {
  return new ProxyError('failed', `the server's answer is malformed: ${reason}`, { outcome: 'unknown' });
}
