// Which requests cross to the bridge, and which go straight to the server.
import { expect, it } from 'vitest';
import type { Exchange, Session } from '../../../../src/core/exchange.ts';
import type { Json } from '../../../../src/core/json.ts';
import { LegacyOnly, ProxyError } from '../../../../src/errors.ts';
import { downgrade } from '../../../../src/layers/bridge/downgrade.ts';
import type { Bridge } from '../../../../src/layers/bridge/held/bridge.ts';
import { exchangeOf, result, SILENT, sessionOf, textOf } from '../exchanges.ts';

const ENVELOPE = '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}';
const NOT_MODERN = new LegacyOnly('not modern', {});

interface Parts {
  /** What the server, and what the bridge has got. */
  readonly got: string[];
  readonly session: Session;
  era: Session['era'];
  error: Error;
  /** Whether the bridge has no session. */
  empty: boolean;
}

/** A server that refuses every modern request. */
function parts(): Parts {
  const got: string[] = [];
  const note = (to: string, { call }: Pick<Exchange, 'call'>): void => void got.push(`${to} ${call.method}`);
  const server: Session = {
    ...sessionOf(async (exchange) => {
      note('server', exchange);
      if (exchange.call.params || exchange.call.method === 'server/discover') throw all.error;
      return result('{"from":"server"}');
    }),
    notify: (call) => void note('server', { call }) as undefined,
    established: false,
    get era() {
      return all.era;
    },
  };
  const bridge = {
    get empty() {
      return all.empty;
    },
    established: true,
    request: async (exchange: Exchange) => {
      note('bridge', exchange);
      return result('{"from":"bridge"}');
    },
    ran: async (_exchange: Exchange, ran: Json) => result(`{"ran":${ran}}`),
    notify: (call: Exchange['call']) => void note('bridge', { call }) as undefined,
    closeUnused: () => void got.push('bridge closes what is unused'),
    close: async () => void got.push('bridge closes'),
  } as unknown as Bridge;
  const session = downgrade(async () => bridge)(() => server)(SILENT);
  const all: Parts = { got, session, era: 'legacy', error: NOT_MODERN, empty: false };
  return all;
}

async function ask({ session }: Parts, method: string, params?: string): Promise<string> {
  return textOf(await session.request(exchangeOf(method, params).exchange));
}

it('the first modern request asks the server, and the others the bridge', async () => {
  const all = parts();
  expect(await ask(all, 'server/discover')).toBe('{"from":"bridge"}');
  expect(await ask(all, 'tools/list', ENVELOPE)).toBe('{"from":"bridge"}');
  expect(all.got).toEqual(['server server/discover', 'bridge server/discover', 'bridge tools/list']);
});

it('the requests of one client may be of both eras', async () => {
  const all = parts();
  await ask(all, 'tools/list', ENVELOPE);
  expect(await ask(all, 'initialize')).toBe('{"from":"server"}');
  expect(await ask(all, 'tools/list')).toBe('{"from":"server"}');
  expect(await ask(all, 'tools/list', ENVELOPE)).toBe('{"from":"bridge"}');
  expect(all.got.slice(2)).toEqual([
    'bridge closes what is unused',
    'server initialize',
    'server tools/list',
    'bridge tools/list',
  ]);
});

it('a bridge that has lost its sessions has the server asked again', async () => {
  const all = parts();
  await ask(all, 'tools/list', ENVELOPE);
  all.empty = true;
  await ask(all, 'tools/list', ENVELOPE);
  expect(all.got).toEqual(['server tools/list', 'bridge tools/list', 'server tools/list', 'bridge tools/list']);
});

it.each([new ProxyError('unreachable', 'gone'), new ProxyError('no-common-version', 'of another kind')])(
  'does not cross for another error: %s',
  async (error) => {
    const all = parts();
    all.error = error;
    await expect(ask(all, 'server/discover')).rejects.toBe(error);
    expect(all.got).toEqual(['server server/discover']);
  },
);

it('what a lenient server has run already does not run again', async () => {
  const all = parts();
  all.error = new LegacyOnly('lenient', {}, Buffer.from('{"content":[]}'));
  expect(await ask(all, 'tools/call', ENVELOPE)).toBe('{"ran":{"content":[]}}');
  expect(all.got).toEqual(['server tools/call']);
  await ask(all, 'tools/call', ENVELOPE);
  expect(all.got.at(-1)).toBe('bridge tools/call');
});

it('a modern server is asked without a detour', async () => {
  const all = parts();
  all.era = 'modern';
  await expect(ask(all, 'server/discover')).rejects.toBe(NOT_MODERN);
  expect(all.got).toEqual(['server server/discover']);
});

it('notifications go where the requests of their era go', async () => {
  const all = parts();
  const note = { method: 'notifications/vendor', params: Buffer.from(ENVELOPE) };
  all.session.notify(note);
  await ask(all, 'server/discover');
  all.session.notify(note);
  all.session.notify({ method: 'notifications/vendor' });
  const told = all.got.filter((line) => line.includes('notifications'));
  expect(told).toEqual(['server notifications/vendor', 'bridge notifications/vendor', 'server notifications/vendor']);
});

it('counts as established with the bridge, and closes it', async () => {
  const all = parts();
  expect(all.session.established).toBe(false);
  await ask(all, 'server/discover');
  expect(all.session.established).toBe(true);
  await all.session.close(1);
  expect(all.got.at(-1)).toBe('bridge closes');
});
