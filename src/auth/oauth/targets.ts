/** Where credentials may be asked for: `https:`, or this very machine, and nothing inside a network that the server could not see itself. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../../config.ts';
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
  // Addresses that lead to IPv4 ones, which may be any.
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

/** An address that must not be asked or opened, whoever named it. */
export class UnsafeTarget extends ProxyError {}

/**
 * Whether a URL that came from the network may be used at all. Throws a ProxyError
 * `unauthorized` unless it is a plain `https:` URL, or an `http:` one of this machine.
 */
export function checkScheme(url: URL): void {
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (safe && url.username === '' && url.password === '') return;
  const shown = /^https?:$/.test(url.protocol) ? showUrl(url) : JSON.stringify(url.protocol);
  throw new UnsafeTarget('unauthorized', `the sign-in leads to ${shown}, which is not safe`, {
    hint: 'only https: addresses are used for a sign-in, or http: ones on this machine',
  });
}

/**
 * Whether a request may go to `target` because `server` said so. A server on the internet must
 * not make this program look around in the network that it runs in (CWE-918).
 */
export async function checkTarget(target: URL, server: URL): Promise<void> {
  checkScheme(target);
  if (target.hostname === server.hostname || !(await isPrivate(target)) || (await isPrivate(server))) return;
  throw new UnsafeTarget(
    'unauthorized',
    `${server.host} sends the sign-in to ${target.host}, an address inside a private network`,
    { hint: 'a public server has no business there; ask its operator' },
  );
}

async function isPrivate(url: URL): Promise<boolean> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(url.hostname)) return true;
  if (isIP(host) !== 0) return isPrivateAddress(host);
  try {
    const addresses = await lookup(host, { all: true });
    return addresses.some(({ address }) => isPrivateAddress(address));
  } catch {
    // A name that only an outbound proxy can look up; if nobody can, the connection fails and says so.
    return false;
  }
}
