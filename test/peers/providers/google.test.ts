import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { startGoogle } from './google.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();
const slash = (asked: string, told: string): boolean => asked === `${told}/`;
const offline = { access_type: 'offline', prompt: 'consent' };

async function client(deviations: Deviations) {
  const google = await open(startGoogle());
  return { google, client: new StandardClient(google, { clientInfo: google.clientInfo, deviations }) };
}

it('names its issuer without the slash that its server adds', async () => {
  await expect((await client({})).client.signIn()).rejects.toThrow('issuer mismatch: https://accounts.google.com at');
});

it('requires a token only for one tool', async () => {
  const { client: one } = await client({});
  expect((await one.request()).status).toBe(200);
  expect((await one.request(undefined, 'tools/list')).status).toBe(200);
  const { status, headers } = await one.callTool();
  expect([status, headers['www-authenticate']]).toEqual([
    401,
    expect.stringContaining('/.well-known/oauth-protected-resource/echo"'),
  ]);
});

it('gives the standard flow a token for an hour', async () => {
  const { client: one } = await client({ issuer: slash });
  const tokens = await one.signIn();
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
  expect(tokens).not.toHaveProperty('refresh_token');
});

it('does not know offline_access', async () => {
  const { google, client: one } = await client({ issuer: slash, authorize: { scope: 'offline_access' } });
  expect((await one.authorize()).text).toContain('Error 400: invalid_scope');
  expect(google.count('token')).toBe(0);
});

it('requires the secret in spite of PKCE', async () => {
  const { client: one } = await client({ issuer: slash, exchange: { client_secret: undefined } });
  await expect(one.signIn()).rejects.toThrow('client_secret is missing.');
});

it('gives a refresh token to a client that asks for one', async () => {
  const { google, client: one } = await client({ issuer: slash, authorize: offline });
  const first = await one.signIn();
  expect((await one.callback()).iss).toBe('https://accounts.google.com');
  google.authorization.expireAccessTokens();
  expect((await one.callTool(first.access_token)).status).toBe(401);
  const { json } = await one.refresh(first.refresh_token);
  expect(json).not.toHaveProperty('refresh_token');
  expect((await one.callTool(json.access_token)).status).toBe(200);
});

it('asks for consent once, unless the client wants it again', async () => {
  const { client: one } = await client({ issuer: slash, authorize: { access_type: 'offline' } });
  expect(await one.signIn()).toHaveProperty('refresh_token');
  expect(await one.signIn()).not.toHaveProperty('refresh_token');
});
