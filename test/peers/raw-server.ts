// A server below HTTP on a free loopback port that closes completely: no socket keeps the test process alive.
import net, { type AddressInfo } from 'node:net';

export interface RawServer {
  readonly port: number;
  /** `127.0.0.1:PORT`, without a scheme. */
  readonly address: string;
  /** Closes every connection; the server goes on. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens with a server of any kind that node:net is below: TCP, TLS or HTTP. */
export async function listenRaw(server: net.Server): Promise<RawServer> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    address: `127.0.0.1:${port}`,
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

/** Connects a socket with a loopback port, in both directions, until one side ends. */
export function relay(socket: net.Socket, port: number): void {
  const onward = net.connect(port, '127.0.0.1');
  for (const [from, to] of [
    [socket, onward],
    [onward, socket],
  ] as const) {
    from.on('error', () => {}).once('close', () => to.destroy());
    from.pipe(to);
  }
}
