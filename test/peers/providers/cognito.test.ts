import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { type CognitoOptions, startCognito } from './cognito.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();
const redirectUri = 'http://localhost:3334/oauth/callback';
const without = { resource: undefined };
const right: Deviations = { authorize: { ...without, scope: 'openid' }, exchange: without, refresh: without };

async function client(deviations: Deviations, options: Partial<CognitoOptions> = {}) {
  const cognito = await open(startCognito({ redirectUri, ...options }));
  return { cognito, client: new StandardClient(cognito, { clientInfo: cognito.clientInfo, redirectUri, deviations }) };
}

it('does not register clients', async () => {
  const cognito = await open(startCognito({ redirectUri }));
  await expect(new StandardClient(cognito).authorize()).rejects.toThrow('no registration endpoint');
});

it('refuses the standard flow without an explanation', async () => {
  const { client: one } = await client({});
  await expect(one.signIn()).rejects.toThrow('400 {"error":"invalid_grant"}');
});

it('does not know offline_access', async () => {
  const { client: one } = await client({ authorize: { scope: 'openid offline_access' } });
  expect(await one.callback()).toMatchObject({ error: 'invalid_request', error_description: 'invalid_scope' });
});

it('has a gateway that can require ID tokens instead of access tokens', async () => {
  const { cognito, client: one } = await client(right);
  const tokens = await one.signIn();
  expect((await one.callTool(tokens.access_token)).status).toBe(401);
  expect((await one.callTool(tokens.id_token)).status).toBe(200);
  cognito.authorization.expireAccessTokens();
  const { json } = await one.refresh(tokens.refresh_token);
  expect(json).not.toHaveProperty('refresh_token');
  expect((await one.callTool(json.id_token)).status).toBe(200);
});

it('has a gateway that can require access tokens', async () => {
  const { client: one } = await client(right, { allows: 'clients' });
  const tokens = await one.signIn();
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
  expect((await one.callTool(tokens.id_token)).status).toBe(401);
});

it('understands the standard flow where the server is known to the pool, and then wants it', async () => {
  const { client: standard } = await client({}, { allows: 'resource' });
  expect((await standard.callTool((await standard.signIn()).access_token)).status).toBe(200);
  const { client: one } = await client(right, { allows: 'resource' });
  const tokens = await one.signIn();
  expect((await one.callTool(tokens.access_token)).status).toBe(401);
  expect((await one.callTool(tokens.id_token)).status).toBe(401);
});

it('does not redirect to 127.0.0.1', async () => {
  const address = 'http://127.0.0.1:3334/oauth/callback';
  const cognito = await open(startCognito({ redirectUri: address }));
  const one = new StandardClient(cognito, { clientInfo: cognito.clientInfo, redirectUri: address, deviations: right });
  expect((await one.authorize()).text).toContain('redirect_mismatch');
});
