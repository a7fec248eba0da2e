/**
 * Decides whether a request may come in, from its headers alone, before the proxy reads any of its body. A page in a
 * browser on this machine can reach every port of the machine, and so can other machines unless the proxy listens on
 * loopback only (specification, "Streamable HTTP", section "Security Warning").
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../../config.ts';
import { type Refusal, refused } from './refusal.ts';

export interface AccessRules {
  /** In lower case. */
  readonly allowedHosts: ReadonlySet<string>;
  /** As browsers write them: `scheme://host[:port]`. */
  readonly allowedOrigins: ReadonlySet<string>;
  /**
   * Whether a bearer token is the client token. Takes the same time for every wrong token. Undefined: there is no
   * client token.
   */
  readonly isToken: ((token: string) => boolean) | undefined;
}

/** The facts about a request that decide whether it may come in. */
export interface RequestFacts {
  readonly headers: IncomingHttpHeaders;
  /** The number of Host fields: the headers contain only the first of them. */
  readonly hosts: number;
  /** The host in the request target, if it names one. The Host field may name another one, so both are checked. */
  readonly authority?: string | undefined;
  readonly remoteAddress: string | undefined;
  /** The local address of the connection. */
  readonly localAddress: string | undefined;
}

export type AddressCheck =
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly origin?: string }
  /** The origin of the page that sent the request and may read the answer. Undefined when no page sent it. */
  | { readonly kind: 'checked'; readonly origin: string | undefined };

/**
 * Turns a request target in absolute form, as clients of HTTP proxies write it, into one in origin form (RFC 9112,
 * section 3.2.2). Returns the host in it; undefined for every other target.
 */
export function takeAuthority(req: Pick<IncomingMessage, 'url'>): string | undefined {
  const { url = '' } = req;
  if (url.startsWith('/')) return undefined;
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (authority !== undefined) req.url = rest.startsWith('/') ? rest : `/${rest}`;
  return authority;
}

/** Checks that the request is meant for this server, and that no page without permission sent it. */
export function checkAddressing(visitor: RequestFacts, rules: AccessRules): AddressCheck {
  const { host, origin } = visitor.headers;
  const { authority } = visitor;
  if (visitor.hosts > 1) return { kind: 'refused', refusal: refused(400, 'there is more than one Host header') };
  const isMeant =
    isOurs(hostIn(host), visitor, rules) && (authority === undefined || isOurs(hostIn(authority), visitor, rules));
  if (!isMeant) {
    const message = 'this Host is not allowed; to allow it, start mcp-proxy with --allowed-host NAME';
    return { kind: 'refused', refusal: refused(403, message) };
  }
  if (origin !== undefined && !isLoopbackOrigin(origin) && !rules.allowedOrigins.has(origin)) {
    return {
      kind: 'refused',
      refusal: refused(403, 'this Origin is not allowed; to allow it, start mcp-proxy with --allowed-origin ORIGIN'),
    };
  }
  // Browsers send no Origin for what a page shows without reading it, but `Sec-Fetch-Site` says that the page is not
  // ours.
  const site = visitor.headers['sec-fetch-site'];
  if (origin === undefined && (site === 'cross-site' || site === 'same-site')) {
    return { kind: 'refused', refusal: refused(403, 'pages of other sites are not allowed here') };
  }
  return origin === undefined ? SENT_BY_NO_PAGE : { kind: 'checked', origin };
}

const SENT_BY_NO_PAGE: AddressCheck = { kind: 'checked', origin: undefined };

/** Why the request must not come in. Undefined when it may: it comes from this machine, or carries the client token. */
export function checkIdentity(visitor: RequestFacts, rules: AccessRules): Refusal | undefined {
  const { authorization } = visitor.headers;
  const bearer = authorization === undefined ? undefined : /^Bearer +([^\s,]+) *$/i.exec(authorization)?.[1];
  if (bearer !== undefined && rules.isToken?.(bearer)) return undefined;
  if (isLocal(visitor)) return undefined;
  const wrong = bearer === undefined ? '' : ', error="invalid_token"';
  const message = rules.isToken
    ? bearer === undefined
      ? 'a client token is needed: send Authorization: Bearer TOKEN'
      : 'the client token is wrong'
    : 'a client token is needed, but the proxy was started without one: start it with --client-token';
  return refused(401, message, { 'www-authenticate': `Bearer realm="mcp-proxy"${wrong}` });
}

/**
 * Refuses what no page of this proxy itself has sent. Pages of other origins may use the endpoints of clients, but not
 * those of the status page.
 */
export function checkOwnPage(headers: IncomingHttpHeaders): Refusal | undefined {
  return isOwnPage(headers) ? undefined : FOREIGN;
}

const FOREIGN = refused(403, 'only the status page of this proxy may send this');

/**
 * Whether a page of this proxy itself sent a request, as its browser says (Fetch standard, "Origin header";
 * https://w3c.github.io/webappsec-fetch-metadata/). `Sec-Fetch-Site` is right even where a gateway has changed the Host.
 */
export function isOwnPage({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site === 'same-origin';
  // A gateway may end TLS, so the schemes need not be the same.
  const own = origin === undefined ? undefined : /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  return own !== undefined && own.toLowerCase() === host?.toLowerCase();
}

/** @param raw the names and values of all header fields */
export function countHosts(raw: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < raw.length; i += 2) if (raw[i]?.length === 4 && raw[i]?.toLowerCase() === 'host') hosts++;
  return hosts;
}

function isOurs(host: KnownHost, { localAddress, remoteAddress }: RequestFacts, rules: AccessRules): boolean {
  const { name } = host;
  if (name === undefined) return false;
  if (host.isLoopback || rules.allowedHosts.has(name)) return true;
  // An IP address cannot be rebound to another site, as a name can.
  const address = name.startsWith('[') ? name.slice(1, -1) : name;
  if (isIP(address) === 0) return false;
  return address === plainAddress(localAddress) || !isLoopbackAddress(remoteAddress);
}

/** Whether the request comes from a program or a page on this machine, and not through a gateway. */
function isLocal({ headers, authority, remoteAddress }: RequestFacts): boolean {
  if (!isLoopbackAddress(remoteAddress)) return false;
  if (!hostIn(headers.host).isLoopback) return false;
  if (authority !== undefined && !hostIn(authority).isLoopback) return false;
  if (headers.origin !== undefined && !isLoopbackOrigin(headers.origin)) return false;
  for (const name in headers) if (GATEWAY_HEADERS.has(name) || name.startsWith('x-forwarded-')) return false;
  return true;
}

/** Headers that gateways add to the requests they pass on (RFC 7239, and the headers in use before it). */
const GATEWAY_HEADERS: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
]);

interface KnownHost {
  readonly host: string | undefined;
  /** Without the port, in lower case. Undefined when the header contains no name. */
  readonly name: string | undefined;
  readonly isLoopback: boolean;
}

/** The last Host header, and what is in it: most requests have the same one. */
let known: KnownHost = { host: undefined, name: undefined, isLoopback: false };

function hostIn(host: string | undefined): KnownHost {
  if (host !== known.host) {
    const name = nameIn(host);
    known = { host, name, isLoopback: name !== undefined && isLoopback(name) };
  }
  return known;
}

function nameIn(host: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+)(?::\d{1,5})?$/i.exec(host ?? '')?.[1]?.toLowerCase();
}

function isLoopbackOrigin(origin: string): boolean {
  const name = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  const host = nameIn(name);
  return host !== undefined && isLoopback(host);
}

function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/i, '').replace(/%.*$/, '');
}

/** The last address that was asked for: most requests come from the same one. */
let lastAddress: { readonly address: string | undefined; readonly isLoopback: boolean } = {
  address: undefined,
  isLoopback: false,
};

function isLoopbackAddress(address: string | undefined): boolean {
  if (address !== lastAddress.address) {
    const plain = plainAddress(address);
    lastAddress = { address, isLoopback: plain !== undefined && (plain === '::1' || /^127\./.test(plain)) };
  }
  return lastAddress.isLoopback;
}
