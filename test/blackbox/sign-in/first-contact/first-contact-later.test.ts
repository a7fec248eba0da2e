// Sign-ins that begin after the connection: for some requests only, for more scopes, or because somebody revoked it.
import { describe, expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import type { ProxyProcess } from '../../../peers/proxy.ts';
import { modernParams, type Received } from '../../../peers/rpc.ts';
import { expectClean, fixture, isAnswered, served, TOOLS, toolNames } from './fixture.ts';

const open = opened();

interface Way {
  readonly name: string;
  readonly carrier: 'http' | 'sessions' | 'sse';
  begin(proxy: ProxyProcess): Promise<unknown>;
  ask(proxy: ProxyProcess, method: string, params: object, id?: string): Promise<Received>;
}

const legacy = (carrier: Way['carrier']): Way => ({
  name: `a client with a handshake over ${carrier}`,
  carrier,
  begin: (proxy) => proxy.rpc.initialize(),
  ask: (proxy, method, params, id) => proxy.rpc.exchange(method, params, id),
});
const modern: Way = {
  name: 'a modern client',
  carrier: 'http',
  begin: (proxy) => proxy.rpc.modern('server/discover'),
  ask: (proxy, method, params, id) => proxy.rpc.exchange(method, modernParams(params), id),
};

const call = (name: string) => ['tools/call', { name, arguments: {} }] as const;
const textOf = ({ message }: Received): string => message.result?.content?.[0]?.text ?? JSON.stringify(message.error);
const scopesOf = (url: string): string[] => (new URL(url).searchParams.get('scope') ?? '').split(' ').sort();

describe.each([legacy('http'), legacy('sessions'), legacy('sse'), modern])('$name', (way) => {
  const { carrier, begin, ask } = way;

  it('signs in when a call needs it, once for all calls that wait', async () => {
    const { browser, server, start } = await fixture(open, 'hold', {
      server: { carrier, open: (method) => method !== 'tools/call' },
    });
    const proxy = start();
    await begin(proxy);
    expect(toolNames((await ask(proxy, 'tools/list', {})).message.result)).toEqual(TOOLS);
    expect(browser.opened).toEqual([]);
    const calls = ['one', 'two', 'three'].map((id) => ask(proxy, ...call('whoami'), id));
    const gone = { jsonrpc: '2.0', id: 'gone', method: 'tools/call', params: { name: 'echo', arguments: {} } };
    proxy.rpc.raw(JSON.stringify(way === modern ? { ...gone, params: modernParams(gone.params) } : gone));
    await browser.waitForTab(1);
    proxy.rpc.notify('notifications/cancelled', { requestId: 'gone' });
    await ask(proxy, 'tools/list', {});
    for (const id of ['one', 'two', 'three']) expect(isAnswered(proxy, id)).toBe(false);
    await browser.finish(1);
    for (const one of calls) expect(textOf(await one)).toBe('ada');
    expect(textOf(await ask(proxy, ...call('whoami')))).toBe('ada');
    expect(server.executions('echo')).toBe(0);
    expect(server.executions('whoami')).toBe(4);
    expect(isAnswered(proxy, 'gone')).toBe(false);
    expect(browser.opened).toHaveLength(1);
    if (way !== modern) expect(served(server, 'notifications/initialized')).toBe(1);
    expectClean(proxy);
  });

  it('signs in once more when everything was revoked', async () => {
    const { authorizationServer, browser, server, start } = await fixture(open, 'approve', { server: { carrier } });
    const proxy = start();
    await begin(proxy);
    await ask(proxy, 'tools/list', {});
    authorizationServer.revokeEverything();
    const answers = await Promise.all([1, 2, 3].map(() => ask(proxy, ...call('whoami'))));
    expect(answers.map(textOf)).toEqual(['ada', 'ada', 'ada']);
    expect(browser.opened).toHaveLength(2);
    expect(authorizationServer.count('register')).toBe(1);
    expect(server.executions()).toBe(3);
    expectClean(proxy);
  });

  it('gets more scopes with one sign-in, and keeps the old ones', async () => {
    const { browser, server, start } = await fixture(open, 'approve', {
      server: { carrier, requiredScopes: ['mcp'], challengeScope: 'mcp' },
    });
    const proxy = start();
    await begin(proxy);
    await ask(proxy, 'tools/list', {});
    expect(textOf(await ask(proxy, ...call('whoami')))).toBe('ada');
    expect(browser.opened.map(scopesOf)).toEqual([['mcp']]);
    expect(textOf(await ask(proxy, ...call('admin')))).toBe('done');
    expect(textOf(await ask(proxy, ...call('admin')))).toBe('done');
    expect(textOf(await ask(proxy, ...call('whoami')))).toBe('ada');
    expect(browser.opened.map(scopesOf)).toEqual([['mcp'], ['admin', 'mcp']]);
    expect(server.executions('admin')).toBe(2);
    expectClean(proxy);
  });

  it('asks once for scopes that are never granted, and returns the refusal', async () => {
    const { browser, server, start } = await fixture(open, 'approve', {
      server: { carrier },
      authorizationServer: { grantScopes: (asked) => asked.filter((scope) => scope !== 'admin') },
    });
    const proxy = start();
    await begin(proxy);
    await ask(proxy, 'tools/list', {});
    for (let again = 0; again < 4; again++) {
      const { error } = (await ask(proxy, ...call('admin'))).message;
      expect(error).toMatchObject({ code: -31004, data: { httpStatus: 403 } });
    }
    expect(browser.opened).toHaveLength(2);
    expect(server.executions()).toBe(0);
    expect(textOf(await ask(proxy, ...call('whoami')))).toBe('ada');
    expectClean(proxy);
  });
});

it('a call that waits longer than a sign-in can take says where to sign in, and does not run', async () => {
  const { browser, server, start } = await fixture(open, 'hold', {
    server: { carrier: 'sessions', open: (method) => method !== 'tools/call' },
  });
  const proxy = start(['--auth-timeout', '5']);
  await proxy.rpc.initialize();
  const { error } = (await proxy.rpc.exchange(...call('echo'))).message;
  expect(error).toMatchObject({ code: -31004, message: expect.stringContaining(await browser.waitForTab(1)) });
  await browser.finish(1);
  expect(textOf(await proxy.rpc.exchange(...call('whoami')))).toBe('ada');
  expect(server.executions('echo')).toBe(0);
  expect(browser.opened).toHaveLength(1);
});
