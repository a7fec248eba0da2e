// A host that lets its programs start no processes: the program does the work of the other process itself.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { startProxy } from '../../../peers/proxy.ts';
import { sharedHome, whoami } from '../command.ts';

const open = opened();

it('tokens are refreshed where no process can be started', async () => {
  const authorizationServer = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  const preload = path.join(home, 'no-node.cjs');
  writeFileSync(preload, "process.execPath = '/nowhere/node';\n");
  const env = { BROWSER: browser.command };
  const proxy = startProxy(server.url, [], { home, env, nodeArgs: ['--require', preload] });
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/list');
  authorizationServer.expireAccessTokens();
  expect(await whoami(proxy)).toBe('ada');
  expect(authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
  expect(browser.opened).toHaveLength(1);
  await proxy.close();
});
