// Which connections of clients are closed because nothing happens on them.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Connections } from '../../../../src/downstream/http/connections.ts';

/** More than a client reads that has stopped reading, however large the buffers of the system are. */
const LARGE = Buffer.alloc(64 * 1_048_576);
/** A connection that rests for this many looks is still kept. */
const LOOKS = 15;

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

interface Served {
  readonly connections: Connections;
  readonly client: Socket;
  /** The server's end of the connection. */
  readonly socket: Socket;
}

async function served(handle: RequestListener): Promise<Served> {
  const connections = new Connections();
  const server: Server = createServer((req, res) => {
    connections.begun(res);
    res.on('close', () => connections.over(res));
    handle(req, res);
  });
  server.on('connection', (socket: Socket) => connections.opened(socket));
  server.on('timeout', (socket: Socket) => connections.silent(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ended.push(
    () => connections.destroy(),
    () => server.close(),
  );
  const accepted = once(server, 'connection');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  ended.push(() => client.destroy());
  return { connections, client, socket: (await accepted)[0] as Socket };
}

async function call(client: Socket): Promise<void> {
  client.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  await once(client, 'data');
}

function look({ connections }: Served, times: number): void {
  for (let i = 0; i < times; i++) connections.look();
}

it('closes a connection that has rested for too long, and counts anew after each request', async () => {
  const all = await served((_, res) => res.end('here'));
  look(all, LOOKS);
  await call(all.client);
  look(all, LOOKS);
  expect(all.socket.destroyed).toBe(false);
  look(all, 1);
  expect(all.socket.destroyed).toBe(true);
});

it('keeps a connection whose call waits for its answer', async () => {
  const all = await served((_, res) => {
    look(all, 10 * LOOKS);
    expect(all.socket.timeout ?? 0).toBe(0);
    res.end('at last');
  });
  await call(all.client);
});

it('gives a client that reads nothing of what waits for it a limit, as long as it does not', async () => {
  let finished: Promise<unknown> | undefined;
  const all = await served((_, res) => {
    finished = once(res, 'finish');
    res.end(LARGE);
  });
  await call(all.client);
  all.client.pause();
  look(all, 1);
  expect(all.socket.timeout).toBe(60_000);
  all.client.resume();
  await finished;
  look(all, 1);
  expect(all.socket.timeout).toBe(0);
  expect(all.socket.destroyed).toBe(false);
});

it('cuts it off when the limit is over', async () => {
  const all = await served((_, res) => res.end(LARGE));
  await call(all.client);
  all.client.pause();
  look(all, 1);
  all.socket.emit('timeout');
  expect(all.socket.destroyed).toBe(true);
});
