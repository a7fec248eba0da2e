import { once } from 'node:events';
import { Agent, type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IdleConnections } from '../../../src/http/pool.ts';

let server: Server;
/** The connections that the server has accepted, the newest last. */
let accepted: Socket[];
let agent: Agent;
let idle: IdleConnections;

beforeEach(async () => {
  accepted = [];
  server = createServer(({ socket }, response) => response.end(String(socket.remotePort)));
  server.on('connection', (socket: Socket) => accepted.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  agent = new Agent({ keepAlive: true });
  idle = new IdleConnections(agent);
});

afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

function begin(): ClientRequest {
  const { port } = server.address() as AddressInfo;
  return request({ host: '127.0.0.1', port, agent });
}

/** Sends a request, and resolves with its local port when its connection is free again. */
async function send(): Promise<number> {
  const sent = begin();
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const closed = once(sent, 'close');
  const [text] = (await once(response, 'data')) as [Buffer];
  await closed;
  return Number(text);
}

describe('idle connections', () => {
  it('serve one request after the other', async () => {
    const first = await send();
    expect([await send(), await send()]).toEqual([first, first]);
    expect(accepted).toHaveLength(1);
  });

  it('serve one request at a time, and the last one is used first', async () => {
    const ports = await Promise.all([send(), send()]);
    expect(new Set(ports).size).toBe(2);
    const next = await send();
    expect(ports).toContain(next);
    expect(await send()).toBe(next);
    expect(accepted).toHaveLength(2);
  });

  it('may break, which ends nothing and costs no request', async () => {
    const first = await send();
    const [socket] = Object.values(agent.sockets).flatMap((sockets) => sockets ?? []);
    // `once` of node:events would listen to the error itself.
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    accepted[0]?.resetAndDestroy();
    await closed;
    expect(await send()).not.toBe(first);
  });

  it('are closed at once when that is asked for', async () => {
    const first = await send();
    const closed = once(accepted[0] as Socket, 'close');
    idle.close();
    await closed;
    expect(await send()).not.toBe(first);
  });

  it('are closed with the agent', async () => {
    await send();
    const closed = once(accepted[0] as Socket, 'close');
    agent.destroy();
    await closed;
  });

  it('are closed when a request is given up before it could use one', async () => {
    await send();
    const [socket] = Object.values(agent.sockets).flatMap((sockets) => sockets ?? []);
    const given = begin();
    given.on('error', () => {});
    given.destroy();
    await Promise.all([once(accepted[0] as Socket, 'close'), once(socket as Socket, 'close')]);
    expect(Object.values(agent.sockets).flat()).toEqual([]);
    await send();
    expect(accepted).toHaveLength(2);
  });

  it('are not more than the agent keeps', async () => {
    agent.maxFreeSockets = 1;
    await Promise.all([send(), send(), send()]);
    expect(Object.values(agent.sockets).flatMap((sockets) => sockets?.filter((s) => !s.destroyed) ?? [])).toHaveLength(
      1,
    );
  });
});
