// Debian's tinyproxy on loopback, with a configuration of its own. Host names are the business of the proxy behind it.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type Daemon, startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { type Peer, WAIT_MS } from './listen.ts';

export interface Tinyproxy extends Peer {
  readonly port: number;
  /** What it has logged so far. */
  log(): string;
}

export interface TinyproxyOptions {
  /** The proxy that resolves names: tinyproxy asks it for everything. */
  parent: { port: number };
  credentials?: { user: string; password: string };
}

export async function startTinyproxy({ parent, credentials }: TinyproxyOptions): Promise<Tinyproxy> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-tinyproxy-'));
  const logFile = path.join(folder, 'log');
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Allow 127.0.0.1',
    'Timeout 60',
    'MaxClients 50',
    'LogLevel Info',
    `LogFile "${logFile}"`,
    `Upstream http 127.0.0.1:${parent.port}`,
    ...(credentials ? [`BasicAuth ${credentials.user} ${credentials.password}`] : []),
  ];
  const configFile = path.join(folder, 'tinyproxy.conf');
  writeFileSync(configFile, `${config.join('\n')}\n`);
  const log = (): string => {
    try {
      return readFileSync(logFile, 'utf8');
    } catch {
      return '';
    }
  };

  const daemon = startDaemon('tinyproxy', ['-d', '-c', configFile], folder);
  try {
    await accepting(port, daemon);
  } catch (error) {
    await daemon.close();
    throw new Error(`${error instanceof Error ? error.message : error}\n${daemon.stderr}\n${log()}`);
  }
  return { url: `http://127.0.0.1:${port}`, port, log, close: daemon.close };
}

/** tinyproxy does not report when it listens, so this tries until it does. */
async function accepting(port: number, { child, gone }: Daemon): Promise<void> {
  let ended: string | undefined;
  void gone.then((how) => {
    ended = how;
  });
  for (const started = Date.now(); Date.now() - started < WAIT_MS; ) {
    if (ended !== undefined) throw new Error(`tinyproxy (Debian: apt-get install tinyproxy) did not start: ${ended}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`tinyproxy (pid ${child.pid}) did not listen within ${WAIT_MS} ms`);
}
