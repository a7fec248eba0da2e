/** Which addresses a sign-in may use: `https:` or this machine, and none in a private network unless the server is in one. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../../config.ts';
import type { Resolved } from '../../core/fetch.ts';
import { showUrl } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';

/** Addresses that are not on the public internet (RFC 6890 and the registries it names). */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  // These addresses lead to IPv4 addresses, which may be private.
  ['64:ff9b::', 96],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

/** Whether an address belongs to this machine or to a private network. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const version = isIP(plain);
  return version !== 0 && PRIVATE.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}

/** An address that the program must not request or open, no matter which party named it. */
export class UnsafeTarget extends ProxyError {}

/**
 * Checks whether a URL from the network is safe to use. Throws a ProxyError `unauthorized` unless it is a plain
 * `https:` URL, or an `http:` URL on this machine.
 */
export function checkScheme(url: URL): void {
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (safe && url.username === '' && url.password === '') return;
  const shown = /^https?:$/.test(url.protocol) ? showUrl(url) : JSON.stringify(url.protocol);
  throw new UnsafeTarget('unauthorized', `the sign-in leads to ${shown}, which is not safe`, {
    hint: 'only https: addresses are used for a sign-in, or http: ones on this machine',
  });
}

/** Resolves a host name to all its addresses, as `dns.lookup` does. */
export type Resolve = (name: string) => Promise<Resolved['addresses']>;

const resolveHere: Resolve = (name) => lookup(name, { all: true });

/** The protected server, which names targets. */
export interface NamingServer {
  readonly url: URL;
  /** The addresses that connections to it have had. They tell where it is; a name server may say something else now. */
  readonly addresses: ReadonlySet<string>;
}

/**
 * Checks whether a request may go to `target` because `server` said so. A server on the internet must not make this
 * program probe the network that it runs in (CWE-918). Returns the addresses that were checked, if the request must go
 * to one of them.
 */
export async function checkTarget(
  target: URL,
  server: NamingServer,
  resolve: Resolve = resolveHere,
): Promise<Resolved | undefined> {
  checkScheme(target);
  if (target.hostname === server.url.hostname || (await isInside(server, resolve))) return undefined;
  const addresses = await addressesOf(target, resolve);
  if (!addresses.some(({ address }) => isPrivateAddress(address))) return { addresses };
  throw new UnsafeTarget(
    'unauthorized',
    `${server.url.host} sends the sign-in to ${target.host}, an address inside a private network`,
    { hint: 'a public server has no business there; ask its operator' },
  );
}

/** Whether the server is on this machine or in a private network. */
async function isInside({ url, addresses }: NamingServer, resolve: Resolve): Promise<boolean> {
  if (isLoopback(url.hostname)) return true;
  const all = addresses.size > 0 ? [...addresses] : (await addressesOf(url, resolve)).map(({ address }) => address);
  return all.length > 0 && all.every(isPrivateAddress);
}

async function addressesOf({ hostname }: URL, resolve: Resolve): Promise<Resolved['addresses']> {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(hostname)) return [{ address: '127.0.0.1', family: 4 }];
  const version = isIP(host);
  if (version !== 0) return [{ address: host, family: version }];
  try {
    return await resolve(host);
  } catch {
    // Only an outbound proxy may know this name. Without one, the connection fails and says so.
    return [];
  }
}
