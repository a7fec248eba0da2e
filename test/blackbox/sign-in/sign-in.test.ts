// A sign-in as a user's host sees it: the built program in front of a protected server, with a stand-in for the
// browser.
import { afterEach, expect, it } from 'vitest';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

const open = opened();
afterEach(closeProxies);

it('a legacy client calls a tool of a protected server, and its user signs in once', async () => {
  const authorizationServer = await open(startAuthorizationServer({ resource: 'required' }));
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const proxy = startProxy(server.url, [], { env: { BROWSER: browser.command } });
  await proxy.rpc.initialize('2025-11-25');
  proxy.rpc.notify('notifications/initialized');
  const { tools } = (await proxy.rpc.request('tools/list')) as { tools: { name: string }[] };
  expect(tools.map(({ name }) => name)).toContain('whoami');
  const result = await proxy.rpc.request('tools/call', { name: 'whoami', arguments: {} });
  expect(JSON.stringify(result)).toContain('ada');
  expect(browser.opened).toHaveLength(1);
  expect(authorizationServer.count('register')).toBe(1);
  await proxy.close();
});
