// Clients that send slowly: those that make progress are served, and the others are given up. The tests run side by
// side, because most of their time is waiting.
import { afterAll, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../../peers/hostile.ts';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { ask, request } from '../exchange.ts';
import { closeConnections, connect, requestText } from '../raw-connection.ts';

afterAll(async () => {
  closeConnections();
  await closeServings();
  await closeHostiles();
});

it.concurrent('a request that comes byte by byte is served like any other', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const connection = await connect(url);
  connection.socket.setNoDelay(true);
  const text = JSON.stringify(
    request(1, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'é', version: '1' },
    }),
  );
  const bytes = Buffer.from(
    requestText(
      'POST /mcp HTTP/1.1',
      ['Host: localhost', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`],
      text,
    ),
  );
  for (const byte of bytes) await new Promise((resolve) => connection.socket.write(Buffer.of(byte), resolve));
  await connection.matching(/^HTTP\/1\.1 200 /);
  expect((await upstream.seen('initialize')).message.params.clientInfo.name).toBe('é');
});

// The limit for headers is that of the HTTP server: it is long, and the connection is gone after it.
it.concurrent('a request whose headers never end is given up', { timeout: 180_000 }, async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const connection = await connect(url);
  connection.write('POST /mcp HTTP/1.1\r\nHost: localhost\r\n');
  const drip = setInterval(() => connection.write('X-Drip: x\r\n'), 2_000);
  try {
    await connection.closed;
  } finally {
    clearInterval(drip);
  }
  expect(connection.text === '' || /^HTTP\/1\.1 408 /.test(connection.text)).toBe(true);
  expect((await ask(url, { path: '/healthz' })).status).toBe(200);
});

it.concurrent('a request whose body never ends is given up', { timeout: 180_000 }, async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url);
  const connection = await connect(url);
  connection.write(
    requestText('POST /mcp HTTP/1.1', ['Host: localhost', 'Content-Type: application/json', 'Content-Length: 100000']),
  );
  const drip = setInterval(() => connection.write(' '), 2_000);
  try {
    await connection.closed;
  } finally {
    clearInterval(drip);
  }
  expect(connection.text === '' || /^HTTP\/1\.1 408 /.test(connection.text)).toBe(true);
  // Only the proxy itself has asked whether the server can be reached.
  expect(upstream.requests.filter(({ kind }) => kind !== 'ping')).toEqual([]);
});
