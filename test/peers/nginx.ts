// Debian's nginx on loopback: one process, with a folder of its own for all it reads and writes.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Peer, WAIT_MS } from './listen.ts';

export interface Nginx extends Peer {
  readonly port: number;
  /** What it has logged so far: errors and warnings, then the line of each request. */
  log(): string;
}

export interface NginxSetup {
  /** What stands in the http block. */
  http: string;
  port: number;
  /** Files beside the configuration, by the name that it calls them. */
  files?: Record<string, string>;
  /** Encrypted, for the URL. */
  tls?: boolean;
}

export async function startNginx({ http, port, files = {}, tls = false }: NginxSetup): Promise<Nginx> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${kind}_temp;`,
  );
  // One process that never gives up its user: it can always read its folder, and ends with one signal.
  const config = [
    'daemon off;',
    'master_process off;',
    'pid nginx.pid;',
    'error_log stderr notice;',
    'events { worker_connections 512; }',
    `http {\naccess_log access.log;\n${temporary.join('\n')}\n${http}\n}`,
  ];
  for (const [name, text] of Object.entries({ 'nginx.conf': `${config.join('\n')}\n`, ...files })) {
    writeFileSync(path.join(folder, name), text, { mode: 0o600 });
  }

  // In sbin on Debian, which is not on every user's PATH.
  const PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin'].join(path.delimiter);
  const args = ['-p', `${folder}/`, '-c', 'nginx.conf', '-e', 'stderr'];
  const child = spawn('nginx', args, { env: { PATH }, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  let look = (): void => {};
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    look();
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
  const log = (): string => {
    try {
      return stderr + readFileSync(path.join(folder, 'access.log'), 'utf8');
    } catch {
      return stderr;
    }
  };

  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`nginx (Debian: apt-get install nginx-light) did not start: ${why}\n${stderr}`));
      const timer = setTimeout(() => fail(`nothing happened for ${WAIT_MS} ms`), WAIT_MS);
      void gone.then(fail).finally(() => clearTimeout(timer));
      // The first it says after its sockets listen.
      look = () => {
        if (!stderr.includes('using the "')) return;
        clearTimeout(timer);
        resolve();
      };
      look();
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/mcp`, port, log, close };
}

/** A configuration of the examples with other values in the place of its own; each of them must be there. */
export function exampleConfig(name: string, values: Record<string, string>): string {
  const file = fileURLToPath(new URL(`../../examples/nginx/${name}`, import.meta.url));
  let text = readFileSync(file, 'utf8');
  for (const [own, other] of Object.entries(values)) {
    if (!text.includes(own)) throw new Error(`${name} has no ${JSON.stringify(own)}`);
    text = text.replaceAll(own, other);
  }
  return text;
}
