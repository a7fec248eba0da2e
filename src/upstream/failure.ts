/** Says what went wrong at the upstream: the cause, the place, and what to do. */
import type { HttpResponse } from '../core/fetch.ts';
import { printable, showUrl } from '../core/redact.ts';
import { type ErrorData, ProxyError } from '../errors.ts';
import { retryAfterSeconds } from '../wire/retry-after.ts';
import { otherScheme } from './address.ts';

/**
 * Bytes of a body that an error keeps, more than any token has. An error shows far fewer: the proxy hides secrets
 * first, and cuts the text afterwards.
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
  // A refused connection does not tell which protocol the server speaks.
  const mayBePlain = url.protocol === 'https:' && !certificate && (code === 'ECONNRESET' || isTlsError(code));
  if (mayBePlain && route.proxy === undefined) {
    const wrong = await (await import('./scheme.ts')).wrongScheme(url, error);
    if (wrong) return wrong;
  }
  const hint = certificate?.hint ?? route.hint;
  const cause = certificate?.problem ?? (code && CONNECT_CAUSES.get(code)) ?? printable(error.message, 200);
  const where = route.proxy && !certificate ? `${url.host} through the proxy ${route.proxy}` : url.host;
  return new ProxyError('unreachable', `cannot connect to ${where}: ${cause}`, hint ? { hint } : {}, error);
}

/** The code of the first attempt, where an error stands for attempts at several addresses. */
function firstCode(error: Error): string | undefined {
  return error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined)?.code : undefined;
}

/** Whether OpenSSL reports a failed handshake; older versions of Node report EPROTO instead. */
function isTlsError(code: string | undefined): boolean {
  return code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true;
}

/** The connection broke on the first request to an origin, which may not speak the protocol of the URL. */
export async function brokenAtFirst(error: NodeJS.ErrnoException, url: URL, route: Route): Promise<ProxyError> {
  const mayBeTls = url.protocol === 'http:' && route.proxy === undefined && !(error instanceof ProxyError);
  const wrong = mayBeTls ? await (await import('./scheme.ts')).wrongScheme(url, error) : undefined;
  return wrong ?? brokenConnection(error, url);
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

/** The server spoke HTTP, but never sent a final response. */
export function withoutAnswer(url: URL, what: string, httpStatus?: number): ProxyError {
  const status = httpStatus === undefined ? '' : ` (HTTP ${httpStatus})`;
  const data: ErrorData = { ...(httpStatus !== undefined && { httpStatus }), outcome: 'unknown' };
  return new ProxyError('failed', `${showUrl(url)} ${what}${status} instead of answering`, data);
}

/** A response that is no answer: its status, and what its body says for a start. */
export function unexpectedResponse(response: HttpResponse, body: Buffer, url: URL): ProxyError {
  const { status } = response;
  const retryAfter = retryAfterSeconds(response.headers['retry-after']);
  const data: ErrorData = {
    httpStatus: status,
    ...(body.length > 0 && { body: excerpt(body) }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
  const where = showUrl(url);
  if (status === 401 || status === 403) {
    const hint =
      status === 401
        ? 'give the credentials with --header, for example -H "Authorization: Bearer ${TOKEN}"'
        : 'this account, or these credentials, may not do that; ask the operator of the server';
    const what = status === 401 ? 'asks for authorization' : 'refuses these credentials';
    return new ProxyError('unauthorized', `${where} ${what} (HTTP ${status})`, { ...data, hint });
  }
  // A server may run a call and refuse it afterwards, unless it says that it did not look at it.
  const outcome = UNREAD.has(status) ? {} : ({ outcome: 'unknown' } as const);
  if (status >= 200 && status < 300) {
    const type = String(response.headers['content-type'] ?? 'no content type').slice(0, 80);
    const hint = 'check that the URL is the MCP endpoint itself';
    const message = `${where} answered HTTP ${status} with ${type}, not with MCP`;
    return new ProxyError('failed', message, { ...data, ...outcome, hint });
  }
  const hint = status === 404 || status === 405 ? { hint: 'check the path of the URL' } : {};
  if (status === 400 && url.protocol === 'http:' && WANTS_TLS.test(body.toString('latin1', 0, EXCERPT))) {
    const message = `${where} answered HTTP 400: the server there encrypts (TLS), but the URL begins with http:`;
    return new ProxyError('unreachable', message, { ...data, hint: `use ${showUrl(otherScheme(url))}` });
  }
  return new ProxyError('failed', `${where} answered HTTP ${status}`, { ...data, ...outcome, ...hint });
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

/** The server answered, but not with what JSON-RPC calls an answer. */
export function malformedAnswer(reason: string): ProxyError {
  return new ProxyError('failed', `the server's answer is malformed: ${reason}`, { outcome: 'unknown' });
}
