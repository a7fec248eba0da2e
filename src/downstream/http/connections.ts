/** The connections of clients, and the responses still open on each. */
import type { ServerResponse } from 'node:http';
import { Server, type Socket } from 'node:net';
import { atMost } from '../../core/timer.ts';

/** One connection. A request on it waits for the answers to those before it. */
interface Connection {
  readonly socket: Socket;
  open: ServerResponse[];
  /** How often it was seen without an open response since it last had one. */
  rested: number;
}

/** Milliseconds between two looks at all connections. */
const LOOK_EVERY = 5_000;
/** How long a client may read nothing of the data waiting for it, in milliseconds. */
const STALLED = 60_000;
/** Longer than gateways keep theirs: otherwise they would send into a connection that is closing. In milliseconds. */
export const KEPT = 75_000;

const CONNECTION = Symbol('connection');

type Marked = Socket & { [CONNECTION]?: Connection };

export class Connections {
  /** Keyed by the remote address, because over TLS requests have another socket than the one that connected. */
  readonly #all = new Map<string, Connection>();
  #ending = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Closes idle connections and stalled ones, until {@link unwatch}. Node's own timers would cost with each call. */
  watch(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY).unref();
  }

  unwatch(): void {
    clearInterval(this.#timer);
  }

  /** Notes a new connection. Over TLS, call it before the handshake and again after it. */
  opened(socket: Marked): void {
    const connection: Connection = { socket, open: [], rested: 0 };
    const peer = `${socket.remoteAddress} ${socket.remotePort}`;
    socket[CONNECTION] = connection;
    this.#all.set(peer, connection);
    socket.once('close', () => {
      if (this.#all.get(peer) === connection) this.#all.delete(peer);
      // Node tells only the response whose turn it was that the client has gone, and it does so now.
      process.nextTick(() => {
        for (const res of connection.open.splice(0)) {
          res.destroy();
          res.emit('close');
        }
      });
    });
    if (this.#ending) socket.destroy();
  }

  /** Notes a request. */
  begun(res: ServerResponse): void {
    const connection = (res.req.socket as Marked)[CONNECTION];
    if (!connection) return;
    connection.rested = 0;
    connection.open.push(res);
  }

  /** Notes that a response is over: it has left, or the client has gone. */
  over(res: ServerResponse): void {
    const connection = (res.req.socket as Marked)[CONNECTION];
    if (!connection) return;
    connection.rested = 0;
    if (connection.open[0] === res) connection.open.shift();
    else connection.open = connection.open.filter((open) => open !== res);
    if (this.#ending && connection.open.length === 0) connection.socket.end();
  }

  /** One look at all connections. */
  look(): void {
    for (const connection of this.#all.values()) {
      const { socket, open } = connection;
      const [res] = open;
      if (!res && ++connection.rested > KEPT / LOOK_EVERY) socket.destroy();
      // Node knows how much of a large write has left. For a call that waits for its answer, silence is normal.
      const limit = res && res.writableLength > 0 ? STALLED : 0;
      if ((socket.timeout ?? 0) !== limit) socket.setTimeout(limit);
    }
  }

  /** Notes that nothing has moved on a connection for a while. Closes it when its client does not read. */
  silent(socket: Marked): void {
    const res = socket[CONNECTION]?.open[0];
    if (res && res.writableLength > 0) res.destroy();
  }

  /** Closes each connection as soon as it has no open responses. */
  end(): void {
    this.#ending = true;
    // Browsers and connection pools open connections before they have a request. Close these as well.
    for (const { socket, open } of this.#all.values()) if (open.length === 0) socket.destroy();
  }

  /** Closes every connection. */
  destroy(): void {
    this.#ending = true;
    for (const { socket } of this.#all.values()) socket.destroy();
  }
}

/** How a server ends. */
export interface ServerEnd {
  /** Takes no new connections, and closes each one as soon as all its answers have left. Settles within `limit` ms. */
  close(limit: number): Promise<void>;
  /** Closes every connection at once. */
  destroy(): void;
}

export function endOf(server: Server, connections: Connections): ServerEnd {
  const ended = new Promise<void>((resolve) => server.once('close', resolve));
  // HTTP's own `close` would cut off answers that are still being written.
  const stopListening = (): void => void Server.prototype.close.call(server);
  return {
    close(limit) {
      stopListening();
      connections.end();
      return atMost(limit, ended);
    },
    destroy() {
      stopListening();
      connections.destroy();
    },
  };
}
