// Providers that need only the URL of the server: they register clients, or something in front of them does.
import { expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import { startAtlassian } from '../../../peers/providers/atlassian.ts';
import { startAuth0 } from '../../../peers/providers/auth0.ts';
import { startEntra } from '../../../peers/providers/entra.ts';
import { startKeycloak } from '../../../peers/providers/keycloak.ts';
import { exchangeOf, refreshOf, signInAndStay, startUser } from './provider-user.ts';

const open = opened();

it.each(['v1', 'authv2'] as const)('Atlassian, at %s, which is called otherwise than it is found', async (address) => {
  const atlassian = await open(startAtlassian({ address }));
  const user = await open(startUser(atlassian));
  await signInAndStay(atlassian, user);
  // Without it, the sign-in would end with the first access token.
  expect(user.authorizeQuery().get('scope')?.split(' ')).toContain('offline_access');
  expect(atlassian.count('register')).toBe(1);
});

it.each(['audience', 'resource'] as const)('Auth0, where %s names the API', async (profile) => {
  const auth0 = await open(startAuth0({ profile, strict: true }));
  const user = await open(startUser(auth0));
  await signInAndStay(auth0, user);
  const query = user.authorizeQuery();
  expect([query.get('audience'), query.get('resource')]).toEqual([auth0.mcpUrl, auth0.mcpUrl]);
  expect(query.get('scope')?.split(' ').sort()).toEqual(['offline_access', 'read:notes']);
});

it('Entra ID behind a façade that registers clients', async () => {
  const entra = await open(startEntra({ facade: true }));
  const user = await open(startUser(entra));
  await signInAndStay(entra, user);
  const requests = [user.authorizeQuery(), exchangeOf(entra), refreshOf(entra)];
  expect(requests.map((request) => request.has('resource'))).toEqual([false, false, false]);
});

it('Keycloak with its registration policies', async () => {
  const keycloak = await open(startKeycloak());
  const user = await open(startUser(keycloak));
  await signInAndStay(keycloak, user);
  const registrations = keycloak.of('register').map(({ body }) => JSON.parse(body) as object);
  expect(registrations).toHaveLength(1);
  expect(registrations[0]).not.toHaveProperty('scope');
});
