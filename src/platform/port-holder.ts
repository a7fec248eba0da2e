/** Who listens on a port of this machine, so that a message can name the program to end. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { printable } from '../core/redact.ts';

const TABLES = ['net/tcp', 'net/tcp6'];
const LISTENING = '0A';
/** In hexadecimal as /proc has it, each 32 bits turned around: any address, and loopback. */
const OF_THIS_MACHINE = /^(?:0{8}|[0-9A-F]{6}7F|0{32}|0{24}01000000|0{16}FFFF0000(?:0{8}|[0-9A-F]{6}7F))$/;
/** In milliseconds: a message without a name is better than one that comes late. */
const LONGEST_SEARCH = 500;

/**
 * Such as `nginx (pid 123)`; undefined where that cannot be found out: on other systems than Linux, for processes of
 * other users, and when it takes long. Never rejects.
 * @param port TCP port
 */
export async function portHolder(port: number, folder = '/proc'): Promise<string | undefined> {
  try {
    const inodes = await listeningInodes(port, folder);
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

/** Numbers of the sockets that listen on the port, as the file descriptors of their processes name them. */
async function listeningInodes(port: number, folder: string): Promise<Set<string>> {
  const inodes = new Set<string>();
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of TABLES) {
    // A kernel without IPv6 has no table for it.
    const text = await readFile(path.join(folder, table), 'latin1').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      // sl, local_address, rem_address, st, tx_queue:rx_queue, tr:tm->when, retrnsmt, uid, timeout, inode
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      const [address = '', place] = local.split(':');
      if (state === LISTENING && place === wanted && OF_THIS_MACHINE.test(address) && inode) inodes.add(inode);
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
