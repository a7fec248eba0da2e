import { once } from 'node:events';
import http, { type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Bodies } from '../../../../src/downstream/http/request-body.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A server that answers each request with its body; the requests that it has had, and how many `data` listeners each has. */
async function echo(): Promise<{ server: Server; port: number; requests: IncomingMessage[]; listeners: number[] }> {
  const bodies = new Bodies(1_000);
  const requests: IncomingMessage[] = [];
  const listeners: number[] = [];
  const server = http.createServer((req, res) => {
    requests.push(req);
    bodies.read(req, res, (body) => {
      listeners.push(req.listenerCount('data'));
      res.end(Buffer.isBuffer(body) ? body : 'refused');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  return { server, port: (server.address() as AddressInfo).port, requests, listeners };
}

async function client(port: number): Promise<{ socket: Socket; answer(text: string): Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let read = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    read += text;
  });
  return {
    socket,
    async answer(text) {
      while (!read.endsWith(text)) await once(socket, 'data');
      read = '';
    },
  };
}

const head = (length: number): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

describe('the body of a request', () => {
  it('that arrives with the headers is read without waiting for its parts, and the request ends', async () => {
    const { port, requests, listeners } = await echo();
    const { socket, answer } = await client(port);
    for (const body of ['first', 'second']) {
      socket.write(`${head(body.length)}${body}`);
      await answer(body);
    }
    expect(listeners).toEqual([0, 0]);
    expect(requests.map(({ complete, readableEnded }) => [complete, readableEnded])).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it('that arrives in parts is gathered', async () => {
    const { server, port, listeners } = await echo();
    const { socket, answer } = await client(port);
    const begun = once(server, 'request');
    socket.write(`${head(6)}abc`);
    await begun;
    socket.write('def');
    await answer('abcdef');
    expect(listeners).toEqual([1]);
  });

  it('of the next request in the same packet stays with that one', async () => {
    const { port } = await echo();
    const { socket, answer } = await client(port);
    socket.write(`${head(3)}one${head(3)}two`);
    await answer('two');
  });

  it('that is empty is read, too', async () => {
    const { port, listeners } = await echo();
    const { socket, answer } = await client(port);
    socket.write(head(0));
    await answer('\r\n\r\n');
    expect(listeners).toEqual([0]);
  });
});
