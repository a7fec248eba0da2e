// Which requests cross to the bridge, and which go straight to the server.
import { expect, it } from 'vitest';
import type { Exchange, Peer, Session } from '../../../../src/core/exchange.ts';
import type { Json } from '../../../../src/core/json.ts';
import type { Connect } from '../../../../src/core/layer.ts';
import { LegacyOnly, ProxyError } from '../../../../src/errors.ts';
import { downgrade } from '../../../../src/layers/bridge/downgrade.ts';
import type { Bridge } from '../../../../src/layers/bridge/held/bridge.ts';
import { exchangeOf, result, SILENT, sessionOf, textOf } from '../exchanges.ts';

const ENVELOPE = '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}';
const NOT_MODERN = new LegacyOnly('not modern', {});

interface Parts {
  /** What the server and the bridge have received. */
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
    answered: async (_exchange: Exchange, { result: ran }: { result: Json }) => result(`{"ran":${ran}}`),
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
  all.error = new LegacyOnly('lenient', {}, { result: Buffer.from('{"content":[]}') });
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

/** The layer with a stand-in for the bridge: what it connects to, and the sessions at the server. */
function lending() {
  const clients: Peer[] = [];
  const heard: string[] = [];
  const sessions: { closed: boolean; readonly got: string[] }[] = [];
  let connect: Connect | undefined;
  const inner: Connect = (client) => {
    clients.push(client);
    const own: (typeof sessions)[number] = { closed: false, got: [] };
    sessions.push(own);
    return {
      ...sessionOf(async ({ call }) => {
        own.got.push(call.method);
        if (call.params) throw NOT_MODERN;
        return result('{}');
      }),
      close: async () => {
        own.closed = true;
      },
    };
  };
  const hears = (name: string): Peer => ({
    ...SILENT,
    notify: ({ method }) => void heard.push(`${name} ${method}`) as undefined,
  });
  const bridge = { empty: true, request: async () => result('{}'), closeUnused: () => {}, close: async () => {} };
  const session = downgrade(async (given) => {
    connect = given;
    return bridge as unknown as Bridge;
  })(inner)(hears('client'));
  const send = (method: string, params?: string) => session.request(exchangeOf(method, params).exchange);
  return { clients, heard, sessions, session, ask: send, hears, connect: (peer: Peer) => (connect as Connect)(peer) };
}

it('the bridge takes over the session that was asked first, and gives it back', async () => {
  const all = lending();
  await all.ask('tools/list', ENVELOPE);
  const lent = all.connect(all.hears('bridge'));
  all.clients[0]?.notify({ method: 'notifications/a' });
  expect(all.sessions).toHaveLength(1);
  // Only one client can have it.
  all.connect(all.hears('another'));
  expect(all.sessions).toHaveLength(2);
  await lent.close(1);
  expect(all.sessions[0]?.closed).toBe(false);
  all.clients[0]?.notify({ method: 'notifications/b' });
  expect(all.heard).toEqual(['bridge notifications/a', 'client notifications/b']);
  await all.session.close(1);
  expect(all.sessions[0]?.closed).toBe(true);
});

it('a client that opens a session itself while the bridge has the first gets another, and that stays its own', async () => {
  const all = lending();
  await all.ask('tools/list', ENVELOPE);
  const lent = all.connect(all.hears('bridge'));
  await all.ask('initialize');
  await all.ask('tools/list');
  await lent.close(1);
  all.connect(all.hears('bridge'));
  expect(all.sessions.map(({ got }) => got)).toEqual([['tools/list'], ['initialize', 'tools/list'], []]);
  await all.session.close(1);
  expect(all.sessions.map(({ closed }) => closed)).toEqual([true, true, false]);
});
