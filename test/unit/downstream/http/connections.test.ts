// Which connections of clients are closed because nothing happens on them.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { Connections } from '../../../../src/downstream/http/connections.ts';
import { createAuthority } from '../../../peers/tls.ts';

const MIB = 1_048_576;
/** More than a client reads that has stopped reading, however large the buffers of the system are. */
const LARGE = Buffer.alloc(64 * MIB);
/** A connection that rests for this many looks is still kept. */
const LOOKS = 16;

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

interface Served {
  readonly connections: Connections;
  readonly port: number;
  readonly client: Socket;
  /** The server's end of the connection. */
  readonly socket: Socket;
}

async function served(handle: RequestListener, encrypted = false): Promise<Served> {
  const connections = new Connections();
  const serve: RequestListener = (req, res) => {
    connections.begun(res);
    res.on('close', () => connections.over(res));
    handle(req, res);
  };
  const server = encrypted ? https.createServer(createAuthority('here').issue(), serve) : createServer(serve);
  server.on('connection', (socket: Socket) => connections.opened(socket));
  server.on('secureConnection', (socket: Socket) => connections.opened(socket));
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  ended.push(
    () => connections.destroy(),
    () => server.close(),
  );
  const { port } = server.address() as AddressInfo;
  const address = { port, host: '127.0.0.1' };
  const accepted = once(server, encrypted ? 'secureConnection' : 'connection');
  const client = opened(
    encrypted
      ? tls.connect({ ...address, rejectUnauthorized: false })
      : connect({ ...address, localAddress: '127.0.0.1' }),
  );
  return { connections, port, client, socket: (await accepted)[0] as Socket };
}

function opened(client: Socket): Socket {
  client.on('error', () => {});
  ended.push(() => client.destroy());
  return client;
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
    res.end('at last');
  });
  await call(all.client);
  expect(all.socket.destroyed).toBe(false);
});

describe.each([{ over: 'TCP' }, { over: 'TLS' }])('over $over', ({ over }) => {
  it('cuts off a client that reads nothing of what waits for it', async () => {
    const all = await served((_, res) => res.end(LARGE), over === 'TLS');
    await call(all.client);
    all.client.pause();
    // The buffers of the system still fill up for a while.
    while (!all.socket.destroyed) {
      look(all, 1);
      await setImmediate();
    }
  });

  it('cuts off such clients sooner while much waits for them together', async () => {
    const all = await served((_, res) => res.end(LARGE), over === 'TLS');
    const another = (): Socket => {
      const address = { port: all.port, host: '127.0.0.1' };
      return opened(over === 'TLS' ? tls.connect({ ...address, rejectUnauthorized: false }) : connect(address));
    };
    const stall = async (client: Socket): Promise<void> => {
      await call(client);
      client.pause();
    };
    await stall(all.client);
    // Between these looks, nothing leaves.
    look(all, 6);
    expect(all.socket.destroyed).toBe(false);
    for (let n = 1; n < 4; n++) await stall(another());
    look(all, 3);
    expect(all.socket.destroyed).toBe(true);
  });

  it('leaves a client alone that reads slowly', async () => {
    const all = await served((_, res) => res.end(LARGE), over === 'TLS');
    await call(all.client);
    for (let looks = 0; looks < 3 * LOOKS; looks++) {
      for (let read = 0; read < MIB; ) read += (await once(all.client, 'data'))[0].length;
      look(all, 1);
    }
    expect(all.socket.destroyed).toBe(false);
  });
});

// Elsewhere the machine has one loopback address.
it.runIf(process.platform === 'linux')('sees both connections that a client has from one port', async () => {
  const all = await served((_, res) => res.end('here'));
  const { localPort = 0 } = all.client;
  const other = opened(connect({ port: all.port, host: '127.0.0.2', localAddress: '127.0.0.1', localPort }));
  await call(other);
  look(all, LOOKS + 1);
  await Promise.all([once(all.client, 'close'), once(other, 'close')]);
});
