// The deployment that examples/nginx/mcp-proxy.conf describes, on loopback: nginx with TLS in front of the program.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../peers/free-port.ts';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import type { StreamableOptions } from '../../peers/http/streamable-client.ts';
import { exampleConfig, type Nginx, startNginx } from '../../peers/nginx.ts';
import { createAuthority } from '../../peers/tls.ts';

export const NAME = 'mcp.example.com';
export const TOKEN = 'the-token-of-the-clients';

export interface Front {
  /** https://127.0.0.1:PORT */
  readonly url: string;
  readonly nginx: Nginx;
  readonly serving: Serving;
  /** The authority of its certificate, as PEM and as a file. */
  readonly ca: string;
  readonly caFile: string;
  /** A client with this token, or without one, that asks for the public name. */
  options(token?: string | null): StreamableOptions;
  stop(): Promise<void>;
}

/** `edit` changes the configuration of nginx further. */
export async function startFront(
  target: string,
  flags: string[] = [],
  edit: (config: string) => string = (config) => config,
): Promise<Front> {
  const authority = createAuthority('Authority of the front');
  const { cert, key } = authority.issue({ hosts: [NAME, '127.0.0.1'] });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-front-'));
  const caFile = path.join(folder, 'authority.pem');
  const tokenFile = path.join(folder, 'client-token');
  writeFileSync(caFile, authority.pem);
  writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  const agents: https.Agent[] = [];

  const serving = await startServing(target, ['--allowed-host', NAME, '--client-token', `@${tokenFile}`, ...flags]);
  const port = await freePort();
  const http = exampleConfig('mcp-proxy.conf', {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '127.0.0.1:8080': `127.0.0.1:${serving.port}`,
    '/etc/nginx/tls/mcp.example.com.crt': 'front.crt',
    '/etc/nginx/tls/mcp.example.com.key': 'front.key',
  });
  const files = { 'front.crt': cert, 'front.key': key };
  const nginx = await startNginx({ http: edit(http), port, files, tls: true }).catch(async (error) => {
    await serving.stop();
    throw error;
  });
  return {
    url: `https://127.0.0.1:${port}`,
    nginx,
    serving,
    ca: authority.pem,
    caFile,
    options(token = TOKEN) {
      const agent = new https.Agent({ keepAlive: true, servername: NAME });
      agents.push(agent);
      const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
      return { ca: authority.pem, agent, headers: { host: NAME, ...authorization } };
    },
    async stop() {
      for (const agent of agents) agent.destroy();
      await nginx.close();
      await serving.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
