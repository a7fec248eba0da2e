// A port in front of a server that counts connections. A TLS server reports only those that completed the handshake.
import net from 'node:net';
import type { Peer } from './listen.ts';
import { listenRaw, relay } from './raw-server.ts';

export interface ConnectionCounter extends Peer {
  readonly port: number;
  connections(): number;
}

/** Relays each connection to the server on a loopback port. */
export async function startConnectionCounter(behind: number): Promise<ConnectionCounter> {
  let count = 0;
  const { port, close } = await listenRaw(
    net.createServer((socket) => {
      count++;
      relay(socket, behind);
    }),
  );
  return { url: `https://127.0.0.1:${port}`, port, connections: () => count, close };
}
