/**
 * The parts of a URL that are needed to send a request there. Reading them from a `URL` is
 * expensive, so it is done once.
 */
import type { LookupFunction } from 'node:net';
import { isLoopback } from '../config.ts';
import type { Resolved } from '../core/fetch.ts';

export interface Address {
  readonly origin: string;
  /** The name or address to connect to. */
  readonly hostname: string;
  readonly port: string;
  /** Path and query, as in the request line. */
  readonly path: string;
}

const known = new WeakMap<URL, Address>();

/** @param url must never be changed afterwards. */
export function addressOf(url: URL): Address {
  let address = known.get(url);
  if (!address) {
    address = { origin: url.origin, hostname: hostOf(url), port: url.port, path: url.pathname + url.search };
    known.set(url, address);
  }
  return address;
}

/**
 * The host to connect to: every loopback name means this machine, whatever a name server says
 * (RFC 6761, section 6.3).
 */
function hostOf({ hostname }: URL): string {
  // Brackets belong to the URL, not to the address.
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return isLoopback(hostname) && !/^\d/.test(hostname) ? 'localhost' : hostname;
}

/** A `lookup` option of `node:net` that answers with these addresses, and never asks a name server. */
export function lookupIn({ addresses }: Resolved): LookupFunction {
  return (hostname, { all, family }, callback) => {
    const fitting = addresses.filter((one) => !(family === 4 || family === 6) || one.family === family);
    const [first] = fitting;
    if (first === undefined) {
      const missing = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
      process.nextTick(callback, missing, '');
    } else if (all) {
      process.nextTick(callback, null, [...fitting]);
    } else {
      process.nextTick(callback, null, first.address, first.family);
    }
  };
}
