// A tunnel through an outbound proxy that never opens.
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { Cancellation } from '../../../src/core/cancel.ts';
import { createHttpClient } from '../../../src/http/client.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

const URL_BEHIND = new URL('https://server.example/mcp');

/** A proxy that accepts the CONNECT and does not answer. */
async function silentProxy(): Promise<{ asked: Promise<void>; close(): void }> {
  const sockets = new Set<net.Socket>();
  let heard: () => void;
  const asked = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => heard());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    asked,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const client = (): ReturnType<typeof createHttpClient> =>
  createHttpClient({ url: URL_BEHIND, headers: [], userAgent: 'test', enableProxy: true, env: {} });

it('a request that is aborted ends at once', async () => {
  const proxy = await silentProxy();
  const { fetch, close } = client();
  const abort = new Cancellation();
  const answered = fetch({
    purpose: 'call',
    method: 'GET',
    url: URL_BEHIND,
    headers: {},
    signal: abort,
    repeatable: true,
  });
  await proxy.asked;
  const reason = new Error('enough');
  abort.abort(reason);
  await expect(answered).rejects.toBe(reason);
  close();
  proxy.close();
});

it('any other ends when the time for connecting is over', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const proxy = await silentProxy();
  const { fetch, close } = client();
  const answered = fetch({ purpose: 'call', method: 'GET', url: URL_BEHIND, headers: {}, repeatable: true });
  const failed = expect(answered).rejects.toThrow(/server\.example did not accept a connection in 30 s/);
  await proxy.asked;
  vi.advanceTimersByTime(30_000);
  await failed;
  close();
  proxy.close();
});
