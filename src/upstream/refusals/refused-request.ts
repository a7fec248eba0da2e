/** The error of a request that was refused, but not for its credential: what the status says, and what to do. */
import type { HttpResponse } from '../../core/fetch.ts';
import { showUrl } from '../../core/redact.ts';
import { otherScheme } from '../../core/url.ts';
import { type ErrorData, ProxyError } from '../../errors.ts';
import { misplaced, responseData } from '../failure.ts';

/** Statuses by which a server refuses the HTTP request before it looks at the message. */
const UNREAD = new Set([405, 406, 407, 411, 413, 414, 415, 417, 421, 426, 429, 431, 494, 495, 496]);
/** Statuses that say that there is no MCP server at this path. */
const MISPLACED = new Set([404, 405, 410]);

/** How many bytes of a body to examine. */
const EXAMINED = 65_536;
/** The answers of nginx, Go and Apache to plain HTTP on a TLS port. */
const WANTS_TLS =
  /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL-enabled/;
/** The pages of nginx for its own statuses (ngx_http_special_response.c), which it sends with 400. */
const NGINX = new Map([
  ['Request Header Or Cookie Too Large', 494],
  ['The SSL certificate error', 495],
  ['No required SSL certificate was sent', 496],
]);

export function refusedRequest(response: HttpResponse, body: Buffer, url: URL): ProxyError {
  const data = responseData(response, body);
  const text = response.status === 400 ? body.toString('latin1', 0, EXAMINED) : '';
  const answered = `${showUrl(url)} answered HTTP ${response.status}`;
  if (url.protocol === 'http:' && WANTS_TLS.test(text)) {
    const message = `${answered}: the server there encrypts (TLS), but the URL begins with http:`;
    return new ProxyError('unreachable', message, { ...data, hint: `use ${showUrl(otherScheme(url))}` });
  }
  const status = NGINX.get(/<title>400 ([^<]*)<\/title>/.exec(text)?.[1] ?? '') ?? response.status;
  if (status === 495 || status === 496) return withoutCertificate(answered, status, data);
  const hint = statusHint(status, data.retryAfter);
  // A server may run a call and refuse it afterwards, unless it says that it did not look at it.
  const outcome = UNREAD.has(status) ? {} : ({ outcome: 'unknown' } as const);
  const error = new ProxyError('failed', answered, { ...data, ...outcome, ...(hint && { hint }) });
  if (MISPLACED.has(status)) misplaced.add(error);
  return error;
}

/** The server has taken the connection, but not the client certificate. */
function withoutCertificate(answered: string, status: 495 | 496, data: ErrorData): ProxyError {
  const [problem, hint] =
    status === 496
      ? ['it demands a client certificate', 'give it with --cert FILE --key FILE; the operator of the server issues it']
      : [
          'it does not accept the client certificate',
          'check that the one in --cert has not expired, and ask the operator of the server who must issue it',
        ];
  return new ProxyError('unreachable', `${answered}: ${problem}`, { ...data, hint });
}

/**
 * What to do about a status (RFC 9110, section 15); undefined when only the body can say. Advises
 * repeating a call that may have run only if the server asks for it.
 */
function statusHint(status: number, retryAfter: number | undefined): string | undefined {
  const later = retryAfter === undefined ? undefined : `try again in ${retryAfter} s`;
  switch (status) {
    case 404:
    case 405:
      return 'check the path of the URL';
    // Only the client is shown the body: what it quotes may be a secret of one of several clients.
    case 400:
    case 409:
    case 422:
      return 'the server rejected the request; the error in your client shows what it answered';
    case 408:
      return 'the server, or a gateway in front of it, waited too long for the request; if this continues, ask its operator';
    case 410:
      return 'the server is no longer at this URL: look for the new one in its documentation';
    case 413:
      return 'the message is larger than the server, or a gateway in front of it, takes; ask its operator';
    // Some firewalls send it to what they take for a robot.
    case 418:
      return 'a firewall in front of the server may block this machine; ask its operator';
    case 429:
      return `the server limits how many requests it takes; ${later ?? 'try again later'}`;
    case 431:
    case 494:
      return 'the headers are larger than the server takes: shorten those of --header, or ask its operator';
    case 502:
    case 504:
      return `the gateway in front of the server cannot reach it; ${later ?? CONTINUES}`;
    case 503:
      return `the server is not available; ${later ?? CONTINUES}`;
  }
  return status >= 500 ? `the server failed; ${later ?? CONTINUES}` : undefined;
}

const CONTINUES = 'if this continues, ask its operator';
