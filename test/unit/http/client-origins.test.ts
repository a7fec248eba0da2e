// The user's headers belong to one origin, however often the same header object is sent.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createHttpClient } from '../../../src/http/client.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

async function recording(): Promise<{ url: URL; seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.end('{}');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`), seen };
}

it('another origin gets none of the headers of the first, and its own host', async () => {
  const [own, other] = [await recording(), await recording()];
  const client = createHttpClient({
    url: own.url,
    headers: [['Authorization', 'Bearer for-the-first-origin']],
    userAgent: 'test',
    enableProxy: false,
    env: {},
  });
  const headers = { accept: 'application/json' };
  for (const { url } of [own, other, own]) {
    const response = await client.fetch({ purpose: 'call', method: 'GET', url, headers, repeatable: true });
    await response.body.bytes(100);
  }
  client.close();
  expect(own.seen.map((h) => h.authorization)).toEqual(['Bearer for-the-first-origin', 'Bearer for-the-first-origin']);
  expect(other.seen).toHaveLength(1);
  expect(other.seen[0]).not.toHaveProperty('authorization');
  expect(other.seen[0]?.host).toBe(other.url.host);
  expect(other.seen[0]?.accept).toBe('application/json');
});
