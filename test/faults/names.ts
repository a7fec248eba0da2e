// Host names for servers of the matrix, which a name server of this machine knows, or knows no longer. The program looks
// up names with `dns.lookup`; the tests run it in their own process.
import dns from 'node:dns';

const ZONE = '.faults.test';
const unknown = new Set<string>();

/** The name of an address; `unknown` makes it one that does not exist. */
export function setName(address: string, state: 'known' | 'unknown' = 'known'): string {
  const name = `${address.replaceAll('.', '-')}${ZONE}`;
  if (state === 'unknown') unknown.add(name);
  else unknown.delete(name);
  return name;
}

const { lookup } = dns;

type Callback = (error: NodeJS.ErrnoException | null, address?: unknown, family?: number) => void;

function lookupHere(hostname: string, options: { all?: boolean } | Callback, given?: Callback): void {
  const done = typeof options === 'function' ? options : (given as Callback);
  if (!hostname.endsWith(ZONE)) {
    (lookup as (...all: unknown[]) => void)(hostname, options, given);
    return;
  }
  if (unknown.has(hostname)) {
    const missing = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', hostname });
    process.nextTick(done, missing);
    return;
  }
  const address = hostname.slice(0, -ZONE.length).replaceAll('-', '.');
  const all = typeof options === 'object' && options.all === true;
  process.nextTick(done, null, all ? [{ address, family: 4 }] : address, 4);
}

dns.lookup = lookupHere as unknown as typeof dns.lookup;
