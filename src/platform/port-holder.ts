/** Finds the program that listens on a port of this machine, so that a message can name it. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import path from 'node:path';
import { printable } from '../core/redact.ts';

const TABLES = ['net/tcp', 'net/tcp6'];
const LISTENING = '0A';
/** Sockets that listen on these have the port on every address, and on these the port of any address is in the way. */
const EVERY_ADDRESS = ['0.0.0.0', '::'];
/** In milliseconds. On a busy machine the search takes a good part of it, and the program cannot go on without the port anyway. */
const LONGEST_SEARCH = 5_000;

/**
 * Such as `nginx (pid 123)`; undefined where that cannot be found out: on other systems than Linux, for processes of
 * other users, and when it takes long. Never rejects.
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
      if (await hasOpen(path.join(folder, pid, 'fd'), links, end)) {
        return `${await programName(path.join(folder, pid))} (pid ${pid})`;
      }
    }
  } catch {
    // No such file system here.
  }
  return undefined;
}

/** Whether a socket that listens on an address keeps this program from one of its own. */
function conflictsWith(addresses: readonly string[]): (address: string) => boolean {
  if (addresses.some((address) => EVERY_ADDRESS.includes(address))) return () => true;
  const wanted = new BlockList();
  for (const address of [...EVERY_ADDRESS, ...addresses]) wanted.addAddress(address, familyOf(address));
  return (address) => wanted.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** An address as /proc has it, in hexadecimal and with each 32 bits turned around; undefined for anything else. */
function addressOf(hexadecimal: string): string | undefined {
  if (!/^(?:[0-9A-F]{8}|[0-9A-F]{32})$/.test(hexadecimal)) return undefined;
  const bytes = Buffer.from(hexadecimal, 'hex').swap32();
  if (bytes.length === 4) return bytes.join('.');
  return bytes.toString('hex').replace(/.{4}(?=.)/g, '$&:');
}

/** Numbers of the sockets that listen on the port, as the file descriptors of their processes name them. */
async function listeningInodes(
  port: number,
  conflicts: (address: string) => boolean,
  folder: string,
): Promise<Set<string>> {
  const inodes = new Set<string>();
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of TABLES) {
    // A kernel without IPv6 has no table for it.
    const text = await readFile(path.join(folder, table), 'latin1').catch(() => '');
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
  // Unreadable for processes of other users.
  const descriptors = await readdir(folder).catch(() => []);
  for (const descriptor of descriptors) {
    if (performance.now() > end) return false;
    const link = await readlink(path.join(folder, descriptor)).catch(() => '');
    if (links.has(link)) return true;
  }
  return false;
}

/** The name of the program's file; threads may have given themselves other names. */
async function programName(folder: string): Promise<string> {
  const file = await readlink(path.join(folder, 'exe')).catch(() => '');
  const name = path.basename(file.replace(/ \(deleted\)$/, ''));
  return printable(name || (await readFile(path.join(folder, 'comm'), 'utf8').catch(() => '')), 60) || 'a program';
}
