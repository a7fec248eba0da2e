/** Finds the program that listens on a port of this machine, so that a message can name it. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import { basename, join } from 'node:path';
import { printable } from '../core/redact.ts';

const TABLES = ['net/tcp', 'net/tcp6'];
const LISTENING = '0A';
/** A socket on one of these takes the port on every address, and a socket on any address blocks the port for these. */
const EVERY_ADDRESS = ['0.0.0.0', '::'];
/** In milliseconds. On a busy machine a search takes seconds, and the program cannot go on without the port anyway. */
const LONGEST_SEARCH = 5_000;

/**
 * The program, such as `nginx (pid 123)`. Undefined on systems other than Linux, for processes of other users, and
 * when the search takes too long. Never rejects.
 * @param port TCP port
 * @param addresses IP addresses that this program wanted to listen on
 */
export async function portHolder(
  port: number,
  addresses: readonly string[],
  folder = '/proc',
): Promise<string | undefined> {
  try {
    const inodes = await listeningInodes(port, conflictsWith(addresses), folder);
    if (inodes.size === 0) return undefined;
    const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
    const end = performance.now() + LONGEST_SEARCH;
    for (const pid of await readdir(folder)) {
      if (performance.now() > end) return undefined;
      if (!/^\d+$/.test(pid)) continue;
      if (await hasOpen(join(folder, pid, 'fd'), links, end)) {
        return `${await programName(join(folder, pid))} (pid ${pid})`;
      }
    }
  } catch {
    // This system has no /proc.
  }
  return undefined;
}

/** Whether a socket that listens on an address prevents this program from listening on its own addresses. */
function conflictsWith(addresses: readonly string[]): (address: string) => boolean {
  if (addresses.some((address) => EVERY_ADDRESS.includes(address))) return () => true;
  const wanted = new BlockList();
  for (const address of [...EVERY_ADDRESS, ...addresses]) wanted.addAddress(address, familyOf(address));
  return (address) => wanted.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** An address from /proc, where it is hexadecimal with the bytes of each 32 bits reversed; undefined for any other text. */
function addressOf(hexadecimal: string): string | undefined {
  if (!/^(?:[0-9A-F]{8}|[0-9A-F]{32})$/.test(hexadecimal)) return undefined;
  const bytes = Buffer.from(hexadecimal, 'hex').swap32();
  if (bytes.length === 4) return bytes.join('.');
  return bytes.toString('hex').replace(/.{4}(?=.)/g, '$&:');
}

/** Inodes of the sockets that listen on the port, as file descriptors name them. */
async function listeningInodes(
  port: number,
  conflicts: (address: string) => boolean,
  folder: string,
): Promise<Set<string>> {
  const inodes = new Set<string>();
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of TABLES) {
    // A kernel without IPv6 has no table for it.
    const text = await readFile(join(folder, table), 'latin1').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      // sl, local_address, rem_address, st, tx_queue:rx_queue, tr:tm->when, retrnsmt, uid, timeout, inode
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      const [hexadecimal = '', place] = local.split(':');
      if (state !== LISTENING || place !== wanted || !inode) continue;
      const address = addressOf(hexadecimal);
      if (address !== undefined && conflicts(address)) inodes.add(inode);
    }
  }
  return inodes;
}

async function hasOpen(folder: string, links: ReadonlySet<string>, end: number): Promise<boolean> {
  // The descriptors of other users' processes are unreadable.
  const descriptors = await readdir(folder).catch(() => []);
  for (const descriptor of descriptors) {
    if (performance.now() > end) return false;
    const link = await readlink(join(folder, descriptor)).catch(() => '');
    if (links.has(link)) return true;
  }
  return false;
}

/** The name of the program's file, because threads may have given themselves other names. */
async function programName(folder: string): Promise<string> {
  const file = await readlink(join(folder, 'exe')).catch(() => '');
  const name = basename(file.replace(/ \(deleted\)$/, ''));
  return printable(name || (await readFile(join(folder, 'comm'), 'utf8').catch(() => '')), 60) || 'a program';
}
