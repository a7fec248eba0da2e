/** Says why no response came. */
import { showUrl } from '../core/redact.ts';
import { type ErrorData, ProxyError } from '../errors.ts';
import type { FailedRoute } from './unreachable/no-connection.ts';

/** No connection was established, so nothing was sent. */
export async function noConnection(error: NodeJS.ErrnoException, url: URL, route: FailedRoute): Promise<ProxyError> {
  return (await import('./unreachable/no-connection.ts')).noConnection(error, url, route);
}

/** The connection broke before the origin had answered anything, or in TLS: it may not have taken the request. */
export async function brokenAtFirst(error: NodeJS.ErrnoException, url: URL, route: FailedRoute): Promise<ProxyError> {
  const { notTaken } = await import('./unreachable/no-connection.ts');
  return (await notTaken(error, url, route)) ?? brokenConnection(error, url);
}

/**
 * The connection broke after the request was sent.
 * @param known what had arrived of a response
 */
export function brokenConnection(error: NodeJS.ErrnoException, url: URL, known: ErrorData = {}): ProxyError {
  if (error instanceof ProxyError) return error;
  return new ProxyError(
    'failed',
    `${showUrl(url)} closed the connection before it answered${error.code ? ` (${error.code})` : ''}`,
    {
      ...known,
      outcome: 'unknown',
      hint: 'if it happens again, ask the operator of the server, or of a gateway in front of it',
    },
    error,
  );
}

/** The server spoke HTTP, but never sent a final response. */
export function withoutAnswer(url: URL, what: string, httpStatus?: number): ProxyError {
  const status = httpStatus === undefined ? '' : ` (HTTP ${httpStatus})`;
  const data: ErrorData = { ...(httpStatus !== undefined && { httpStatus }), outcome: 'unknown' };
  return new ProxyError('failed', `${showUrl(url)} ${what}${status} instead of answering`, data);
}
