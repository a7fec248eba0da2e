// A network between the proxy and a server that fails in the ways of a bad day, and heals again.
import net from 'node:net';
import { listenRaw, relay } from '../peers/raw-server.ts';

export interface FragileNetwork {
  /** The URL of the server, through the network. */
  readonly url: string;
  /** Closes every connection with a reset. */
  cut(): void;
  /** Refuses new connections for so many milliseconds. */
  refuse(ms: number): void;
  /** Delivers nothing, in either direction, for so many milliseconds. */
  stall(ms: number): void;
  /** Ends every failure. */
  heal(): void;
  close(): Promise<void>;
}

export async function fragileNetwork(serverUrl: string): Promise<FragileNetwork> {
  const target = new URL(serverUrl);
  const sockets = new Set<net.Socket>();
  let refusing = false;
  let stalled = false;
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };
  const flow = (): void => {
    stalled = false;
    for (const socket of sockets) socket.resume();
  };
  const server = await listenRaw(
    net.createServer((socket) => {
      if (refusing) {
        socket.resetAndDestroy();
        return;
      }
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      relay(socket, Number(target.port));
      if (stalled) socket.pause();
    }),
  );
  return {
    url: `http://${server.address}${target.pathname}`,
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    refuse: (ms) => {
      refusing = true;
      later(ms, () => {
        refusing = false;
      });
    },
    stall: (ms) => {
      stalled = true;
      for (const socket of sockets) socket.pause();
      later(ms, flow);
    },
    heal: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      refusing = false;
      flow();
    },
    close: () => server.close(),
  };
}
