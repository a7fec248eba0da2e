/** Closes pooled connections before the server does. */
import type { Agent, ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Several popular servers close an idle connection after 5 seconds: a request on a connection
 * that is just being closed may or may not have run, so none is used that long.
 */
const IDLE = 4_000;
const LOOK_EVERY = 1_000;

/**
 * Lets the agent forget connections that were idle for too long; its own option would set a
 * timer for each request.
 * @returns closes those that are too old now. To be called before a request picks one: timers
 * are late after the machine slept.
 */
export function expireIdle(agent: Agent): () => void {
  /** Idle connections and since when, the longest idle first. */
  const idle = new Map<Duplex, number>();
  let timer: NodeJS.Timeout | undefined;
  const sweep = (): void => {
    const oldest = Date.now() - IDLE;
    for (const [socket, since] of idle) {
      if (since > oldest) return;
      idle.delete(socket);
      socket.destroy();
    }
    clearInterval(timer);
    timer = undefined;
  };
  const { keepSocketAlive, reuseSocket } = agent;
  agent.keepSocketAlive = (socket: Duplex) => {
    idle.set(socket, Date.now());
    timer ??= setInterval(sweep, LOOK_EVERY).unref();
    return keepSocketAlive.call(agent, socket);
  };
  agent.reuseSocket = (socket: Duplex, request: ClientRequest) => {
    idle.delete(socket);
    reuseSocket.call(agent, socket, request);
  };
  return () => {
    if (idle.size > 0) sweep();
  };
}
