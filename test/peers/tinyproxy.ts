// Debian's tinyproxy on loopback, with a configuration of its own. Host names are the business of the proxy behind it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
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

  // In sbin on Debian, which is not on every user's PATH.
  const PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin'].join(path.delimiter);
  const child = spawn('tinyproxy', ['-d', '-c', configFile], { env: { PATH }, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(`exit code ${code}`));
  });
  const close = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await accepting(port, child, gone);
  } catch (error) {
    await close();
    throw new Error(`${error instanceof Error ? error.message : error}\n${stderr}\n${log()}`);
  }
  return { url: `http://127.0.0.1:${port}`, port, log, close };
}

/** Nobody tells when tinyproxy listens: asks until it does. */
async function accepting(port: number, child: ChildProcess, gone: Promise<string>): Promise<void> {
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
