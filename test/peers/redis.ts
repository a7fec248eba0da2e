// Debian's redis-server on loopback: one process, nothing on disk, and ways to make it slow, gone, full or empty.
//
//   const store = await startRedis();
//   await store.command('FLUSHALL');
//   store.freeze();
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Changes } from './changes.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import type { Peer } from './listen.ts';

export interface RedisPeer extends Peer {
  readonly port: number;
  /** Runs one command with redis-cli, and returns what it prints. */
  command(...words: string[]): Promise<string>;
  /** Stops it without closing its connections: it answers nothing. */
  freeze(): void;
  thaw(): void;
  /** Ends it; everything in it is lost. */
  kill(): Promise<void>;
  /** Starts it again at the same port, empty. */
  restart(): Promise<void>;
}

/** Flags of a node of a cluster. Without them, its second port is the first one plus 10,000, which may be taken. */
export async function nodeFlags(): Promise<string[]> {
  return ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())];
}

export async function startRedis(args: string[] = []): Promise<RedisPeer> {
  const port = await freePort();
  let daemon = await start(port, args);
  const command = async (...words: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(port), '--raw', ...words]);
    return stdout.trimEnd();
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    command,
    freeze: () => void daemon.child.kill('SIGSTOP'),
    thaw: () => void daemon.child.kill('SIGCONT'),
    kill: () => daemon.close(),
    async restart() {
      daemon = await start(port, args);
    },
    close: () => daemon.close(),
  };
}

async function start(port: number, args: string[]): Promise<Daemon> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-redis-'));
  const changes = new Changes();
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const daemon = startDaemon('redis-server', [...own, ...args], folder, () => changes.changed());
  void daemon.gone.then((reason) => changes.end(reason));
  try {
    await changes.until(
      () => daemon.stderr.includes('Ready to accept connections') || undefined,
      (reason) => `redis-server (Debian: apt-get install redis-server) did not start: ${reason}\n${daemon.stderr}`,
    );
  } catch (error) {
    await daemon.close();
    throw error;
  }
  return daemon;
}
