// A user whose folder cannot be written (a read-only container, a user id without a home) can still sign in.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, privateHome, startProxy } from '../../peers/proxy.ts';

const open = opened();
afterEach(closeProxies);

it('the sign-in lasts as long as the process, with refreshes, and one line says that it will not be kept', async () => {
  const authorizationServer = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const home = privateHome();
  // A file where the folder should be: not even root can write into it.
  mkdirSync(path.join(home, 'cache'));
  writeFileSync(path.join(home, 'cache', 'mcp-proxy'), '');
  chmodSync(path.join(home, 'cache', 'mcp-proxy'), 0o400);
  const env = { BROWSER: browser.command, XDG_CACHE_HOME: path.join(home, 'cache') };
  const proxy = startProxy(server.url, [], { env, home });
  await proxy.rpc.initialize('2025-11-25');
  proxy.rpc.notify('notifications/initialized');
  await proxy.rpc.request('tools/list');
  const whoami = (): Promise<unknown> => proxy.rpc.request('tools/call', { name: 'whoami', arguments: {} });
  expect(JSON.stringify(await whoami())).toContain('ada');
  authorizationServer.expireAccessTokens();
  expect(JSON.stringify(await whoami())).toContain('ada');
  expect(browser.opened).toHaveLength(1);
  expect(authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
  expect(proxy.stderr.match(/this sign-in ends with this process/g)).toHaveLength(1);
  await proxy.close();
});
