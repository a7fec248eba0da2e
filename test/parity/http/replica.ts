// One of several copies of a server with sessions in memory, at an address that outlives the copy: restarted, it has
// forgotten every session, and every connection to it is cut.

import net from 'node:net';
import type { Peer } from '../../peers/listen.ts';
import { listenRaw, relay } from '../../peers/raw-server.ts';
import { type StatefulPeer, startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';

export interface Replica extends Peer {
  readonly address: string;
  /** Ids of the sessions that are open now. */
  readonly sessions: string[];
  restart(): Promise<void>;
}

export async function startReplica(): Promise<Replica> {
  let current: StatefulPeer = await startSdkV1Stateful();
  const front = await listenRaw(net.createServer((socket) => relay(socket, Number(new URL(current.url).port))));
  return {
    url: `http://${front.address}/mcp`,
    address: front.address,
    get sessions() {
      return [...current.sessions.keys()].sort();
    },
    async restart() {
      const next = await startSdkV1Stateful();
      const before = current;
      current = next;
      front.cut();
      await before.close();
    },
    async close() {
      await Promise.all([front.close(), current.close()]);
    },
  };
}
