import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { startKeycloak } from './keycloak.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();
const right: Deviations = { register: { scope: undefined } };

async function client(deviations: Deviations) {
  const keycloak = await open(startKeycloak());
  return { keycloak, client: new StandardClient(keycloak, { deviations }) };
}

it.each([
  ['a scope', {}, /^403 .*Policy 'Allowed Client Scopes' rejected request/],
  ['a member of no standard', { scope: undefined, resource: 'x' }, /^400 .*Unrecognized field/],
  [
    'a redirect elsewhere',
    { scope: undefined, redirect_uris: ['https://a.example/cb'] },
    /^403 .*Policy 'Trusted Hosts'/,
  ],
])('refuses to register a client with %s', async (_, register, message) => {
  const { client: one } = await client({ register });
  await expect(one.authorize()).rejects.toThrow(message);
});

it('registers no client by default', async () => {
  const keycloak = await open(startKeycloak({ registration: 'nobody' }));
  await expect(new StandardClient(keycloak, { deviations: right }).authorize()).rejects.toThrow('Host not trusted.');
  const one = new StandardClient(keycloak, { clientInfo: keycloak.clientInfo });
  expect((await one.callTool((await one.signIn()).access_token)).status).toBe(200);
});

it('gives a token without an audience, unless a scope names one', async () => {
  const { client: one } = await client({ ...right, authorize: { scope: 'openid' } });
  const { access_token } = await one.signIn();
  expect((await one.callTool(access_token)).headers['www-authenticate']).toContain('Audience mismatch');
});

it('refuses scopes that it does not know', async () => {
  const { client: one } = await client({ ...right, authorize: { scope: 'mcp:tools mcp:admin' } });
  expect(await one.callback()).toMatchObject({ error: 'invalid_scope', iss: 'https://sso.acme.example/realms/acme' });
});

it('gives a refresh token to a client that asks for the scope', async () => {
  const { keycloak, client: one } = await client(right);
  const tokens = await one.signIn();
  expect(tokens.refresh_expires_in).toBe(0);
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
  keycloak.authorization.expireAccessTokens();
  const { json } = await one.refresh(tokens.refresh_token);
  expect((await one.callTool(json.access_token)).status).toBe(200);
});
