// Requests that no client waits for are marked, so that no user is asked to sign in for them.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Cancellation } from '../../../src/core/cancel.ts';
import { derived, type Exchange, type Handler, type Peer } from '../../../src/core/exchange.ts';
import { ProxyError } from '../../../src/errors.ts';
import { Listening } from '../../../src/layers/bridge/listening.ts';
import { deadline, deadlines } from '../../../src/layers/deadline.ts';
import { Join, type JoinedServer } from '../../../src/layers/join/join.ts';
import { MemberExchange } from '../../../src/layers/join/member-exchange.ts';
import { behind, exchangeOf, result, SILENT, sessionOf } from './exchanges.ts';
import { settled, sharedSession } from './sharing/shared-clients.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, level: 'error' } as const;

/** Keeps which requests are marked. */
function marking(next: Handler): { readonly marks: string[]; readonly handler: Handler } {
  const marks: string[] = [];
  const handler: Handler = (exchange) => {
    marks.push(`${exchange.call.method}${exchange.unasked ? ', unasked' : ''}`);
    return next(exchange);
  };
  return { marks, handler };
}

it('the mark passes every kind of exchange', async () => {
  const exchange = { ...exchangeOf('ping').exchange, unasked: true };
  const { marks, handler } = marking(async () => result('{}'));
  await behind(deadline(deadlines(1_000), 'the server'), handler)(exchange);
  await handler(derived(exchange, { notify: () => undefined }));
  await handler(new MemberExchange(exchange, exchange.call, (note, pass) => pass(note)));
  expect(marks).toEqual(Array(3).fill('ping, unasked'));
});

it('a subscription of a client that has left a shared session is ended unasked', async () => {
  const kept = marking(async ({ call: { method } }) =>
    result(method === 'initialize' ? '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{}}' : '{}'),
  );
  const { joined } = sharedSession((server) => {
    server.answer = kept.handler;
  });
  const [one] = [await joined(), await joined()];
  await one?.request('resources/subscribe', { uri: 'a:1' });
  await one?.session.close(1_000);
  await settled();
  expect(kept.marks).toEqual(['initialize', 'resources/subscribe', 'resources/unsubscribe, unasked']);
});

const ACKNOWLEDGED = { method: 'notifications/subscriptions/acknowledged', params: Buffer.from('{}') };

it.each([
  [true, ['subscriptions/listen, unasked', 'subscriptions/listen, unasked']],
  [false, ['subscriptions/listen', 'subscriptions/listen, unasked']],
])('a stream of changes is opened again unasked; opened for a bridge alone: %j', async (insists, expected) => {
  const { marks, handler } = marking(async ({ notify }) => {
    notify(ACKNOWLEDGED);
    return result('{}');
  });
  const closing = new Cancellation();
  new Listening({ send: handler, client: SILENT, closing, log: LOG }).open({}, { insists });
  await vi.advanceTimersByTimeAsync(31_000);
  closing.abort(new ProxyError('failed', 'over'));
  expect(marks).toEqual(expected);
});

const TOOLS = Buffer.from('{"tools":[{"name":"one","inputSchema":{}}]}');

/** One joined server, which may refuse all requests, and a client that has sent `initialize`. */
async function joinedServer({ remembered }: { readonly remembered?: Readonly<Record<string, Buffer>> } = {}) {
  let server: Peer | undefined;
  let refusal: ProxyError | undefined;
  const { marks, handler } = marking(async ({ call: { method } }: Exchange) => {
    if (refusal) throw refusal;
    if (method === 'initialize')
      return result('{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{}}');
    return { result: TOOLS };
  });
  const joined: JoinedServer = {
    name: 'a',
    prefix: false,
    local: false,
    idle: undefined,
    openTimeout: undefined,
    personal: false,
    memory: { recall: async (method) => remembered?.[method], remember: async () => {} },
    provisional: () => false,
    open: (peer) => {
      server = peer;
      return sessionOf(handler);
    },
  };
  const session = new Join([joined], { id: 'i', version: '1', idle: 600_000, log: LOG }).connect(SILENT);
  const ask = async (method: string, params = '{}'): Promise<void> => {
    const asked = session.request(exchangeOf(method, params).exchange);
    await vi.advanceTimersByTimeAsync(30_000);
    await asked;
  };
  await ask('initialize', '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}');
  session.notify({ method: 'notifications/initialized' });
  return {
    marks,
    ask,
    refuseWith: (error: ProxyError | undefined): void => {
      refusal = error;
    },
    changeTools: (): void => void server?.notify({ method: 'notifications/tools/list_changed' }),
  };
}

const SIGN_IN_NEEDED = new ProxyError('sign-in-needed', 'sign in');

it('lists of a joined server that have changed are read unasked, and wait for a client where a user must sign in', async () => {
  const { marks, ask, refuseWith, changeTools } = await joinedServer();
  await ask('tools/list');
  marks.length = 0;
  refuseWith(SIGN_IN_NEEDED);
  changeTools();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(marks).toEqual(['tools/list, unasked']);
  refuseWith(undefined);
  await ask('tools/list');
  expect(marks).toEqual(['tools/list, unasked', 'tools/list']);
});

it('a list of a joined server that could not be read is read later, unasked', async () => {
  const { marks, ask, refuseWith, changeTools } = await joinedServer();
  await ask('tools/list');
  marks.length = 0;
  refuseWith(new ProxyError('unreachable', 'gone'));
  changeTools();
  await vi.advanceTimersByTimeAsync(0);
  expect(marks).toEqual(['tools/list, unasked']);
  refuseWith(SIGN_IN_NEEDED);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(marks).toEqual(Array(2).fill('tools/list, unasked'));
});

it('a remembered list of a joined server is read unasked when a call has opened the server', async () => {
  const { marks, ask } = await joinedServer({ remembered: { initialize: Buffer.from('{}'), 'tools/list': TOOLS } });
  expect(marks).toEqual([]);
  await ask('tools/call', '{"name":"one"}');
  expect(marks.toSorted()).toEqual(['initialize', 'tools/call', 'tools/list, unasked']);
});
