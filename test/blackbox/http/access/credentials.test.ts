// Which credentials the server gets, and that no client gets what the credentials of another one have brought.

import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Answer, type Hostile, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { privateHome, startProxy } from '../../../peers/proxy.ts';
import { type Answered, ask, initialize, inSession, modern, notification, openSession, request } from '../exchange.ts';
import { call, cleanUp } from '../fixture.ts';
import { readyOnce } from '../operator/ready.ts';

cleanUp();
const open = opened();

/** The home of several proxies, one after the other. */
async function sharedHome(): Promise<string> {
  const home = privateHome();
  await open({ close: async () => rmSync(home, { recursive: true, force: true }) });
  return home;
}

it('clients of revision 2026-07-28 get a session of their own with the server', async () => {
  const authorizationServer = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer, carrier: 'sessions' }));
  const browser = await open(startBrowser('approve'));
  const options = { home: await sharedHome(), env: { BROWSER: browser.command } };
  const first = await startServing(server.url, [], options);
  await readyOnce(first.url, ({ ready }) => ready);
  // What an earlier proxy remembered of the server must not make it look like another one.
  await openSession(first.url);
  const openings = (): number => server.requests.filter(({ rpcMethod }) => rpcMethod === 'initialize').length;
  const served = async (url: string): Promise<void> => {
    const before = { executions: server.executions(), openings: openings() };
    await ask(url, { path: '/mcp', ...modern('server/discover') });
    for (const name of ['echo', 'whoami']) {
      const { json } = await ask(url, { path: '/mcp', ...modern('tools/call', { name, arguments: {} }) });
      expect(json.result).toMatchObject({ resultType: 'complete' });
    }
    expect(server.executions()).toBe(before.executions + 2);
    expect(openings()).toBe(before.openings + 1);
  };
  await served(first.url);
  await first.stop();
  const second = await startServing(server.url, [], options);
  await readyOnce(second.url, ({ ready }) => ready);
  await served(second.url);
});

/** Accepts any client with a token, and offers each tenant a tool of its own. */
function offerByTenant(upstream: Hostile, authorizationServer: AuthorizationServer): void {
  const { origin } = new URL(upstream.url);
  const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
  const behindDoor =
    (answer: Answer): Answer =>
    (res, seen) => {
      const [, token = ''] = /^Bearer (.+)$/.exec(seen.headers.authorization ?? '') ?? [];
      if (authorizationServer.isValid(token)) return answer(res, seen);
      return a.status(401, '', { 'www-authenticate': `Bearer resource_metadata="${metadata}"` })(res, seen);
    };
  upstream.on('GET', (res, seen) => {
    if (new URL(metadata).pathname !== seen.path) return a.status(seen.path === '/mcp' ? 405 : 404)(res, seen);
    return a.json(JSON.stringify({ resource: upstream.url, authorization_servers: [authorizationServer.issuer] }))(
      res,
      seen,
    );
  });
  const opening: Answer = (res, seen) => {
    const serverInfo = { name: `server-of-${seen.headers['x-tenant']}`, version: '1.0.0' };
    return a.reply({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo })(res, seen);
  };
  for (const kind of ['initialize', 'ping', 'server/discover'])
    upstream.on(kind, behindDoor(kind === 'initialize' ? opening : a.rpcError(-32601, 'Method not found')));
  // The server has no sessions, so every request after `initialize` comes here.
  upstream.unknownSession = behindDoor((res, seen) => {
    if (seen.kind !== 'tools/list') return a.status(202)(res, seen);
    const name = `tool-of-${seen.headers['x-tenant']}`;
    return a.reply({ tools: [{ name, inputSchema: { type: 'object' } }] })(res, seen);
  });
}

it('an answer for one client reaches no other client while a sign-in is needed', async () => {
  const upstream = await startHostile();
  const authorizationServer = await open(startAuthorizationServer());
  offerByTenant(upstream, authorizationServer);
  const browser = await open(startBrowser('approve'));
  const options = { home: await sharedHome(), env: { BROWSER: browser.command } };
  const flags = ['--forward-header', 'X-Tenant'];
  const listFor = async (url: string, tenant: string): Promise<Answered[]> => {
    const own = { 'x-tenant': tenant, accept: 'application/json' };
    const opened = await ask(url, { path: '/mcp', headers: own, body: initialize() });
    const session = opened.headers['mcp-session-id'];
    if (typeof session !== 'string') return [opened];
    const headers = { ...own, ...inSession(session) };
    await ask(url, { path: '/mcp', headers, body: notification('notifications/initialized') });
    return [opened, await ask(url, { path: '/mcp', headers, body: request(1, 'tools/list') })];
  };
  const first = await startServing(upstream.url, flags, options);
  await readyOnce(first.url, ({ ready }) => ready);
  const told = await listFor(first.url, 'alice');
  expect(told.map(({ text }) => /(server|tool)-of-alice/.exec(text)?.[0])).toEqual([
    'server-of-alice',
    'tool-of-alice',
  ]);
  await first.stop();

  browser.mode = 'never';
  authorizationServer.revokeEverything();
  const second = await startServing(upstream.url, [...flags, '--auth-timeout', '2'], options);
  const answers = await listFor(second.url, 'bob');
  for (const { text } of answers) expect(text).not.toContain('alice');
  expect(answers.at(-1)?.json.error?.code).toBe(-31004);
});

describe('--forward-header Cookie', () => {
  it('sends the cookies of the client along with those of the server', async () => {
    const upstream = await startHostile();
    upstream.on('notifications/initialized', a.status(202, '', { 'set-cookie': 'route=of-the-server' }));
    const { url } = await startServing(upstream.url, ['--forward-header', 'Cookie']);
    const own = { cookie: 'user=of-the-client' };
    const session = await openSession(url, '2025-11-25', own);
    await upstream.seen('notifications/initialized');
    const headers = { ...own, ...inSession(session) };
    for (let n = 0; n < 2; n++) await ask(url, { path: '/mcp', headers, body: call(n) });
    const cookies = String(upstream.all('tools/call').at(-1)?.headers.cookie).split('; ').sort();
    expect(cookies).toEqual(['route=of-the-server', 'user=of-the-client']);
  });
});

const AUTHORIZATION = ['--forward-header', 'X-A=Authorization'];

it.each([
  ['a fixed Authorization', [...AUTHORIZATION, '-H', 'Authorization: Bearer fixed']],
  ['--device-code', [...AUTHORIZATION, '--device-code']],
  ['the session id of the client, under another name', ['--forward-header', 'Mcp-Session-Id=X-Session']],
])('a forwarded credential together with %s is refused', async (_what, flags) => {
  const proxy = startProxy('http://127.0.0.1:9/mcp', ['--listen', '127.0.0.1:0', ...flags]);
  expect((await proxy.exit()).code).toBe(2);
  expect(proxy.stderr).toContain('--forward-header');
  expect(proxy.stderr.trimEnd().split('\n')).toHaveLength(2);
  expect(proxy.stderr).not.toContain('fixed');
});
