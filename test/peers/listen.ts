// An HTTP server on a free loopback port that closes completely: no socket keeps the test process alive.
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A wait that ends by this limit is a failure, never a measurement. */
export const WAIT_MS = 60_000;

/**
 * How long an idle connection stays open. After Node's own 5 seconds, a server on a busy machine closes connections on
 * which the next request has just been sent; tests of that close them themselves.
 */
export const IDLE_MS = 60_000;

/** Something to connect to. */
export interface Peer {
  readonly url: string;
  close(): Promise<void>;
}

export type NodeHandler = (req: http.IncomingMessage, res: http.ServerResponse) => unknown;

export async function listenLoopback(path: string, handler: NodeHandler): Promise<Peer> {
  const server = http.createServer((req, res) => {
    Promise.resolve(handler(req, res)).catch((error: unknown) => {
      if (res.headersSent) res.destroy();
      else res.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  server.keepAliveTimeout = IDLE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The parsed body of a POST, as the SDKs' transports take it. */
export async function readJson(req: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
