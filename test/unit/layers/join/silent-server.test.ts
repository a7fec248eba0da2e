// A server that does not answer what the joined server itself asks of it.
import { afterEach, expect, it, vi } from 'vitest';
import { Cancelled, type Handler } from '../../../../src/core/exchange.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { Join, type JoinedServer } from '../../../../src/layers/join/join.ts';
import { exchangeOf, result, SILENT, sessionOf } from '../exchanges.ts';

const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, level: 'error' } as const;
const ENVELOPE =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}';

afterEach(() => {
  vi.useRealTimers();
});

const serverOf = (name: string, request: Handler, rest: Partial<JoinedServer> = {}): JoinedServer => ({
  name,
  prefix: false,
  local: false,
  idle: undefined,
  openTimeout: undefined,
  personal: false,
  memory: { recall: async () => undefined, remember: async () => {} },
  provisional: () => false,
  open: () => sessionOf(request),
  ...rest,
});

const params = (members: string): string => `{"_meta":{${ENVELOPE}},${members}}`;

/** A server of 2026-07-28 with one resource. */
const withResource =
  (uri: string, listens: Handler): Handler =>
  async (exchange) => {
    switch (exchange.call.method) {
      case 'server/discover':
        return result('{"supportedVersions":["2026-07-28"],"capabilities":{"resources":{"subscribe":true}}}');
      case 'resources/list':
        return result(`{"resources":[{"uri":"${uri}","name":"one"}]}`);
      case 'resources/templates/list':
        return result('{"resourceTemplates":[]}');
      case 'subscriptions/listen':
        return listens(exchange);
    }
    return result('{}');
  };

const never: Handler = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

it('a server that does not acknowledge a subscription delays those at the others for three seconds at most', async () => {
  vi.useFakeTimers();
  const acknowledges: Handler = (exchange) => {
    const acknowledged = '{"notifications":{"resourceSubscriptions":["a://1"]}}';
    exchange.notify({ method: 'notifications/subscriptions/acknowledged', params: Buffer.from(acknowledged) });
    return never(exchange);
  };
  const servers = [serverOf('a', withResource('a://1', acknowledges)), serverOf('b', withResource('b://1', never))];
  const session = new Join(servers, { id: 'i', version: '1', idle: 600_000, log: LOG }).connect(SILENT);
  const filter = '"notifications":{"resourceSubscriptions":["a://1","b://1"]}';
  const listening = exchangeOf('subscriptions/listen', params(filter));
  const over = session.request(listening.exchange).catch(() => {});
  await vi.advanceTimersByTimeAsync(3_500);
  expect(listening.notified.map(({ params: told }) => JSON.parse(`${told}`).notifications)).toEqual([
    { resourceSubscriptions: ['a://1'] },
  ]);
  listening.cancel(new Cancelled());
  await over;
});

it('what cuts all calls also cuts those at a server that was taken out of the configuration', async () => {
  const destroyed: string[] = [];
  const gone = serverOf('a', async () => result('{"capabilities":{"tools":{}},"tools":[{"name":"t"}]}'), {
    open: () => ({
      ...sessionOf(async ({ call }) =>
        call.method === 'tools/call'
          ? new Promise(() => {})
          : result('{"capabilities":{"tools":{}},"tools":[{"name":"t"}]}'),
      ),
      close: () => new Promise(() => {}),
      destroy: (reason) => destroyed.push(reason.message),
    }),
  });
  const join = new Join([gone], { id: 'i', version: '1', idle: 600_000, log: LOG });
  const session = join.connect(SILENT);
  await session.request(exchangeOf('tools/list', params('"x":1')).exchange);
  session.request(exchangeOf('tools/call', params('"name":"t"')).exchange).catch(() => {});
  join.update([]);
  await Promise.resolve();
  session.destroy(new ProxyError('failed', 'cut'));
  await vi.waitFor(() => expect(destroyed).toEqual(['cut']));
});
