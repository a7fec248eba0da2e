// redis-server as a sentinel, which watches a primary and promotes a copy of it when it is gone.
//
//   const [primary, copy] = await startPair();
//   const sentinel = await startSentinel('main', primary.port);
//   await sentinel.command('SENTINEL', 'FAILOVER', 'main');
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Changes } from './changes.ts';
import { startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { type RedisPeer, startRedis } from './redis.ts';

export interface SentinelPeer {
  readonly port: number;
  command(...words: string[]): Promise<string>;
  close(): Promise<void>;
}

/** A primary, and a copy of it. */
export async function startPair(args: string[] = []): Promise<[primary: RedisPeer, copy: RedisPeer]> {
  const own = [...args, '--repl-diskless-sync-delay', '0'];
  const primary = await startRedis(own);
  return [primary, await startRedis([...own, '--replicaof', '127.0.0.1', String(primary.port)])];
}

export interface SentinelOptions {
  /** Of the primary and of the copy. */
  readonly password?: string;
  /** Of the sentinel itself. */
  readonly ownPassword?: string;
  /** Flags of redis-server for TLS, without a port: the sentinel then accepts nothing else. */
  readonly tls?: readonly string[];
}

/**
 * Alone, it decides after a second that the primary is gone.
 * @param name of the primary
 */
export async function startSentinel(
  name: string,
  primary: number,
  { password, ownPassword, tls }: SentinelOptions = {},
): Promise<SentinelPeer> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-sentinel-'));
  const file = path.join(folder, 'sentinel.conf');
  const lines = [
    tls ? `port 0\ntls-port ${port}` : `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${primary} 1`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 10000`,
    ...(ownPassword === undefined ? [] : [`requirepass "${ownPassword}"`]),
    ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
  ];
  writeFileSync(file, lines.join('\n'));
  const changes = new Changes();
  const daemon = startDaemon('redis-server', [file, '--sentinel', ...(tls ?? [])], folder, () => changes.changed());
  void daemon.gone.then((reason) => changes.end(reason));
  const command = async (...words: string[]): Promise<string> =>
    (await promisify(execFile)('redis-cli', ['-p', String(port), '--raw', ...words])).stdout.trimEnd();
  try {
    await changes.until(
      () => daemon.stderr.includes('+monitor master') || undefined,
      (reason) => `the sentinel did not start: ${reason}\n${daemon.stderr}`,
    );
    // It learns of the copy from the primary.
    await changes.until(
      () => daemon.stderr.includes('+slave slave') || undefined,
      (reason) => `the sentinel found no copy: ${reason}\n${daemon.stderr}`,
    );
  } catch (error) {
    await daemon.close();
    throw error;
  }
  return { port, command, close: () => daemon.close() };
}
