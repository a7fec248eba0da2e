// Tokens that expire while a user is signed in: the user is not asked again, whatever has become of the documents that
// led to the sign-in.
import { expect, it } from 'vitest';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { opened } from '../../../peers/opened.ts';
import { storedSignIn } from '../stored-files.ts';
import { calls, type Fleet, lists, startFleet, until, works } from './fleet.ts';

const open = opened();

/** Requests that the server refused since then. */
function refusals({ server }: Fleet, since: number): number {
  return server.requests.slice(since).filter(({ status }) => status === 401).length;
}

/** Waits until the stored token has expired. */
async function idle({ authorizationServer, home }: Fleet): Promise<void> {
  const token = storedSignIn(home)?.tokens?.accessToken ?? '';
  expect(token).not.toBe('');
  await until(() => !authorizationServer.isValid(token));
}

it('tokens that live for seconds are refreshed before they expire, without a user', async () => {
  const fleet = await open(startFleet({ accessTokenSeconds: 5 }));
  const copy = fleet.startOne();
  await works(copy);
  const since = fleet.server.requests.length;
  for (let times = 1; times <= 2; times++) {
    await idle(fleet);
    await calls(copy);
    expect(fleet.refreshes).toBeGreaterThanOrEqual(times);
  }
  expect(refusals(fleet, since)).toBe(0);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('tokens without a known expiry are refreshed when the server refuses them', async () => {
  const fleet = await open(startFleet({ expiresIn: 'omit' }));
  const copy = fleet.startOne();
  await works(copy);
  fleet.authorizationServer.expireAccessTokens();
  await calls(copy);
  await copy.kill();
  fleet.authorizationServer.expireAccessTokens();
  await works(fleet.startOne());
  expect(fleet.refreshes).toBe(2);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('a refresh token that stays the same is kept through refreshes that do not repeat it', async () => {
  const fleet = await open(startFleet({ refresh: 'keep' }));
  const copy = fleet.startOne();
  await works(copy);
  for (let times = 0; times < 3; times++) {
    fleet.authorizationServer.expireAccessTokens();
    await calls(copy);
  }
  const sent = fleet.authorizationServer.tokenRequests('refresh_token').map(({ form }) => form.get('refresh_token'));
  expect(sent).toHaveLength(3);
  expect(new Set(sent).size).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('a refresh names the same resource and the scope that was granted, to the issuer of the tokens', async () => {
  const granted = ['mcp'];
  const server = { requiredScopes: granted, challengeScope: 'mcp extra' };
  const fleet = await open(startFleet({ grantScopes: () => granted, server }));
  const other = await open(startAuthorizationServer());
  const copy = fleet.startOne();
  await works(copy);
  fleet.server.behaviour.metadata = { authorization_servers: [other.issuer] };
  fleet.authorizationServer.expireAccessTokens();
  await calls(copy);
  const [refresh] = fleet.authorizationServer.tokenRequests('refresh_token');
  expect(refresh?.form.getAll('resource')).toEqual([fleet.server.url]);
  expect(refresh?.form.getAll('scope')).toEqual(['mcp']);
  expect(other.requests).toHaveLength(0);
  expect(fleet.browser.opened).toHaveLength(1);
});

const gone = {
  'are gone': 404,
  fail: 500,
  'have become a page for people': 'html',
} as const;

it.each(Object.entries(gone))('a refresh works when all metadata documents %s', async (_, place) => {
  const fleet = await open(startFleet());
  const copy = fleet.startOne();
  await works(copy);
  const { authorizationServer, server } = fleet;
  Object.assign(authorizationServer.behaviour, { oauthMetadata: place, openidInserted: place, openidAppended: place });
  Object.assign(server.behaviour, { inserted: place, root: place });
  const looked = authorizationServer.count('metadata') + server.metadataRequests.length;
  authorizationServer.expireAccessTokens();
  await calls(copy);
  await copy.kill();
  authorizationServer.expireAccessTokens();
  await works(fleet.startOne());
  expect(fleet.refreshes).toBe(2);
  expect(authorizationServer.count('metadata') + server.metadataRequests.length).toBe(looked);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('a refresh works when the metadata URL cannot be reached', async () => {
  const fleet = await open(startFleet());
  const elsewhere = await startAuthorizationServer();
  await elsewhere.close();
  const copy = fleet.startOne();
  await works(copy);
  fleet.server.behaviour.challenge = () => `Bearer resource_metadata="${elsewhere.url}/metadata"`;
  fleet.authorizationServer.expireAccessTokens();
  await lists(copy);
  await calls(copy);
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});
