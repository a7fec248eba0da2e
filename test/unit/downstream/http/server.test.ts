// The HTTP server looks after its connections by itself.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { type Listener, listen } from '../../../../src/downstream/http/server.ts';

let listener: Listener | undefined;
afterEach(() => {
  vi.useRealTimers();
  listener?.destroy();
});

it('closes a connection without a request, a while after the time that clients are told', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    maxConnections: 10,
    handle: (_, res) => res.end('here'),
    closed: () => {},
    notAccepted: () => {},
  });
  const client = connect(Number(new URL(listener.url).port), '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  expect(String(await once(client, 'data'))).toContain('Keep-Alive: timeout=75');
  vi.advanceTimersByTime(75_000);
  client.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  expect(String(await once(client, 'data'))).toContain('here');
  while (!client.closed) {
    vi.advanceTimersByTime(5_000);
    await setImmediate();
  }
});
