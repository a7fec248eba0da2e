// A request whose addresses were checked goes to one of them, whatever a name server says by then.
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import type { HttpRequest, Resolved } from '../../../src/core/fetch.ts';
import { createHttpClient } from '../../../src/http/client.ts';
import { opened } from '../../peers/opened.ts';
import { listenRaw } from '../../peers/raw-server.ts';

const open = opened();

const LOOPBACK: Resolved = { addresses: [{ address: '127.0.0.1', family: 4 }] };

interface Sent {
  readonly status: number;
  readonly addresses: readonly string[];
}

/** Sends a request to a name and the port of a server on loopback. */
async function send(protocol: 'http' | 'https', name: string, resolved?: Resolved): Promise<Sent> {
  const { port } = await open(listenRaw(createServer((_, response) => response.end('{}'))));
  const url = new URL(`${protocol}://${name}:${port}/token`);
  const client = createHttpClient({ url, headers: [], userAgent: 'test', enableProxy: false, env: {} });
  const request: HttpRequest = { purpose: 'sign-in', method: 'GET', url, headers: {}, repeatable: false, resolved };
  try {
    const { status, body } = await client.fetch(request);
    await body.bytes(100);
    return { status, addresses: [...client.addresses(url)] };
  } finally {
    client.close();
  }
}

// The name exists nowhere (RFC 6761, section 6.4), so only the addresses of the check can lead to the server.
it('does not look up the name again', async () => {
  expect(await send('http', 'as.invalid', LOOPBACK)).toEqual({ status: 200, addresses: ['127.0.0.1'] });
});

it('does not go to a name without addresses, although the machine knows the name', async () => {
  await expect(send('http', 'localhost', { addresses: [] })).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('the host name does not exist'),
  });
  expect(await send('http', 'localhost')).toMatchObject({ status: 200 });
});

it('explains a failure without another lookup', async () => {
  // Only a second connection can find out that the server does not encrypt.
  await expect(send('https', 'as.invalid', LOOPBACK)).rejects.toMatchObject({
    message: expect.stringContaining('does not encrypt'),
  });
});
