// A port in front of a server, for tests that need to know who knocked at all: a TLS server tells only of those who
// completed the handshake.
import net from 'node:net';
import type { Peer } from './listen.ts';

export interface ConnectionCounter extends Peer {
  readonly port: number;
  connections(): number;
}

/** Leads to the server behind it, and counts who comes, handshake or not. */
export async function startConnectionCounter(behind: number): Promise<ConnectionCounter> {
  const sockets = new Set<net.Socket>();
  let count = 0;
  const counter = net.createServer((socket) => {
    count++;
    const onward = net.connect(behind, '127.0.0.1');
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.once('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => counter.listen(0, '127.0.0.1', resolve));
  const { port } = counter.address() as net.AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    connections: () => count,
    close: () =>
      new Promise((resolve) => {
        counter.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
