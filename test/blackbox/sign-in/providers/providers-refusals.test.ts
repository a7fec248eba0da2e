// What the providers refuse, each in its own words: unknown clients, and refresh tokens that have ended.

import { expect, it } from 'vitest';
import { freePort } from '../../../peers/free-port.ts';
import { opened } from '../../../peers/opened.ts';
import { startAtlassian } from '../../../peers/providers/atlassian.ts';
import { startAuth0 } from '../../../peers/providers/auth0.ts';
import { startCognito } from '../../../peers/providers/cognito.ts';
import { startEntra } from '../../../peers/providers/entra.ts';
import { startGithub } from '../../../peers/providers/github.ts';
import { startGoogle } from '../../../peers/providers/google.ts';
import { startKeycloak } from '../../../peers/providers/keycloak.ts';
import { startOkta } from '../../../peers/providers/okta.ts';
import { startSlack } from '../../../peers/providers/slack.ts';
import { RpcError } from '../../../peers/rpc.ts';
import { startSignInFixture } from '../fixture.ts';
import { storedSignIn } from '../stored-files.ts';
import { type Guarded, startUser, withClient } from './provider-user.ts';

const open = opened();
const redirectUri = 'http://localhost:3118/callback';

interface Refusing {
  name: string;
  start: () => Promise<Guarded>;
  says: RegExp;
}

const WITHOUT_CLIENT: Refusing[] = [
  { name: 'Entra ID', start: () => startEntra(), says: /does not register clients/ },
  { name: 'Google', start: () => startGoogle(), says: /does not register clients/ },
  { name: 'GitHub', start: () => startGithub(), says: /does not register clients/ },
  { name: 'Slack', start: () => startSlack({ redirectUri }), says: /does not register clients/ },
  { name: 'Cognito', start: () => startCognito({ redirectUri }), says: /does not register clients/ },
  { name: 'Okta', start: () => startOkta({ redirectUri }), says: /refuses to register .*HTTP 403/ },
  {
    name: 'Auth0 without registration',
    start: () => startAuth0({ registration: false }),
    says: /refuses to register .*Not Found/,
  },
  {
    name: 'Keycloak for trusted hosts',
    start: () => startKeycloak({ registration: 'nobody' }),
    says: /refuses to register .*Trusted Hosts/,
  },
];

it.each(WITHOUT_CLIENT)('$name: says that a client is needed, and how to give one', async ({ start, says }) => {
  const provider = await open(start());
  const user = await open(startUser(provider));
  const error = await user.proxy.rpc
    .initialize('2025-11-25')
    .then(() => user.call())
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RpcError);
  const { code, message, data } = error as RpcError;
  expect([code, message]).toEqual([-31004, expect.stringMatching(says)]);
  expect(JSON.stringify(data)).toContain('--static-oauth-client-info');
  expect(provider.count('register')).toBeLessThanOrEqual(1);
  expect(user.browser.opened).toEqual([]);
});

type Registered = Guarded & { clientInfo: { client_id: string } };

const withoutSecret = (provider: Registered): string[] =>
  withClient({ clientInfo: { client_id: provider.clientInfo.client_id } });

it('Google: says to the client that it needs its secret', async () => {
  const google = await open(startGoogle());
  const user = await open(startUser(google, withoutSecret(google)));
  await user.proxy.rpc.initialize('2025-11-25');
  const failed = user.call().catch((error: unknown) => error as RpcError);
  const tab = await google.visit(await user.browser.waitForTab(1));
  expect(tab.text).toContain('client_secret is missing');
  const { code, message, data } = (await failed) as RpcError;
  expect([code, message]).toEqual([-31004, expect.stringContaining('client_secret is missing')]);
  expect(JSON.stringify(data)).toContain('--static-oauth-client-info');
});

it.each([
  { name: 'GitHub', start: (): Promise<Registered> => startGithub(), says: /client_secret passed are incorrect/ },
  { name: 'Entra ID', start: (): Promise<Registered> => startEntra({ confidential: true }), says: /AADSTS7000218/ },
])('$name: says on the terminal that the client needs its secret', async ({ start, says }) => {
  const provider = await open(start());
  const user = await open(startUser(provider, withoutSecret(provider)));
  await user.proxy.rpc.initialize('2025-11-25');
  const refused = user.proxy.stderrMatching(new RegExp(`${says.source}[^]*--static-oauth-client-info`));
  const tab = await provider.visit(await user.browser.waitForTab(1));
  expect(tab.text).toMatch(says);
  await refused;
});

interface Ending {
  name: string;
  start: () => Promise<{ provider: Guarded; args: string[] }>;
}

const withPort = (port: number): string[] => ['--callback-port', String(port)];

const REVOKED: Ending[] = [
  {
    name: 'Entra ID: AADSTS700082',
    async start() {
      const provider = await startEntra();
      return { provider, args: withClient(provider) };
    },
  },
  {
    name: 'GitHub: bad_refresh_token under 200',
    async start() {
      const provider = await startGithub();
      return { provider, args: withClient(provider) };
    },
  },
  {
    name: 'Slack: invalid_refresh_token under 200, and no description',
    async start() {
      const port = await freePort();
      const provider = await startSlack({ redirectUri: `http://localhost:${port}/callback`, app: 'public' });
      return { provider, args: [...withClient(provider), ...withPort(port)] };
    },
  },
  {
    name: 'Atlassian: unauthorized_client under 403',
    start: async () => ({ provider: await startAtlassian(), args: [] }),
  },
  { name: 'Auth0: invalid_grant under 403', start: async () => ({ provider: await startAuth0(), args: [] }) },
  { name: 'Keycloak: Token is not active', start: async () => ({ provider: await startKeycloak(), args: [] }) },
];

it.each(REVOKED)('$name: asks for one sign-in, and keeps the client', async ({ start }) => {
  const { provider, args } = await start();
  await open(provider);
  const user = await open(startUser(provider, args));
  await user.signIn();
  expect(await user.call()).toBe('called');
  const registrations = provider.count('register');
  provider.authorization.revokeEverything();
  const again = user.call();
  await provider.visit(await user.browser.waitForTab(2));
  expect(await again).toBe('called');
  expect(user.browser.opened).toHaveLength(2);
  expect(provider.count('register')).toBe(registrations);
  const grants = provider.of('token').map(({ form }) => form.get('grant_type'));
  expect(grants).toEqual(['authorization_code', 'refresh_token', 'authorization_code']);
});

it.each(['ratelimited', 'internal_error'])('Slack: keeps the sign-in when it is only %s', async (error) => {
  const fixture = await open(startSignInFixture());
  const { whoami } = await fixture.signedIn([], fixture.home);
  fixture.as.expireAccessTokens();
  fixture.as.behaviour.tokenAnswer = () => ({ status: 200, body: { ok: false, error } });
  await expect(whoami()).rejects.toThrow(error);
  expect(storedSignIn(fixture.home)?.tokens?.refreshToken).toMatch(/^refresh-/);
  expect(fixture.browser.opened).toHaveLength(1);
});
