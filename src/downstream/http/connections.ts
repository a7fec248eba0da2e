/** The connections of clients, and the responses still open on each. */
import type { ServerResponse } from 'node:http';
import { Server, type Socket } from 'node:net';
import { atMost } from '../../core/timer.ts';

/** One connection. A request on it waits for the answers to those before it. */
interface Connection {
  readonly socket: Socket;
  /** The socket on the network; another one than `socket` over TLS. */
  readonly raw: Socket;
  open: ServerResponse[];
  /** How many looks have found it without an open response since it last had one. */
  rested: number;
  /** How many looks in a row have found that nothing of what waits for its client has left. */
  stalled: number;
  /** How many bytes had left at the last look. */
  sent: number;
}

/** Milliseconds between two looks at all connections. */
const LOOK_EVERY = 5_000;
/** How long a client may read nothing of the data waiting for it, in milliseconds. */
const STALLED = 60_000;
/** The same while more than {@link MUCH} waits for all clients together. */
const STALLED_MUCH = 10_000;
/** Bytes. */
const MUCH = 128 * 1_048_576;
/**
 * How long a connection without a request is kept, in milliseconds. Most gateways keep theirs for less: otherwise they
 * would send into a connection that is closing.
 */
export const KEPT = 75_000;
/** One more than {@link KEPT} takes, because a request may come at its very end. */
const LOOKS = KEPT / LOOK_EVERY + 1;

const CONNECTION = Symbol('connection');

/** Node does not document this property: how much of what it has given to the system is still to be taken, in bytes. */
type Queueing = Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };

type Marked = Socket & { [CONNECTION]?: Connection };

export class Connections {
  /** Keyed by both addresses, because over TLS requests have another socket than the one that connected. */
  readonly #all = new Map<string, Connection>();
  #ending = false;
  /** Bytes that waited for clients at the last look. */
  #waiting = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * Looks at all connections every few seconds, until {@link unwatch}. Node's own timers would be set anew several times
   * in each call.
   */
  watch(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY).unref();
  }

  unwatch(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Notes a new connection. Over TLS, call it before the handshake and again after it. */
  opened(socket: Marked): void {
    const peer = `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
    const raw = this.#all.get(peer)?.socket ?? socket;
    const connection: Connection = { socket, raw, open: [], rested: 0, stalled: 0, sent: 0 };
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

  /** Closes connections that have been idle for too long, and cuts off clients that do not read. */
  look(): void {
    const patience = (this.#waiting > MUCH ? STALLED_MUCH : STALLED) / LOOK_EVERY;
    this.#waiting = 0;
    for (const connection of this.#all.values()) {
      const [res] = connection.open;
      if (!res) {
        if (++connection.rested > LOOKS) connection.socket.destroy();
        continue;
      }
      const sent = sentBy(connection.raw);
      this.#waiting += res.writableLength;
      // For a call that waits for its answer, silence is normal.
      if (res.writableLength === 0 || sent !== connection.sent) connection.stalled = 0;
      else if (++connection.stalled >= patience) res.destroy();
      connection.sent = sent;
    }
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

/** How many bytes have left. Of a large write, some may have left long before Node says that it has. */
function sentBy(raw: Queueing): number {
  return raw.bytesWritten - (raw._handle?.writeQueueSize ?? 0);
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
