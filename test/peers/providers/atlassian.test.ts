import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { startAtlassian } from './atlassian.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();
const issuer = (): boolean => true;

async function client(address: 'v1' | 'authv2', deviations: Deviations) {
  const atlassian = await open(startAtlassian({ address }));
  return { atlassian, client: new StandardClient(atlassian, { deviations }) };
}

it.each([
  ['v1', 'https://cf.mcp.atlassian.com at https://mcp.atlassian.com/.well-known/oauth-authorization-server'],
  ['authv2', 'https://auth.atlassian.com at https://auth.atlassian.com/.well-known/oauth-authorization-server/'],
] as const)('has another issuer at %s than in its own metadata', async (address, told) => {
  const { client: one } = await client(address, {});
  await expect(one.authorize()).rejects.toThrow(`issuer mismatch: ${told}`);
});

it.each(['v1', 'authv2'] as const)('refreshes tokens at %s, and accepts each refresh token once', async (address) => {
  const { atlassian, client: one } = await client(address, { issuer });
  const tokens = await one.signIn();
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
  atlassian.authorization.expireAccessTokens();
  const { json } = await one.refresh(tokens.refresh_token);
  expect((await one.callTool(json.access_token)).status).toBe(200);
  const again = await one.refresh(tokens.refresh_token);
  expect([again.status, again.json]).toEqual([
    403,
    { error: 'unauthorized_client', error_description: 'refresh_token is invalid' },
  ]);
});

it('issues tokens for eight hours, unless the client asks for more', async () => {
  const { client: one } = await client('authv2', { issuer, authorize: { scope: 'read:me' } });
  expect(await one.signIn()).not.toHaveProperty('refresh_token');
});

it('compares redirects to the letter', async () => {
  const { client: one } = await client('authv2', {
    issuer,
    authorize: { redirect_uri: 'http://localhost:2/callback' },
  });
  expect((await one.authorize()).text).toContain(
    'redirect_uri is not registered for client: http://localhost:2/callback',
  );
});
