// A user or an administrator ends a sign-in in the middle of a session.
import { expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import type { Copy } from './copy.ts';
import { calls, startFleet, works } from './fleet.ts';

const open = opened();

const several = (copy: Copy): Promise<void>[] => Array.from({ length: 5 }, () => calls(copy));

it('calls that meet a revoked grant share one sign-in, and all of them succeed', async () => {
  const fleet = await open(startFleet());
  const copy = fleet.startOne();
  await works(copy);
  fleet.authorizationServer.revokeEverything();
  await Promise.all(several(copy));
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(2);
  expect(fleet.authorizationServer.count('register')).toBe(1);
  expect(fleet.server.executions('whoami')).toBe(6);
});

it('calls of several processes that meet a revoked grant share one sign-in as well', async () => {
  const fleet = await open(startFleet());
  const copies = fleet.start(3);
  await Promise.all(copies.map(works));
  fleet.authorizationServer.revokeEverything();
  await Promise.all(copies.flatMap(several));
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(2);
  expect(fleet.authorizationServer.count('register')).toBe(1);
});

it('a grant that is revoked again and again needs one sign-in each time, and no file to delete', async () => {
  const fleet = await open(startFleet());
  const copy = fleet.startOne();
  await works(copy);
  for (let times = 1; times <= 3; times++) {
    fleet.authorizationServer.revokeEverything();
    await calls(copy);
    expect(fleet.browser.opened).toHaveLength(times + 1);
  }
  expect(fleet.authorizationServer.count('register')).toBe(1);
});

it('every call says where to sign in while the user does not, and one page opens', async () => {
  const fleet = await open(startFleet());
  const copy = fleet.startOne(['--auth-timeout', '5']);
  await works(copy);
  fleet.browser.mode = 'hold';
  fleet.authorizationServer.revokeEverything();
  const refused = Array.from({ length: 3 }, () => copy.rpc.exchange('tools/call', { name: 'whoami', arguments: {} }));
  for (const { message } of await Promise.all(refused)) {
    expect(message.error).toMatchObject({
      code: -31004,
      message: expect.stringContaining(fleet.browser.opened[1] ?? 'no page'),
    });
  }
  expect(fleet.browser.opened).toHaveLength(2);
  await fleet.browser.finish(2);
  await calls(copy);
  expect(fleet.browser.opened).toHaveLength(2);
});

it('a session that ended with its grant opens again with the next call', async () => {
  const fleet = await open(startFleet({ refresh: 'never' }));
  const copy = fleet.startOne();
  await works(copy);
  fleet.authorizationServer.expireAccessTokens();
  await Promise.all(several(copy));
  expect(fleet.authorizationServer.count('token')).toBe(2);
  expect(fleet.browser.opened).toHaveLength(2);
});
