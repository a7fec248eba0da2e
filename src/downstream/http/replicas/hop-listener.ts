/** Takes the requests that other replicas pass on, because what they are about is here. */
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { ProxyError } from '../../../errors.ts';
import { Connections, endOf, KEPT, type ServerEnd } from '../connections.ts';
import { acceptingAny, type ReplicaKey } from './replica-tls.ts';

/** Says which replica a request is for: another process may have its address by now. */
export const FOR_REPLICA = 'x-mcp-proxy-replica';

/** Says that the session of the request may move to this replica, because the other one is about to end. */
export const MAY_MOVE = 'x-mcp-proxy-may-move';

/** Says that the other replica can serve the request if this one need not. */
export const MAY_RETURN = 'x-mcp-proxy-may-return';

/** The status for a request that this replica has not taken, as for a session that has moved (RFC 9110, section 15.5.20). */
export const MISDIRECTED = 421;

/** Connections of all other replicas together: each needs one for every request that it has passed on. */
const MAX_CONNECTIONS = 20_000;

/** How long another replica may take to prove that it is one, in milliseconds. */
const HANDSHAKE_LIMIT = 5_000;

export interface HopListener extends ServerEnd {
  readonly port: number;
}

export interface HopListenerOptions {
  readonly address: string;
  /** The id of this replica. */
  readonly own: string;
  readonly keys: readonly ReplicaKey[];
  readonly handle: RequestListener;
}

export async function listenForHops({ address, own, keys, handle }: HopListenerOptions): Promise<HopListener> {
  const server = createServer({
    ...acceptingAny(keys),
    handshakeTimeout: HANDSHAKE_LIMIT,
    maxHeaderSize: 32_768,
    headersTimeout: 15_000,
    requestTimeout: 60_000,
    keepAliveTimeout: KEPT,
    keepAlive: true,
    keepAliveInitialDelay: 5_000,
  });
  server.timeout = 0;
  server.maxConnections = MAX_CONNECTIONS;
  const connections = new Connections();
  server.on('connection', (socket: Socket) => connections.opened(socket));
  // Requests come on a separate socket.
  server.on('secureConnection', (socket) => connections.opened(socket));
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('request', (req, res) => {
    connections.begun(res);
    res.on('close', () => connections.over(res));
    if (isFor(req, own)) handle(req, res);
    else res.writeHead(MISDIRECTED, { 'content-length': 0 }).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = `cannot listen for other replicas on ${address}: ${error.code ?? error.message}`;
      reject(new ProxyError('cannot-listen', why, {}, error));
    });
    server.listen({ host: address, port: 0 }, resolve);
  });
  server.on('error', () => {});
  return {
    port: (server.address() as AddressInfo).port,
    ...endOf(server, connections),
  };
}

function isFor(req: IncomingMessage, own: string): boolean {
  return req.headers[FOR_REPLICA] === own;
}
