// A client of a revision with a handshake in front of a server that requires a sign-in: it is answered at once, and
// everything is there once the user is done.
import { expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import { expectClean, expectPage, fixture, isAnswered, LIST_CHANGES, served, TOOLS, toolNames } from './fixture.ts';

const open = opened();

it.each(['http', 'sessions', 'sse'] as const)(
  'over %s, a client is answered during the sign-in, and gets everything after it',
  async (carrier) => {
    const { browser, server, authorizationServer, start } = await fixture(open, 'hold', { server: { carrier } });
    const proxy = start();
    const { rpc } = proxy;

    const opening = await rpc.initialize('2025-06-18');
    expect(opening.protocolVersion).toBe('2025-06-18');
    expect(opening.serverInfo.name).toBe('mcp-proxy');
    for (const kind of ['tools', 'prompts', 'resources'])
      expect(opening.capabilities[kind]).toEqual({ listChanged: true });
    const page = await browser.waitForTab(1);
    expect(await rpc.request('ping')).toEqual({});

    const listed = rpc.request('tools/list', {}, 'the-list');
    for (const [method, params] of [
      ['tools/call', { name: 'whoami', arguments: {} }],
      ['prompts/get', { name: 'p' }],
      ['resources/read', { uri: 'a:b' }],
      ['unknown/method', {}],
    ] as const)
      expectPage(await rpc.exchange(method, params), page);
    await rpc.request('ping');
    expect(isAnswered(proxy, 'the-list')).toBe(false);
    expect(served(server, 'initialize')).toBe(0);

    expect((await browser.finish(1)).status).toBe(200);
    expect(toolNames(await listed)).toEqual(TOOLS);
    for (const method of LIST_CHANGES) await rpc.next(method);
    const result = await rpc.request('tools/call', { name: 'whoami', arguments: {} });
    expect(result.content[0].text).toBe('ada');

    await proxy.close();
    expect(served(server, 'initialize')).toBe(1);
    expect(served(server, 'notifications/initialized')).toBe(1);
    expect(server.executions()).toBe(1);
    expect(browser.opened).toHaveLength(1);
    expect(authorizationServer.count('register')).toBe(1);
    expect(proxy.stderr.trim().split('\n').length, proxy.stderr).toBeLessThanOrEqual(3);
    expectClean(proxy);
  },
);

it('in front of a server of 2026-07-28, a client is answered during the sign-in, and bridged after it', async () => {
  const { browser, server, start } = await fixture(open, 'hold', { server: { carrier: 'modern' } });
  const proxy = start();
  const { rpc } = proxy;
  expect((await rpc.initialize('2025-06-18')).serverInfo.name).toBe('mcp-proxy');
  const page = await browser.waitForTab(1);
  const listed = rpc.request('tools/list');
  expectPage(await rpc.exchange('tools/call', { name: 'whoami', arguments: {} }), page);
  expect((await browser.finish(1)).status).toBe(200);
  expect(toolNames(await listed)).toEqual(TOOLS);
  const result = await rpc.request('tools/call', { name: 'whoami', arguments: {} });
  expect(result).toEqual({ content: [{ type: 'text', text: 'ada' }] });
  await proxy.close();
  expect(served(server, 'initialize')).toBe(0);
  expect(served(server, 'server/discover')).toBe(1);
  expect(server.executions()).toBe(1);
  expectClean(proxy);

  // The next start knows both the user and the server.
  const again = start();
  expect((await again.rpc.initialize('2025-06-18')).serverInfo.name).toBe('protected-server');
  expect((await again.rpc.request('tools/call', { name: 'whoami', arguments: {} })).content[0].text).toBe('ada');
  await again.close();
  expect(served(server, 'server/discover')).toBe(2);
  expect(browser.opened).toHaveLength(1);
});

it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
  'answers a client of %s in its revision',
  async (revision) => {
    const { start } = await fixture(open, 'hold');
    expect((await start().rpc.initialize(revision)).protocolVersion).toBe(revision);
  },
);

it('answers a client of a revision that does not exist in the newest one with a handshake', async () => {
  const { start } = await fixture(open, 'hold');
  expect((await start().rpc.initialize('2031-01-01')).protocolVersion).toBe('2025-11-25');
});

it('a client that reports late that it is ready delays nothing, and the server learns it once', async () => {
  const { browser, server, start } = await fixture(open, 'hold', { server: { carrier: 'sessions' } });
  const proxy = start();
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'late', version: '1' } };
  await proxy.rpc.request('initialize', params);
  await browser.finish(1);
  for (const method of LIST_CHANGES) await proxy.rpc.next(method);
  expect(served(server, 'notifications/initialized')).toBe(0);
  proxy.rpc.notify('notifications/initialized');
  expect(toolNames(await proxy.rpc.request('tools/list'))).toEqual(TOOLS);
  expect(served(server, 'notifications/initialized')).toBe(1);
});

it('a client that sends a second initialize while it waits is connected once', async () => {
  const { browser, server, start } = await fixture(open, 'hold', { server: { carrier: 'sessions' } });
  const proxy = start();
  await proxy.rpc.initialize('2025-06-18');
  await browser.waitForTab(1);
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'again', version: '1' } };
  expect((await proxy.rpc.request('initialize', params)).protocolVersion).toBe('2025-11-25');
  await browser.finish(1);
  for (const method of LIST_CHANGES) await proxy.rpc.next(method);
  expect(served(server, 'notifications/initialized')).toBe(0);
  proxy.rpc.notify('notifications/initialized');
  expect(toolNames(await proxy.rpc.request('tools/list'))).toEqual(TOOLS);
  await proxy.close();
  const deleted = server.requests.filter(({ method, status }) => method === 'DELETE' && status === 200).length;
  expect(served(server, 'initialize')).toBe(deleted);
  expect(proxy.rpc.received.filter(({ message }) => message.method?.endsWith('list_changed'))).toHaveLength(3);
  expect(served(server, 'notifications/initialized')).toBe(1);
  expect(browser.opened).toHaveLength(1);
});

it('a call that the client cancels while it waits never runs', async () => {
  const { browser, server, start } = await fixture(open, 'hold', { server: { carrier: 'sessions' } });
  const { rpc } = start();
  await rpc.initialize();
  rpc.raw('{"jsonrpc":"2.0","id":"gone","method":"tools/list","params":{"cursor":"taken back"}}');
  const kept = rpc.request('tools/list');
  rpc.notify('notifications/cancelled', { requestId: 'gone' });
  await browser.finish(1);
  await kept;
  await rpc.request('tools/call', { name: 'echo', arguments: {} });
  expect(served(server, 'tools/list')).toBe(1);
  expect(rpc.received.some(({ message }) => message.id === 'gone')).toBe(false);
});

it('a user who refuses the sign-in is asked again when a call needs it, on one more page', async () => {
  const { browser, authorizationServer, server, start } = await fixture(open, 'hold');
  const proxy = start();
  const { rpc } = proxy;
  await rpc.initialize();
  const listed = rpc.exchange('tools/list');
  expect((await browser.finish(1, 'deny')).html).toContain('Access was not granted');
  const refused = (await listed).message;
  expect(refused.error).toMatchObject({ code: -31004, message: expect.stringContaining('denied') });

  // Lists alone start no sign-in.
  const asked = authorizationServer.requests.length;
  expect(await rpc.request('ping')).toEqual({});
  expect(authorizationServer.requests.length).toBe(asked);
  expect(browser.opened).toHaveLength(1);

  // A call starts one, at once or after a pause whose end cannot be observed; several calls start one together.
  const call = async (): Promise<void> => {
    expect((await rpc.exchange('tools/call', { name: 'echo', arguments: {} })).message.error?.code).toBe(-31004);
  };
  await expect.poll(async () => call().then(() => browser.opened.length), { timeout: 60_000, interval: 500 }).toBe(2);
  for (let further = 0; further < 5; further++) await call();
  expect(browser.opened).toHaveLength(2);
  const again = rpc.request('tools/list');
  await browser.finish(2);
  expect(toolNames(await again)).toEqual(TOOLS);
  expect(browser.opened).toHaveLength(2);
  expect(server.executions()).toBe(0);
  expectClean(proxy);
});
