// One of several copies of a server with sessions in memory, at an address that outlives the copy: restarted, it has
// forgotten every session, and every connection to it is cut.
import net, { type AddressInfo } from 'node:net';
import type { Peer } from '../../peers/listen.ts';
import { type StatefulPeer, startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';

export interface Replica extends Peer {
  readonly address: string;
  /** Ids of the sessions that are open now. */
  readonly sessions: string[];
  restart(): Promise<void>;
}

export async function startReplica(): Promise<Replica> {
  let current: StatefulPeer = await startSdkV1Stateful();
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const inward = net.connect(Number(new URL(current.url).port), '127.0.0.1');
    for (const [one, other] of [
      [socket, inward],
      [inward, socket],
    ] as const) {
      sockets.add(one);
      one
        .on('error', () => {})
        .once('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const end = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await current.close();
  };
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    address: `127.0.0.1:${port}`,
    get sessions() {
      return [...current.sessions.keys()].sort();
    },
    async restart() {
      const next = await startSdkV1Stateful();
      const before = current;
      current = next;
      for (const socket of sockets) socket.destroy();
      await before.close();
    },
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        void end();
      });
    },
  };
}
