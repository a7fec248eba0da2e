// An expired token of one of several servers: the process that refreshes it finds the server in the configuration file.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { startScripted } from '../../peers/scripted.ts';
import { startSignInFixture } from '../sign-in/fixture.ts';

const open = opened();
afterEach(closeProxies);

it('is refreshed once, without another sign-in', async () => {
  const fixture = await open(startSignInFixture());
  const other = await open(startScripted('/mcp', legacyServer()));
  const { proxy } = await fixture.signedIn([], fixture.home);
  await proxy.close();
  fixture.as.expireAccessTokens();
  const file = path.join(fixture.home, 'servers.json');
  writeFileSync(
    file,
    JSON.stringify({ mcpServers: { first: { url: other.url }, guarded: { url: fixture.server.url } } }),
  );

  const joined = startProxy(undefined, ['--config', file], { home: fixture.home });
  await joined.rpc.initialize('2025-11-25');
  // The name with the server in front works before the lists of the server are known.
  const result = await joined.rpc.request('tools/call', { name: 'guarded__whoami', arguments: {} });
  expect(result.content[0].text).toBe('ada');
  expect(fixture.as.tokenRequests('refresh_token')).toHaveLength(1);
  expect(fixture.browser.opened).toHaveLength(1);
  expect(await joined.close()).toMatchObject({ code: 0 });
});
