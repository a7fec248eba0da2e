// A call that needs more scopes than were granted costs one more sign-in for all of them, however the user signs in and
// whoever asks; the registration names no scope that nobody has advertised.
import { afterEach, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { startSignInFixture } from './fixture.ts';

const open = opened();
afterEach(closeServings);
afterEach(closeProxies);

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const AT_ONCE = { pending: 0, slowDown: 0, outcome: 'approve', interval: 1, expiresIn: 600 } as const;
const SERVER = { requiredScopes: ['mcp'], challengeScope: 'mcp' };
const call = (name: string) => ({ name, arguments: {} });
const scopesOf = (asked: URLSearchParams): string[] => (asked.get('scope') ?? '').split(' ').sort();

it('with clients of HTTP mode, of every kind', async () => {
  const fixture = await open(startSignInFixture({ server: SERVER }));
  const serving = await startServing(fixture.server.url, [], { env: { BROWSER: fixture.browser.command } });
  const clients = [
    new StreamableClient(`${serving.url}/mcp`),
    new SseClient(`${serving.url}/sse`),
    new ModernClient(`${serving.url}/mcp`),
  ] as const;
  await fixture.browser.waitForPage(1);
  await clients[0].initialize();
  await clients[1].open();
  await clients[1].initialize();
  for (const client of clients) {
    const { content } = await client.request('tools/call', call('whoami'));
    expect(content[0].text).toBe('ada');
  }
  const calls = clients.map((client) => client.request('tools/call', call('admin')));
  for (const { content } of await Promise.all(calls)) expect(content[0].text).toBe('done');
  expect(fixture.browser.opened.map((url) => scopesOf(new URL(url).searchParams))).toEqual([['mcp'], ['admin', 'mcp']]);
  expect(fixture.server.executions('admin')).toBe(3);
  expect(fixture.as.count('register')).toBe(1);
  for (const client of clients) client.vanish();
});

it('with a code on another device', async () => {
  const fixture = await open(startSignInFixture({ as: { device: AT_ONCE }, server: SERVER }));
  const { rpc } = startProxy(fixture.server.url, ['--device-code']);
  await rpc.initialize();
  await rpc.request('tools/list');
  expect((await rpc.request('tools/call', call('whoami'))).content[0].text).toBe('ada');
  expect((await rpc.request('tools/call', call('admin'))).content[0].text).toBe('done');
  expect(fixture.as.of('device').map(({ form }) => scopesOf(form))).toEqual([['mcp'], ['admin', 'mcp']]);
  expect(fixture.as.tokenRequests(DEVICE_GRANT).filter(({ status }) => status === 200)).toHaveLength(2);
  expect(fixture.server.executions('admin')).toBe(1);
});

it('with client credentials', async () => {
  const info = { client_id: 'machine', client_secret: 'secret-of-the-machine' };
  const fixture = await open(startSignInFixture({ as: { clients: [info] }, server: SERVER }));
  const args = ['--client-credentials', '--static-oauth-client-info', JSON.stringify(info)];
  const { rpc } = startProxy(fixture.server.url, args);
  await rpc.initialize();
  expect((await rpc.request('tools/call', call('whoami'))).content[0].text).toBe('machine');
  expect((await rpc.request('tools/call', call('admin'))).content[0].text).toBe('done');
  expect(fixture.as.of('token').map(({ form }) => scopesOf(form))).toEqual([['mcp'], ['admin', 'mcp']]);
  expect(fixture.server.executions('admin')).toBe(1);
});

it.each([
  ['nothing', {}, {}, undefined],
  ['what the challenge says', {}, { challengeScope: 'mcp' }, 'mcp'],
  ['what the resource lists', {}, { metadata: { scopes_supported: ['mcp'] } }, 'mcp'],
  ['nothing that only the authorization server lists', { scopes: ['openid', 'profile', 'email'] }, {}, undefined],
  [
    'offline_access, where the authorization server lists it',
    { scopes: ['openid', 'mcp', 'offline_access'] },
    { challengeScope: 'mcp' },
    'mcp offline_access',
  ],
])('registers for, and asks for %s', async (_, as, server, expected) => {
  const fixture = await open(startSignInFixture({ as, server }));
  const user = await fixture.signedIn();
  expect(fixture.as.of('register').map(({ json }) => (json as { scope?: string }).scope)).toEqual([expected]);
  expect(user.requests.authorize.get('scope') ?? undefined).toBe(expected);
});
