// Servers of these tests under the names of others, with TLS: an identity provider is known by its host.
//
//   const hosts = await open(startNamedHosts(['login.microsoftonline.com']));
//   await hosts.serve('login.microsoftonline.com', authorizationServer);
//   startProxy(url, [], hosts.program({ BROWSER: browser.command }));
//   startBrowser('approve', { ca: hosts.ca });
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeHandler } from '../listen.ts';
import type { ProxyOptions } from '../proxy.ts';
import { createAuthority } from '../tls.ts';

export interface NamedHosts {
  /** The certificate to trust, and the file it is in. */
  readonly ca: string;
  readonly caFile: string;
  /** Puts a server under one of the names; returns its origin, a port included. */
  serve(host: string, server: { serveUnder(origin: string): NodeHandler }): Promise<string>;
  /** Options of startProxy: the names lead here, and the certificate is trusted. */
  program(env?: Record<string, string>): Pick<ProxyOptions, 'nodeArgs' | 'env'>;
  close(): Promise<void>;
}

export async function startNamedHosts(hosts: readonly string[]): Promise<NamedHosts> {
  const authority = createAuthority('Authority of named hosts');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'named-hosts-'));
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, authority.pem);
  const servers: https.Server[] = [];
  const preload = fileURLToPath(new URL('./named-hosts.cjs', import.meta.url));
  return {
    ca: authority.pem,
    caFile,
    async serve(host, { serveUnder }) {
      if (!hosts.includes(host)) throw new Error(`${host} is not among ${hosts.join(', ')}`);
      let handle: NodeHandler = () => {};
      const server = https.createServer(authority.issue({ hosts: [host] }), (req, res) => {
        Promise.resolve(handle(req, res)).catch(() => res.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      servers.push(server);
      const origin = `https://${host}:${(server.address() as AddressInfo).port}`;
      handle = serveUnder(origin);
      return origin;
    },
    program: (env = {}) => ({
      nodeArgs: ['--require', preload],
      env: { TEST_HOSTS: hosts.join(','), NODE_EXTRA_CA_CERTS: caFile, ...env },
    }),
    async close() {
      rmSync(folder, { recursive: true, force: true });
      await Promise.all(
        servers.map((server) => {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()));
          server.closeAllConnections();
          return closed;
        }),
      );
    },
  };
}
