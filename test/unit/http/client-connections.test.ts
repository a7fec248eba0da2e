// Which connection a request gets depends on what it is for.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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
