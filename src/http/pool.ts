/** The idle connections to one origin: kept for the next request, and closed before the server closes them. */
import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Several popular servers close an idle connection after 5 seconds. A request on a connection
 * that is just closing may or may not have run, so no connection is used after that long.
 */
const IDLE = 4_000;
const LOOK_EVERY = 500;

const SINCE = Symbol('idle since');

/** A connection as Node's HTTP client marks it. */
interface PooledConnection extends Socket {
  [SINCE]?: number;
  /** The request that is using it. */
  _httpMessage?: ClientRequest | null;
}

/** An agent as Node's HTTP client sees it. */
interface InnerAgent extends Agent {
  /** How a request gets its connection. Node does not document this, but has had it since its first agent. */
  addRequest(request: ClientRequest, options: object): void;
  /** Whether the connection may be kept (its declared type does not say that). */
  keepSocketAlive(socket: Socket): boolean;
}

/**
 * Takes over the idle connections of an agent that has only one destination. The agent itself would work out the name of
 * the destination anew with each request, from a copy of all options, and that costs a tenth of the proxy's work a call.
 * It still opens the connections, and knows all of them.
 */
export class IdleConnections {
  readonly #agent: InnerAgent;
  /** The one that was used last is at the end, and is used first. */
  #idle: PooledConnection[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looked = 0;

  constructor(agent: Agent) {
    const asked = agent as InnerAgent;
    this.#agent = asked;
    const { addRequest } = asked;
    asked.addRequest = (request, options) => {
      const socket = this.#take();
      if (socket === undefined) {
        addRequest.call(agent, request, options);
        return;
      }
      agent.reuseSocket(socket, request);
      request.onSocket(socket);
    };
    agent.removeAllListeners('free');
    agent.on('free', (socket: PooledConnection) => this.#free(socket));
  }

  /**
   * Closes those that are too old now. Call it before a request picks one: timers are late after
   * the machine slept.
   */
  expire(): void {
    if (this.#timer && Date.now() - this.#looked >= LOOK_EVERY) this.#sweep();
  }

  /** Closes all of them. */
  close(): void {
    for (const socket of this.#idle.splice(0)) socket.destroy();
  }

  #take(): PooledConnection | undefined {
    for (let socket = this.#idle.pop(); socket; socket = this.#idle.pop()) if (isOpen(socket)) return socket;
    return undefined;
  }

  /** A request is over, or was given up before it could use its connection. */
  #free(socket: PooledConnection): void {
    const agent = this.#agent;
    const isFull = this.#idle.length >= agent.maxFreeSockets;
    if (!isOpen(socket) || !socket._httpMessage?.shouldKeepAlive || isFull || !agent.keepSocketAlive(socket)) {
      socket.destroy();
      return;
    }
    socket._httpMessage = null;
    // Between two requests nothing else listens.
    if (socket[SINCE] === undefined) socket.on('error', ignore);
    socket[SINCE] = Date.now();
    this.#idle.push(socket);
    this.#timer ??= setInterval(() => this.#sweep(), LOOK_EVERY).unref();
  }

  #sweep(): void {
    this.#looked = Date.now();
    const oldest = this.#looked - IDLE;
    this.#idle = this.#idle.filter((socket) => {
      const isFresh = isOpen(socket) && (socket[SINCE] ?? 0) > oldest;
      if (!isFresh) socket.destroy();
      return isFresh;
    });
    if (this.#idle.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function isOpen(socket: PooledConnection): boolean {
  return !socket.destroyed && socket.writable;
}

function ignore(): void {}
