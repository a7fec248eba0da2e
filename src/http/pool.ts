/** Closes pooled connections before the server does. */
import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Several popular servers close an idle connection after 5 seconds. A request on a connection
 * that is just closing may or may not have run, so no connection is used after that long.
 */
const IDLE = 4_000;
const LOOK_EVERY = 500;

const SINCE = Symbol('idle since');

interface Idle extends Duplex {
  [SINCE]?: number;
}

/**
 * Lets the agent forget connections that were idle for too long; its own option would set a timer
 * for each request.
 * @returns closes those that are too old now. Call it before a request picks one: timers are
 *   late after the machine slept.
 */
export function expireIdle(agent: Agent): () => void {
  let timer: NodeJS.Timeout | undefined;
  let looked = 0;
  const sweep = (): void => {
    looked = Date.now();
    let idle = 0;
    for (const sockets of Object.values(agent.freeSockets)) {
      // A copy, because a closed socket leaves the list.
      for (const socket of [...(sockets ?? [])] as Idle[]) {
        if ((socket[SINCE] ?? 0) > looked - IDLE) idle++;
        else socket.destroy();
      }
    }
    if (idle > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const { keepSocketAlive } = agent;
  agent.keepSocketAlive = (socket: Idle) => {
    socket[SINCE] = Date.now();
    timer ??= setInterval(sweep, LOOK_EVERY).unref();
    return keepSocketAlive.call(agent, socket);
  };
  return () => {
    if (timer && Date.now() - looked >= LOOK_EVERY) sweep();
  };
}
