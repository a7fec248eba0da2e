// An HTTP or HTTPS server that a test scripts answer by answer, and that keeps every request it got.

import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Changes } from './changes.ts';
import { IDLE_MS, type Peer } from './listen.ts';
import { rpcMethod } from './recorder.ts';

export interface Seen {
  readonly method: string;
  /** Path and query, as they were sent; a whole URL when the sender took this server for a proxy. */
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Aborted when the sender has closed the exchange before it was answered. */
  readonly gone: AbortSignal;
}

export type Script = (seen: Seen, res: http.ServerResponse) => unknown;

export interface ScriptedPeer extends Peer {
  readonly origin: string;
  readonly port: number;
  readonly requests: readonly Seen[];
  /** Each request as "POST initialize", or as "GET" where the body holds no method. */
  readonly lines: string[];
  /** The first request that matches, past or future. */
  request(matches: (seen: Seen) => boolean): Promise<Seen>;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export async function startScripted(path: string, script: Script, certificate?: Certificate): Promise<ScriptedPeer> {
  const requests: Seen[] = [];
  const changes = new Changes();
  const listener: http.RequestListener = async (req, res) => {
    const chunks: Buffer[] = [];
    const gone = new AbortController();
    res.once('close', () => {
      if (!res.writableFinished) gone.abort();
    });
    try {
      for await (const chunk of req) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url = '', headers } = req;
    const seen = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8'), gone: gone.signal };
    requests.push(seen);
    changes.changed();
    await script(seen, res);
  };
  const server = certificate ? https.createServer(certificate, listener) : http.createServer(listener);
  server.keepAliveTimeout = IDLE_MS;
  // A client that refuses the certificate is what some tests are about.
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`;
  return {
    url: origin + path,
    origin,
    port,
    requests,
    get lines() {
      return requests.map(({ method, body }) => [method, rpcMethod(body)].filter(Boolean).join(' '));
    },
    request(matches) {
      return changes.until(
        () => requests.find(matches),
        (reason) => `${reason} for a request; seen: ${JSON.stringify(requests)}`,
      );
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function answer(res: http.ServerResponse, status: number, type: string, body: string, headers = {}): void {
  res.writeHead(status, { 'content-type': type, ...headers }).end(body);
}
