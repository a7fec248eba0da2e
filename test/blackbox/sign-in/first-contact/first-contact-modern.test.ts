// A client of 2026-07-28 in front of a server that requires a sign-in: its probe triggers none, and its requests are
// answered according to the era of the server.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import type { ProxyProcess } from '../../../peers/proxy.ts';
import { MODERN, modernParams, RpcError } from '../../../peers/rpc.ts';
import { expectClean, expectPage, fixture, isAnswered, served, TOOLS, toolNames } from './fixture.ts';

const open = opened();
const CARRIERS = ['http', 'sessions', 'sse'] as const;

it.each(CARRIERS)('over %s, a probe is answered without a sign-in, and leaves nothing behind', async (carrier) => {
  const { browser, server, authorizationServer, home, start } = await fixture(open, 'approve', { server: { carrier } });
  const proxy = start();
  const result = await proxy.rpc.modern('server/discover');
  expect(result).toMatchObject({ resultType: 'complete', supportedVersions: [MODERN], ttlMs: 0 });
  for (const kind of ['tools', 'prompts', 'resources'])
    expect(result.capabilities[kind]).toEqual({ listChanged: true });
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(browser.opened).toEqual([]);
  expect(authorizationServer.count('register') + authorizationServer.count('authorize')).toBe(0);
  expect(served(server, 'initialize')).toBe(0);
  const credentials = path.join(home, '.cache/mcp-proxy/credentials');
  expect(existsSync(credentials) ? readdirSync(credentials) : []).toEqual([]);
  expectClean(proxy);
});

it('requests wait for the user or say where to sign in, and refused ones do not run later', async () => {
  const { browser, server, start } = await fixture(open, 'hold');
  const proxy = start();
  const { rpc } = proxy;
  await rpc.modern('server/discover');
  expectPage(
    await rpc.exchange('tools/call', modernParams({ name: 'echo', arguments: {} })),
    await browser.waitForTab(1),
  );
  const listed = rpc.request('tools/list', modernParams(), 'the-list');
  expectPage(await rpc.exchange('tools/call', modernParams({ name: 'echo', arguments: {} })), browser.opened[0]);
  expect(isAnswered(proxy, 'the-list')).toBe(false);
  await browser.finish(1);
  expect(toolNames(await listed)).toEqual(TOOLS);
  const result = await rpc.modern('tools/call', { name: 'whoami', arguments: {} });
  expect(result.content[0].text).toBe('ada');
  expect(server.executions('echo')).toBe(0);
  expect(browser.opened).toHaveLength(1);
  expectClean(proxy);
});

it('a client that cancels a list while it waits gets no answer, and the server no request', async () => {
  const { browser, server, start } = await fixture(open, 'hold');
  const { rpc } = start();
  rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'gone', method: 'tools/list', params: modernParams() }));
  await browser.waitForTab(1);
  const kept = rpc.modern('tools/list');
  rpc.notify('notifications/cancelled', { requestId: 'gone' });
  await browser.finish(1);
  await kept;
  await rpc.modern('tools/call', { name: 'echo', arguments: {} });
  expect(served(server, 'tools/list')).toBe(1);
  expect(rpc.received.some(({ message }) => message.id === 'gone')).toBe(false);
});

describe.each(['sessions', 'sse'] as const)('over %s, which knows nothing of 2026-07-28', (carrier) => {
  it('a client whose user has signed in gets the same as without a sign-in, and can send initialize', async () => {
    const { browser, server, start } = await fixture(open, 'approve', { server: { carrier } });
    const before = start();
    await before.rpc.initialize();
    await before.rpc.request('tools/list');
    await before.close();
    server.behaviour.open = () => true;
    // With credentials that the user gives, the proxy starts no sign-in: the server counts as open.
    const direct = start(['-H', 'Authorization: Bearer none']);
    const proxy = start();
    for (const method of ['server/discover', 'tools/list']) {
      const told = await outcome(proxy.rpc.modern(method));
      expect(told).toMatchObject({ resultType: 'complete' });
      expect(told).toEqual(await outcome(direct.rpc.modern(method)));
    }
    await proxy.rpc.initialize('2025-06-18', { elicitation: {}, roots: {} });
    expect(toolNames(await proxy.rpc.request('tools/list'))).toEqual(TOOLS);
    // Once before, once for each of the two bridged requests, and once for the client's own.
    expect(served(server, 'initialize')).toBe(4);
    expect(browser.opened).toHaveLength(1);
    expectClean(proxy);
  });

  it('a client that was told of 2026-07-28 gets the same as directly', async () => {
    const { browser, server, start } = await fixture(open, 'hold', { server: { carrier } });
    const proxy = start();
    await proxy.rpc.modern('server/discover');
    const listed = proxy.rpc.modern('tools/list');
    await browser.finish(1);
    expect(await listed).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' });
    await compare(proxy, start());
    const discovered = await proxy.rpc.modern('server/discover');
    expect(discovered).toEqual({
      resultType: 'complete',
      supportedVersions: [MODERN],
      capabilities: { tools: {} },
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'protected-server', version: '1.0.0' } },
      ttlMs: 0,
      cacheScope: 'private',
    });
    await proxy.close();
    expect(served(server, 'initialize')).toBe(2);
    expect(served(server, 'notifications/initialized')).toBe(2);
    expect(browser.opened).toHaveLength(1);
    expectClean(proxy);
  });

  it('a client that probed another process gets the same, too', async () => {
    const { browser, start } = await fixture(open, 'approve', { server: { carrier } });
    const probed = start();
    await probed.rpc.modern('server/discover');
    await probed.close();
    const proxy = start();
    expect(toolNames(await proxy.rpc.modern('tools/list'))).toEqual(TOOLS);
    await compare(proxy, start());
    expect(browser.opened).toHaveLength(1);
    expectClean(proxy);
  });

  it('several requests at once open one session, even if some are cancelled', async () => {
    const { browser, server, start } = await fixture(open, 'hold', { server: { carrier } });
    const { rpc } = start();
    await rpc.modern('server/discover');
    // The request that opens the session is cancelled, and the others arrive meanwhile.
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let opening = false;
    server.behaviour.instead = ({ rpcMethod, authorization }) => {
      opening = authorization !== undefined && (rpcMethod ?? 'initialize') === 'initialize';
      return undefined;
    };
    const { issuer, check } = server.behaviour.authorizationServer;
    server.behaviour.authorizationServer = {
      issuer,
      check: async (...wanted) => {
        if (opening) await held;
        return check(...wanted);
      },
    };
    rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'gone', method: 'tools/list', params: modernParams() }));
    await browser.waitForTab(1);
    await browser.finish(1);
    await server.waitFor(
      1,
      (seen) => seen.authorization !== undefined && (seen.rpcMethod ?? 'initialize') === 'initialize',
    );
    const lists = [1, 2, 3].map(() => rpc.modern('tools/list'));
    rpc.notify('notifications/cancelled', { requestId: 'gone' });
    // This is answered at once, so everything before it has been read.
    rpc.raw('{"jsonrpc":"2.0","id":"no method"}');
    await rpc.response('no method');
    release();
    for (const list of lists) expect(toolNames(await list)).toEqual(TOOLS);
    expect(served(server, 'initialize')).toBe(1);
  });
});

it('a server that refuses 2026-07-28 by name works like any other legacy server after the sign-in', async () => {
  const { browser, server, start } = await fixture(open, 'hold', { server: { carrier: 'sessions' } });
  server.behaviour.instead = ({ authorization, headers }) => {
    if (authorization === undefined || headers['mcp-protocol-version'] !== MODERN) return undefined;
    const error = { code: -32022, message: 'unsupported', data: { supported: ['2025-11-25', '2025-06-18'] } };
    return { status: 400, body: { jsonrpc: '2.0', id: null, error } };
  };
  const proxy = start();
  await proxy.rpc.modern('server/discover');
  const listed = proxy.rpc.modern('tools/list');
  await browser.finish(1);
  expect(toolNames(await listed)).toEqual(TOOLS);
  const result = await proxy.rpc.modern('tools/call', { name: 'whoami', arguments: {} });
  expect(result.content[0].text).toBe('ada');
  await proxy.close();
  expect((await start().rpc.modern('server/discover')).supportedVersions).toEqual([MODERN]);
});

/** The same requests from a modern client here and from a legacy client there, except what only this revision has. */
async function compare(modern: ProxyProcess, legacy: ProxyProcess): Promise<void> {
  await legacy.rpc.initialize();
  const asked: [string, object][] = [
    ['tools/list', {}],
    ['tools/call', { name: 'whoami', arguments: {} }],
    ['tools/call', { name: 'echo', arguments: { n: 1 }, _meta: { progressToken: 7, own: true } }],
    ['prompts/list', {}],
  ];
  for (const [method, params] of asked) {
    const here = await outcome(modern.rpc.modern(method, params));
    const there = await outcome(legacy.rpc.request(method, params));
    const { resultType, ttlMs, cacheScope, _meta, ...rest } = here;
    if (!('code' in here)) {
      expect(resultType).toBe('complete');
      expect(_meta).toEqual({ 'io.modelcontextprotocol/serverInfo': { name: 'protected-server', version: '1.0.0' } });
    }
    if (method === 'tools/list') expect({ ttlMs, cacheScope }).toEqual({ ttlMs: 0, cacheScope: 'private' });
    expect(rest).toEqual(there);
  }
}

async function outcome(answer: Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { code: error.code, message: error.message };
  }
}
