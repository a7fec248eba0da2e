import { afterEach, expect, it, vi } from 'vitest';
import type { Handler } from '../../../../src/core/exchange.ts';
import { Join } from '../../../../src/layers/join/join.ts';
import { exchangeOf, result, SILENT, sessionOf, textOf } from '../exchanges.ts';

const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, level: 'error' } as const;

afterEach(() => {
  vi.useRealTimers();
});

/** The answer to a call, from a server that takes 90 s to open a session. */
async function calledWith(openTimeout: number | undefined): Promise<string> {
  vi.useFakeTimers();
  const server: Handler = async ({ call, signal }) => {
    if (call.method === 'tools/call') return result('{"content":[]}');
    await new Promise((resolve, reject) => {
      setTimeout(resolve, 90_000);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    return result('{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"tools":[]}');
  };
  const one = {
    name: 's',
    prefix: false,
    local: false,
    idle: undefined,
    openTimeout,
    personal: false,
    memory: { recall: async () => undefined, remember: async () => {} },
    provisional: () => false,
    open: () => sessionOf(server),
  };
  const session = new Join([one], { id: 'i', version: '1', idle: 600_000, log: LOG }).connect(SILENT);
  const initialized = session.request(exchangeOf('initialize', '{"protocolVersion":"2025-11-25"}').exchange);
  await vi.advanceTimersByTimeAsync(6_000);
  await initialized;
  session.notify({ method: 'notifications/initialized' });
  const replied = session.request(exchangeOf('tools/call', '{"name":"s__a"}').exchange).then(textOf, String);
  await vi.advanceTimersByTimeAsync(120_000);
  return replied;
}

it('a server may take as long to open a session as its user allows', async () => {
  expect(await calledWith(120_000)).toBe('{"content":[]}');
});

it('a server that takes longer than the proxy waits is given up', async () => {
  expect(await calledWith(undefined)).not.toBe('{"content":[]}');
});
