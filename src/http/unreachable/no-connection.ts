/** Says why no connection could be made: the cause, the place, and what to do. Loaded only when needed. */
import type { LookupFunction } from 'node:net';
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { certificateProblem } from './certificate.ts';
import { clientCertificateProblem } from './client-certificate.ts';
import { wrongScheme } from './scheme.ts';

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

const CHECK_NETWORK = 'check the network of this machine; some servers are reached through a VPN or a proxy only';
const CONNECT_HINTS = new Map([
  ['ECONNREFUSED', 'check that the server is running, and the port'],
  ['ENOTFOUND', "check the spelling of the host name; a company's server may need its VPN"],
  ['EAI_AGAIN', CHECK_NETWORK],
  ['EHOSTUNREACH', CHECK_NETWORK],
  ['ENETUNREACH', CHECK_NETWORK],
  ['ETIMEDOUT', CHECK_NETWORK],
  ['ECONNRESET', 'something between here and the server, such as a firewall, closes connections; ask its operator'],
]);

/** How the proxy tried to make the connection that failed. */
export interface FailedRoute {
  /** The outbound proxy, `host:port`, if there is one. */
  readonly proxy: string | undefined;
  /** What else could be wrong. */
  readonly hint: string | undefined;
  /** Whether `--ca` was given. */
  readonly ca: boolean;
  /** Whether `--cert` was given, and the URL is one that may see it. */
  readonly cert: boolean;
  /** How the host name is looked up; left out: as this machine does. */
  readonly lookup?: LookupFunction;
}

/** No connection was established, so nothing was sent. */
export async function noConnection(error: NodeJS.ErrnoException, url: URL, route: FailedRoute): Promise<ProxyError> {
  if (error instanceof ProxyError) return error;
  const code = error.code ?? firstCode(error);
  // This look at the certificate goes straight to the server, which an outbound proxy may exist to prevent.
  const certificate = await certificateProblem(error, code, url, {
    mayLook: route.proxy === undefined,
    ...route,
  });
  const known = certificate ?? clientCertificateProblem(error, route.cert);
  // A refused connection does not tell which protocol the server speaks.
  const mayBePlain = url.protocol === 'https:' && !known && (code === 'ECONNRESET' || isTlsError(code));
  if (mayBePlain && route.proxy === undefined) {
    const wrong = await wrongScheme(url, error, route.lookup);
    if (wrong) return wrong;
  }
  const hint = known?.hint ?? route.hint ?? (code && CONNECT_HINTS.get(code));
  const cause = known?.problem ?? (code && CONNECT_CAUSES.get(code)) ?? printable(error.message, 200);
  const where = route.proxy && !certificate ? `${url.host} through the proxy ${route.proxy}` : url.host;
  return new ProxyError('unreachable', `cannot connect to ${where}: ${cause}`, hint ? { hint } : {}, error);
}

/** The code of the first attempt, when one error reports attempts at several addresses. */
function firstCode(error: Error): string | undefined {
  return error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined)?.code : undefined;
}

/** Whether OpenSSL reports a failed handshake; older versions of Node report EPROTO instead. */
function isTlsError(code: string | undefined): boolean {
  return code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true;
}

/** The error when the connection broke on a request that cannot have run; undefined when it may have run. */
export async function notTaken(
  error: NodeJS.ErrnoException,
  url: URL,
  route: FailedRoute,
): Promise<ProxyError | undefined> {
  if (url.protocol === 'https:') {
    return clientCertificateProblem(error, route.cert) && noConnection(error, url, route);
  }
  const mayBeTls = route.proxy === undefined && !(error instanceof ProxyError);
  return mayBeTls ? wrongScheme(url, error) : undefined;
}
