// Providers where the user has registered a client: its id is all that the user must give, and sometimes its secret or
// the one redirect URI that it may use.

import { expect, it } from 'vitest';
import { freePort } from '../../../peers/free-port.ts';
import { opened } from '../../../peers/opened.ts';
import { startAuth0 } from '../../../peers/providers/auth0.ts';
import { startCognito } from '../../../peers/providers/cognito.ts';
import { startEntra } from '../../../peers/providers/entra.ts';
import { startGithub } from '../../../peers/providers/github.ts';
import { startGoogle } from '../../../peers/providers/google.ts';
import { startKeycloak } from '../../../peers/providers/keycloak.ts';
import { startOkta } from '../../../peers/providers/okta.ts';
import { startSlack } from '../../../peers/providers/slack.ts';
import { exchangeOf, refreshOf, signInAndStay, startUser, stay, withClient } from './provider-user.ts';

const open = opened();

it.each([
  ['of one tenant', {}],
  ['of one tenant, with a secret', { confidential: true }],
  ['for people of any tenant', { tenant: 'organizations' }],
] as const)('Entra ID %s', async (_, options) => {
  const entra = await open(startEntra(options));
  const user = await open(startUser(entra, withClient(entra)));
  await signInAndStay(entra, user);
  const requests = [user.authorizeQuery(), exchangeOf(entra), refreshOf(entra)];
  expect(requests.map((request) => request.has('resource'))).toEqual([false, false, false]);
  // The scopes of the request, not of the answer, which lacks offline_access.
  expect(refreshOf(entra).get('scope')?.split(' ').sort()).toEqual([entra.scope, 'offline_access'].sort());
});

it('Google, where only calls need a token', async () => {
  const google = await open(startGoogle());
  const user = await open(startUser(google, withClient(google)));
  await user.proxy.rpc.initialize('2025-11-25');
  expect((await user.proxy.rpc.request('tools/list')).tools).toHaveLength(1);
  expect(google.count('authorize') + google.count('metadata')).toBe(0);
  const first = user.call();
  const tab = await google.visit(await user.browser.waitForTab(1));
  expect(tab.text).toContain('igned in');
  expect(await first).toBe('called');
  const query = user.authorizeQuery();
  expect([query.get('access_type'), query.get('prompt'), query.get('scope')]).toEqual([
    'offline',
    'consent',
    google.scope,
  ]);
  await stay(google, user);
});

it('Google again, after a consent that it remembers', async () => {
  const google = await open(startGoogle());
  for (const round of [1, 2]) {
    const user = await open(startUser(google, withClient(google)));
    await user.proxy.rpc.initialize('2025-11-25');
    const first = user.call();
    await google.visit(await user.browser.waitForTab(1));
    expect([round, await first]).toEqual([round, 'called']);
    await stay(google, user);
  }
});

it.each(['audience', 'clients'] as const)('Cognito before a gateway that looks at %s', async (allows) => {
  const port = await freePort();
  const redirectUri = `http://localhost:${port}/callback`;
  const cognito = await open(startCognito({ redirectUri, allows }));
  const user = await open(startUser(cognito, [...withClient(cognito), '--callback-port', String(port)]));
  await signInAndStay(cognito, user);
  expect(user.authorizeQuery().get('scope')).toBe('openid');
  expect(exchangeOf(cognito).has('resource')).toBe(false);
});

it('Cognito with a resource server of its own, when the user names the resource', async () => {
  const port = await freePort();
  const redirectUri = `http://localhost:${port}/callback`;
  const cognito = await open(startCognito({ redirectUri, allows: 'resource' }));
  const args = [...withClient(cognito), '--callback-port', String(port), '--resource', cognito.mcpUrl];
  const user = await open(startUser(cognito, args));
  await signInAndStay(cognito, user);
  expect(user.authorizeQuery().get('resource')).toBe(cognito.mcpUrl);
});

it('Okta, which compares redirect URIs to the letter', async () => {
  const port = await freePort();
  const okta = await open(startOkta({ redirectUri: `http://127.0.0.1:${port}/oauth/done` }));
  const redirect = ['--host', '127.0.0.1', '--callback-port', String(port), '--callback-path', '/oauth/done'];
  const user = await open(startUser(okta, [...withClient(okta), ...redirect]));
  await signInAndStay(okta, user);
  expect(user.authorizeQuery().get('scope')?.split(' ').sort()).toEqual([okta.scope, 'offline_access'].sort());
});

it('Okta, with the redirect URI among what is known of the client', async () => {
  const redirectUri = `http://127.0.0.1:${await freePort()}/oauth/done`;
  const okta = await open(startOkta({ redirectUri }));
  const user = await open(startUser(okta, withClient(okta, { redirect_uris: [redirectUri] })));
  await signInAndStay(okta, user);
  expect(user.authorizeQuery().get('redirect_uri')).toBe(redirectUri);
});

it('Keycloak where nobody may register', async () => {
  const keycloak = await open(startKeycloak({ registration: 'nobody' }));
  const user = await open(startUser(keycloak, withClient(keycloak)));
  await signInAndStay(keycloak, user);
  expect(keycloak.count('register')).toBe(0);
});

it('Auth0 where registration is off', async () => {
  const port = await freePort();
  const auth0 = await open(startAuth0({ registration: false, redirectUri: `http://localhost:${port}/callback` }));
  const user = await open(startUser(auth0, [...withClient(auth0), '--callback-port', String(port)]));
  await signInAndStay(auth0, user);
});

it('GitHub with an app of the kind whose tokens end', async () => {
  const github = await open(startGithub());
  const user = await open(startUser(github, withClient(github)));
  await signInAndStay(github, user);
  expect(github.of('token').map(({ headers }) => headers.accept)).toEqual(['application/json', 'application/json']);
});

it('GitHub with an app of the kind whose tokens do not end', async () => {
  const github = await open(startGithub({ app: 'oauth', callback: 'http://127.0.0.1/callback' }));
  const user = await open(startUser(github, [...withClient(github), '--host', '127.0.0.1']));
  await user.signIn();
  expect([await user.call(), await user.call()]).toEqual(['called', 'called']);
  expect(github.count('token')).toBe(1);
  expect(user.browser.opened).toHaveLength(1);
});

it.each(['https://slack.com', 'https://mcp.slack.com'] as const)('Slack as %s, with a public app', async (issuer) => {
  const port = await freePort();
  const slack = await open(startSlack({ redirectUri: `http://localhost:${port}/callback`, app: 'public', issuer }));
  const user = await open(startUser(slack, [...withClient(slack), '--callback-port', String(port)]));
  await signInAndStay(slack, user);
  expect(exchangeOf(slack).has('client_secret')).toBe(false);
});

it('Slack with an app whose tokens are not rotated', async () => {
  const port = await freePort();
  const redirectUri = `http://localhost:${port}/callback`;
  const slack = await open(startSlack({ redirectUri, app: 'public', rotation: false }));
  const user = await open(startUser(slack, [...withClient(slack), '--callback-port', String(port)]));
  await user.signIn();
  expect(await user.call()).toBe('called');
  expect(slack.count('token')).toBe(1);
});

it('Slack with a secret, which sends people to an https: address that leads to this machine', async () => {
  const port = await freePort();
  const redirectUri = 'https://relay.acme.example/slack/done';
  const slack = await open(startSlack({ redirectUri }));
  const args = [...withClient(slack, { redirect_uris: [redirectUri] }), '--callback-port', String(port)];
  const user = await open(startUser(slack, args));
  await user.proxy.rpc.initialize('2025-11-25');
  const listed = user.proxy.rpc.request('tools/list');
  const { url } = await slack.signIn(await user.browser.waitForTab(1));
  expect(url).toMatch(/^https:\/\/relay\.acme\.example\/slack\/done\?code=/);
  const relayed = await slack.visit(`http://localhost:${port}/callback${new URL(url).search}`);
  expect([relayed.status, relayed.text]).toEqual([200, expect.stringContaining('igned in')]);
  await listed;
  expect(await user.call()).toBe('called');
  await stay(slack, user);
  expect(exchangeOf(slack).get('redirect_uri')).toBe(redirectUri);
});
