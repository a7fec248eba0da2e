import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancelled, type Exchange } from '../../../../src/core/exchange.ts';
import type { Reply } from '../../../../src/core/jsonrpc.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { exchangeOf, result, textOf } from '../exchanges.ts';
import { Client, call, IDLE, INITIALIZED, REFUSED, settled, sharedSession } from './shared-clients.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the session with the server', () => {
  it('is opened once for all, in the name of the proxy, and as one that can do nothing', async () => {
    const { shared, servers, server } = sharedSession();
    const clients = [1, 2, 3].map(() => new Client(shared));
    await Promise.all(clients.map((client) => client.open()));
    expect(servers).toHaveLength(1);
    expect(server().requests.map(({ method }) => method)).toEqual(['initialize']);
    expect(JSON.parse(String(server().requests[0]?.params))).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'mcp-proxy', version: '1.2.3' },
    });
    expect(server().notes).toEqual(['notifications/initialized']);
  });

  it('is not opened before the first request', () => {
    const { shared, servers } = sharedSession();
    const client = new Client(shared);
    client.session.notify(call('notifications/initialized'));
    expect(servers).toEqual([]);
    expect(client.session.established).toBe(false);
  });

  it('is established for all as soon as it is for one', async () => {
    const { shared, joined } = sharedSession();
    const other = new Client(shared);
    await joined();
    expect(other.session.established).toBe(true);
  });

  it('that the server refuses is ended, and opened again by the next request', async () => {
    let refuse = true;
    const { shared, servers } = sharedSession((server) => {
      if (refuse) server.answer = async () => REFUSED;
    });
    const client = new Client(shared);
    expect(await client.request('tools/list')).toBe(REFUSED);
    expect(servers[0]?.destroyed).toBe(true);
    refuse = false;
    expect(textOf(await client.open())).toBe(INITIALIZED);
    expect(servers).toHaveLength(2);
  });

  it('that cannot be opened fails for all clients that wait, and can be opened again', async () => {
    let down = true;
    const error = new ProxyError('unreachable', 'connection refused');
    const { shared, servers } = sharedSession((server) => {
      if (down) server.answer = () => Promise.reject(error);
    });
    const clients = [new Client(shared), new Client(shared)];
    for (const opening of clients.map((client) => client.open().catch((e: unknown) => e))) {
      expect(await opening).toBe(error);
    }
    expect(servers).toHaveLength(1);
    down = false;
    await clients[0]?.open();
    expect(servers).toHaveLength(2);
  });

  it('goes on when the client has given up for which it was opened', async () => {
    const opening: ((reply: Reply) => void)[] = [];
    const { shared, servers, server } = sharedSession((fresh) => {
      fresh.answer = () => new Promise((resolve) => opening.push(resolve));
    });
    const hasty = exchangeOf('initialize', '{"protocolVersion":"2025-11-25"}');
    const [one, two] = [new Client(shared), new Client(shared)];
    void one.session.request(hasty.exchange);
    hasty.cancel(new Cancelled());
    await one.session.close(0);
    const waits = two.open();
    await settled();
    opening[0]?.(result(INITIALIZED));
    expect(textOf(await waits)).toBe(INITIALIZED);
    expect(servers).toHaveLength(1);
    expect(server().requests).toHaveLength(1);
  });
});

describe('what a client is told of the session', () => {
  const opened = async (text: string, protocolVersion: string): Promise<string> => {
    const { shared } = sharedSession((server) => {
      server.answer = async () => result(text);
    });
    return textOf(await new Client(shared).open(protocolVersion));
  };

  it.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', '2024-11-05'],
    ['2099-01-01', '2025-11-25'],
    ['2000-01-01', '2025-11-25'],
    ['', '2025-11-25'],
  ])('is no revision newer than its own: %j leads to %s', async (asked, agreed) => {
    expect(await opened(INITIALIZED, asked)).toBe(INITIALIZED.replace('2025-11-25', agreed));
  });

  it('is the revision of the server where that is the older one', async () => {
    const old = INITIALIZED.replace('2025-11-25', '2025-03-26');
    expect(await opened(old, '2025-11-25')).toBe(old);
    expect(await opened(old, '2024-11-05')).toBe(old.replace('2025-03-26', '2024-11-05'));
  });

  it('has no tasks, and everything else as it was', async () => {
    const text =
      '{ "capabilities":{"tools":{"listChanged": true},"tasks":{"list":{}},"x":1e400},"instructions":"\\u0061", "protocolVersion":"2025-11-25"}';
    expect(await opened(text, '2025-11-25')).toBe(text.replace('"tasks":{"list":{}},', ''));
  });
});

describe('a call', () => {
  it('reaches the server unchanged, and its answer the client', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    server().answer = async ({ call: { params } }) => result(`{"echo":${params}}`);
    const answers = await Promise.all([
      one.request('tools/call', { name: 'a' }),
      two.request('tools/call', { name: 'b' }),
    ]);
    expect(answers.map(textOf)).toEqual(['{"echo":{"name":"a"}}', '{"echo":{"name":"b"}}']);
    expect(server().asked).toEqual(['tools/call {"name":"a"}', 'tools/call {"name":"b"}']);
  });

  it('that fails does so for its client only, and the session goes on', async () => {
    const { servers, server, joined } = sharedSession();
    const client = await joined();
    const error = new ProxyError('timeout', 'no answer');
    server().answer = () => Promise.reject(error);
    await expect(client.request('tools/list')).rejects.toBe(error);
    server().answer = async () => result('{"tools":[]}');
    expect(textOf(await client.request('tools/list'))).toBe('{"tools":[]}');
    expect(servers).toHaveLength(1);
  });

  it('can be cancelled by its client', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    const signals: Exchange['signal'][] = [];
    server().answer = ({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const recorded = exchangeOf('tools/call');
    void one.session.request(recorded.exchange);
    void two.request('tools/call');
    await settled();
    recorded.cancel(new Cancelled());
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it.each(['tasks/list', 'tasks/get', 'tasks/result', 'tasks/cancel'])(
    'to %s is refused, because the server does not know whose tasks they are',
    async (method) => {
      const { server, joined } = sharedSession();
      const client = await joined();
      expect(JSON.parse(textOf(await client.request(method, { taskId: '1' })))).toMatchObject({ code: -32_601 });
      expect(server().asked).toEqual([]);
    },
  );

  it('that opens the session again is answered without the server', async () => {
    const { server, joined } = sharedSession();
    const client = await joined();
    expect(textOf(await client.request('initialize', { protocolVersion: '2025-06-18' }))).toContain('2025-06-18');
    expect(server().requests).toHaveLength(1);
  });
});

describe('a notification of a client', () => {
  it.each([
    'notifications/initialized',
    'notifications/roots/list_changed',
    'notifications/progress',
    'notifications/tasks/status',
  ])('%s is about one of many, and does not reach the server', async (method) => {
    const { server, joined } = sharedSession();
    const client = await joined();
    client.session.notify(call(method));
    expect(server().notes).toEqual(['notifications/initialized']);
  });

  it('of any other kind does', async () => {
    const { server, joined } = sharedSession();
    const client = await joined();
    client.session.notify(call('notifications/vendor', { x: 1 }));
    expect(server().notes.at(-1)).toBe('notifications/vendor {"x":1}');
  });
});

describe('a client that leaves', () => {
  it('gets no more messages, and the others do', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    await one.session.close(0);
    server().client.notify(call('notifications/tools/list_changed'));
    expect([one.told.length, two.told.length]).toEqual([0, 1]);
    expect(server().closed).toEqual([]);
  });

  it('as the last one leaves the session open for a while', async () => {
    const { servers, server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    await one.session.close(0);
    await two.session.close(0);
    vi.advanceTimersByTime(IDLE - 1);
    expect(server().closed).toEqual([]);
    await joined();
    vi.advanceTimersByTime(10 * IDLE);
    expect(server().closed).toEqual([]);
    expect(servers).toHaveLength(1);
  });

  it('as the last one ends the session after a while, and a later client opens another one', async () => {
    const { servers, joined } = sharedSession();
    await (await joined()).session.close(0);
    vi.advanceTimersByTime(IDLE);
    expect(servers[0]?.closed).toHaveLength(1);
    await joined();
    expect(servers).toHaveLength(2);
    expect(servers[1]?.closed).toEqual([]);
  });

  it('twice counts once', async () => {
    const { server, joined } = sharedSession();
    const [one] = [await joined(), await joined()];
    await one.session.close(0);
    await one.session.close(0);
    vi.advanceTimersByTime(10 * IDLE);
    expect(server().closed).toEqual([]);
  });
});

describe('the end', () => {
  it('is told to the server, with the time that it may take', async () => {
    const { shared, server, joined } = sharedSession();
    const client = await joined();
    await shared.close(1_234);
    expect(server().closed).toEqual([1_234]);
    expect(client.session.established).toBe(false);
    await shared.close(1_234);
    expect(server().closed).toEqual([1_234]);
  });

  it('comes once when all clients have left before', async () => {
    const { shared, server, joined } = sharedSession();
    await (await joined()).session.close(0);
    await shared.close(5);
    vi.advanceTimersByTime(10 * IDLE);
    expect(server().closed).toEqual([5]);
  });

  it('does nothing where no session was opened', async () => {
    const { shared, servers } = sharedSession();
    await shared.close(1_000);
    expect(servers).toEqual([]);
  });
});

it('ends the subscriptions of a client that has left a few at a time, and refuses too many', async () => {
  const { shared, server } = sharedSession();
  const client = new Client(shared);
  await client.open();
  const subscribe = (n: number): Promise<Reply> => client.request('resources/subscribe', { uri: `x:${n}` });
  for (let n = 0; n < 1_000; n++) await subscribe(n);
  await expect(subscribe(1_000)).rejects.toMatchObject({ code: 'limit' });
  const waiting: ((reply: Reply) => void)[] = [];
  server().answer = () => new Promise((resolve) => waiting.push(resolve));
  await client.session.close(0);
  let ended = 0;
  for (await settled(); waiting.length > 0; await settled()) {
    expect(waiting.length).toBeLessThanOrEqual(4);
    for (const resolve of waiting.splice(0)) {
      resolve(result('{}'));
      ended++;
    }
  }
  expect(ended).toBe(1_000);
});
