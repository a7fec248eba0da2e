import { once } from 'node:events';
import http, { type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Bodies, type Sender } from '../../../../src/downstream/http/request-body.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A server that answers each request with its body; the requests that it has had, and how many `data` listeners each has. */
async function echo(
  limit = 1_000,
  senderOf?: (req: IncomingMessage) => Sender,
): Promise<{ server: Server; port: number; requests: IncomingMessage[]; listeners: number[] }> {
  const bodies = new Bodies(limit);
  const requests: IncomingMessage[] = [];
  const listeners: number[] = [];
  const server = http.createServer((req, res) => {
    requests.push(req);
    const done = (body: unknown): void => {
      listeners.push(req.listenerCount('data'));
      const status = (body as { status?: number }).status;
      res.end(Buffer.isBuffer(body) ? body.subarray(0, 100) : `refused ${status}`);
    };
    bodies.read(req, res, done, senderOf);
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

describe('bodies that are arriving', () => {
  const MIB = 1_048_576;
  const SHARE = 32 * MIB;

  /** A server on which the session named in the path has a share, and a client that has used it up, but for 1 MiB. */
  async function used(): Promise<{ port: number; first: Awaited<ReturnType<typeof client>> }> {
    const sessions = new Map<string, object>();
    const { server, port } = await echo(SHARE, ({ url = '' }) => {
      const owner = sessions.get(url) ?? {};
      sessions.set(url, owner);
      return { owner, groups: [] };
    });
    const arrived = new Promise<void>((resolve) => {
      server.once('request', (req: IncomingMessage) => {
        let size = 0;
        req.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size === SHARE - MIB) resolve();
        });
      });
    });
    const first = await client(port);
    first.socket.write(head(SHARE));
    first.socket.write(Buffer.alloc(SHARE - MIB, 'x'));
    await arrived;
    return { port, first };
  }

  it('count against their session: beyond its share it is refused, while small ones and other sessions go on', async () => {
    const { port } = await used();
    const same = await client(port);
    // Refused before any of it is sent.
    same.socket.write(head(2 * MIB));
    await same.answer('refused 429');
    const small = await client(port);
    small.socket.write(`${head(5)}sm`);
    small.socket.write('all');
    await small.answer('small');
    const other = await client(port);
    other.socket.write(head(2 * MIB).replace(' / ', ' /other '));
    other.socket.write('x'.repeat(2 * MIB));
    await other.answer('xxx');
  });

  it('without a size are refused when they go over the share', async () => {
    const { port } = await used();
    const same = await client(port);
    same.socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    same.socket.write(`${(2 * MIB).toString(16)}\r\n${'x'.repeat(2 * MIB)}`);
    await same.answer('refused 429');
  });

  it.each(['end', 'leave'])('no longer count when they %s', async (how) => {
    const { port, first } = await used();
    if (how === 'end') {
      first.socket.write(Buffer.alloc(MIB, 'x'));
      await first.answer('xxx');
    } else first.socket.destroy();
    // Until the server has seen that the client is gone, it may refuse.
    for (let text = 'refused 429'; text === 'refused 429'; ) {
      const next = await client(port);
      next.socket.write(`${head(2 * MIB)}${'x'.repeat(2 * MIB)}`);
      text = await Promise.race([
        next.answer('refused 429').then(() => 'refused 429'),
        next.answer('xxx').then(() => ''),
      ]);
      next.socket.destroy();
    }
  });
});
