import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { type Auth0Options, startAuth0 } from './auth0.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();
const issuer = (asked: string, told: string): boolean => told === `${asked}/`;
const audience = 'https://mcp.acme.example/mcp';

async function client(deviations: Deviations, options?: Auth0Options) {
  const auth0 = await open(startAuth0(options));
  return { auth0, client: new StandardClient(auth0, { deviations: { issuer, ...deviations } }) };
}

it('gives the standard flow an opaque token', async () => {
  const { client: one } = await client({});
  const { access_token = '' } = await one.signIn();
  expect(access_token.split('.')).toHaveLength(5);
  const { status, headers } = await one.callTool(access_token);
  expect([status, headers['www-authenticate']]).toEqual([401, expect.stringContaining('Invalid Compact JWS')]);
});

it('can refuse the standard flow', async () => {
  const { client: one } = await client({}, { strict: true });
  await expect(one.signIn()).rejects.toThrow('The userinfo audience is not allowed for third party clients.');
});

it('gives a client that names the audience a token for the server, and another one', async () => {
  const { auth0, client: one } = await client({ authorize: { audience } }, { strict: true });
  const tokens = await one.signIn();
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
  auth0.authorization.expireAccessTokens();
  const { json } = await one.refresh(tokens.refresh_token);
  expect((await one.callTool(json.access_token)).status).toBe(200);
  const again = await one.refresh(tokens.refresh_token);
  expect([again.status, again.json.error]).toEqual([403, 'invalid_grant']);
  expect((await one.callTool(json.access_token)).status).toBe(401);
});

it('understands the standard flow where the tenant wants it, and the audience still', async () => {
  for (const authorize of [{}, { audience }]) {
    const { client: one } = await client({ authorize }, { profile: 'resource' });
    const { access_token } = await one.signIn();
    expect((await one.callTool(access_token)).status).toBe(200);
  }
});

it('knows no other audience', async () => {
  const { client: one } = await client({ authorize: { audience: 'https://elsewhere.example' } });
  await expect(one.signIn()).rejects.toThrow('Service not found: https://elsewhere.example');
});

it('can offer a registration', async () => {
  const { client: one } = await client({}, { registration: false });
  await expect(one.signIn()).rejects.toThrow('404');
});

it('has a fixed client, and forgets a sign-in on request', async () => {
  const redirectUri = 'http://localhost:3334/oauth/callback';
  const auth0 = await open(startAuth0({ registration: false, redirectUri }));
  const deviations: Deviations = { issuer, authorize: { audience } };
  const one = new StandardClient(auth0, { clientInfo: auth0.clientInfo, redirectUri, deviations });
  const { access_token, refresh_token = '' } = await one.signIn();
  expect((await one.callTool(access_token)).status).toBe(200);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = String(new URLSearchParams({ token: refresh_token }));
  await auth0.fetch('https://acme.us.auth0.com/oauth/revoke', { method: 'POST', headers, body });
  expect(auth0.count('revoke')).toBe(1);
  expect((await one.callTool(access_token)).status).toBe(401);
});

it('compares redirects to the letter', async () => {
  const { client: one } = await client({ authorize: { redirect_uri: 'http://localhost:2/callback' } });
  expect((await one.authorize()).text).toContain('Callback URL mismatch');
});
