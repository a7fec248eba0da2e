/** The connections of clients, and what each still has to be answered. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** One connection; a request on it waits for the answers to those before it. */
interface Connection {
  readonly socket: Socket;
  open: ServerResponse[];
}

const CONNECTION = Symbol('connection');

type Marked = Socket & { [CONNECTION]?: Connection };

export class Connections {
  /** By the address of the other end: over TLS, the socket of the requests takes the place of the one it came on. */
  readonly #all = new Map<string, Connection>();
  #ending = false;

  /** A connection has come: before its TLS handshake, where there is one, and after it once more. */
  opened(socket: Marked): void {
    const connection: Connection = { socket, open: [] };
    const peer = `${socket.remoteAddress} ${socket.remotePort}`;
    socket[CONNECTION] = connection;
    this.#all.set(peer, connection);
    socket.once('close', () => {
      if (this.#all.get(peer) === connection) this.#all.delete(peer);
      // Node tells only the response whose turn it was that nobody is there any more, and does so now.
      process.nextTick(() => {
        for (const res of connection.open.splice(0)) {
          res.destroy();
          res.emit('close');
        }
      });
    });
    if (this.#ending) socket.destroy();
  }

  /** A request has come. */
  begun(res: ServerResponse): void {
    (res.req.socket as Marked)[CONNECTION]?.open.push(res);
  }

  /** A response is over: it has left, or nobody is there to take it. */
  over(res: ServerResponse): void {
    const connection = (res.req.socket as Marked)[CONNECTION];
    if (!connection) return;
    if (connection.open[0] === res) connection.open.shift();
    else connection.open = connection.open.filter((open) => open !== res);
    if (this.#ending && connection.open.length === 0) connection.socket.end();
  }

  /** Closes each connection as soon as it has nothing more to be answered. */
  end(): void {
    this.#ending = true;
    // Browsers and pools open connections ahead of any request: these are closed as well.
    for (const { socket, open } of this.#all.values()) if (open.length === 0) socket.destroy();
  }

  /** Closes every connection. */
  destroy(): void {
    this.#ending = true;
    for (const { socket } of this.#all.values()) socket.destroy();
  }
}
