// The session of a user whose token has expired ends at the server, too.
import { expect, it } from 'vitest';
import { opened } from '../../peers/opened.ts';
import { startSignInFixture } from './fixture.ts';

const open = opened();

const deletes = ({ requests }: { requests: readonly { method: string; status: number }[] }): number[] =>
  requests.filter(({ method }) => method === 'DELETE').map(({ status }) => status);

it('with a refreshed token, and without a page', async () => {
  const { as, server, browser, signedIn } = await open(startSignInFixture({ server: { carrier: 'sessions' } }));
  const { proxy } = await signedIn();
  as.expireAccessTokens();
  expect(await proxy.close()).toMatchObject({ code: 0 });
  // The proxy does not wait for long, and the process that refreshes the token goes on without it.
  await as.waitFor('token', 2);
  expect(as.tokenRequests('refresh_token')).toHaveLength(1);
  expect([[401], [401, 200]]).toContainEqual(deletes(server));
  expect(browser.opened).toHaveLength(1);
});

it('or does not, where the user must sign in for it', async () => {
  const { as, server, browser, signedIn } = await open(startSignInFixture({ server: { carrier: 'sessions' } }));
  const { proxy } = await signedIn();
  as.revokeEverything();
  expect(await proxy.close()).toMatchObject({ code: 0 });
  expect(deletes(server)).toEqual([401]);
  expect(browser.opened).toHaveLength(1);
});
