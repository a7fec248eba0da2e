import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { startOkta } from './okta.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();
const redirectUri = 'http://localhost:3334/oauth/callback';

async function client(deviations: Deviations, at = redirectUri) {
  const okta = await open(startOkta({ redirectUri }));
  return { okta, client: new StandardClient(okta, { clientInfo: okta.clientInfo, redirectUri: at, deviations }) };
}

it('offers a registration for administrators only', async () => {
  const okta = await open(startOkta({ redirectUri }));
  await expect(new StandardClient(okta).authorize()).rejects.toThrow(/^403 .*E0000005/);
});

it('compares redirects to the letter', async () => {
  for (const other of ['http://localhost:3335/oauth/callback', 'http://127.0.0.1:3334/oauth/callback']) {
    const { client: one } = await client({}, other);
    expect((await one.authorize()).text).toContain("The 'redirect_uri' parameter must be a Login redirect URI");
  }
});

it.each([
  [undefined, "'scope' must be provided"],
  ['notes.read groups', 'One or more scopes are not configured'],
])('refuses the scope %s', async (scope, description) => {
  const { client: one } = await client({ authorize: { scope } });
  expect(await one.callback()).toMatchObject({
    error: 'invalid_scope',
    error_description: expect.stringContaining(description),
  });
});

it('refuses a secret that it did not give', async () => {
  const { client: one } = await client({ exchange: { client_secret: '' } });
  await expect(one.signIn()).rejects.toThrow('invalid_client');
});

it('refreshes tokens in the standard flow', async () => {
  const { okta, client: one } = await client({});
  const tokens = await one.signIn();
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
  okta.authorization.expireAccessTokens();
  const { json } = await one.refresh(tokens.refresh_token);
  expect((await one.callTool(json.access_token)).status).toBe(200);
});
