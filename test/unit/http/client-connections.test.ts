// The connection of a request depends on the purpose of the request.
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { Purpose } from '../../../src/core/fetch.ts';
import { createHttpClient } from '../../../src/http/client.ts';

it.each(['stream', 'connect'] as const)('a %s leaves the warm connection to the calls', async (purpose) => {
  /** The port from which each request came. */
  const ports: (number | undefined)[] = [];
  const server = createServer(({ socket }, response) => {
    ports.push(socket.remotePort);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const client = createHttpClient({ url, headers: [], userAgent: 'test', enableProxy: false, env: {} });
  const send = async (what: Purpose): Promise<void> => {
    const response = await client.fetch({ purpose: what, method: 'GET', url, headers: {}, repeatable: true });
    await response.body.bytes(100);
    // The connection is free as soon as Node has seen the end of the response.
    await new Promise(setImmediate);
  };
  for (const what of ['call', purpose, 'call', 'notification', 'discover', 'probe', 'end'] as const) await send(what);
  client.close();
  server.close();
  const [warm, own, ...others] = ports;
  expect(own).not.toBe(warm);
  expect(new Set(others)).toEqual(new Set([warm]));
});

it('one stale connection is the last: the other idle ones are as old', async () => {
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    // A gateway that has forgotten a connection says so when something arrives on it.
    let isForgotten = false;
    socket.on('forget', () => {
      isForgotten = true;
    });
    socket.on('data', () => {
      if (isForgotten) socket.resetAndDestroy();
      else waiting.push(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'));
      if (waiting.length >= expected) for (const answer of waiting.splice(0)) answer();
    });
  });
  const waiting: (() => void)[] = [];
  let expected = 3;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const client = createHttpClient({ url, headers: [], userAgent: 'test', enableProxy: false, env: {} });
  const call = async (): Promise<void> => {
    const response = await client.fetch({ purpose: 'call', method: 'GET', url, headers: {}, repeatable: false });
    await response.body.bytes(100);
    await new Promise(setImmediate);
  };
  await Promise.all([call(), call(), call()]);
  expect(sockets.size).toBe(3);
  expected = 1;
  for (const socket of sockets) socket.emit('forget');
  // It may have run, so it is not sent again.
  await expect(call()).rejects.toMatchObject({ code: 'failed', data: { outcome: 'unknown' } });
  await call();
  client.close();
  server.close();
});

it('all the connections of many calls at once serve the next ones', async () => {
  const AT_ONCE = 300;
  let connections = 0;
  const waiting: (() => void)[] = [];
  const server = createServer((_, response) => {
    waiting.push(() => response.end('{}'));
    if (waiting.length === AT_ONCE) for (const answer of waiting.splice(0)) answer();
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const client = createHttpClient({ url, headers: [], userAgent: 'test', enableProxy: false, env: {} });
  const call = async (): Promise<void> => {
    const response = await client.fetch({ purpose: 'call', method: 'GET', url, headers: {}, repeatable: false });
    await response.body.bytes(100);
    await new Promise(setImmediate);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, call));
  await Promise.all(Array.from({ length: AT_ONCE }, call));
  client.close();
  server.close();
  expect(connections).toBe(AT_ONCE);
});
