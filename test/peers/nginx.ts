// Debian's nginx on loopback: one process, with a folder of its own for all it reads and writes.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Changes } from './changes.ts';
import { startDaemon } from './daemon.ts';
import type { Peer } from './listen.ts';

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

  const args = ['-p', `${folder}/`, '-c', 'nginx.conf', '-e', 'stderr'];
  const changes = new Changes();
  const daemon = startDaemon('nginx', args, folder, () => changes.changed());
  void daemon.gone.then((reason) => changes.end(reason));
  const log = (): string => {
    try {
      return daemon.stderr + readFileSync(path.join(folder, 'access.log'), 'utf8');
    } catch {
      return daemon.stderr;
    }
  };

  try {
    // The first line that it logs after its sockets listen.
    await changes.until(
      () => daemon.stderr.includes('using the "') || undefined,
      (reason) => `nginx (Debian: apt-get install nginx-light) did not start: ${reason}\n${daemon.stderr}`,
    );
  } catch (error) {
    await daemon.close();
    throw error;
  }
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/mcp`, port, log, close: daemon.close };
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
