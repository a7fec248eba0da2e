import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { type SlackOptions, startSlack } from './slack.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();
const redirectUri = 'https://tunnel.acme.example/slack/callback';
const issuer = (asked: string, told: string): boolean =>
  asked === 'https://mcp.slack.com' && told === 'https://slack.com';

async function client(deviations: Deviations, options: Partial<SlackOptions> = {}) {
  const slack = await open(startSlack({ redirectUri, ...options }));
  const at = { clientInfo: slack.clientInfo, redirectUri: options.redirectUri ?? redirectUri };
  return { slack, client: new StandardClient(slack, { ...at, deviations: { issuer, ...deviations } }) };
}

it('has another issuer in the metadata of its server', async () => {
  const { client: one } = await client({ issuer: (asked, told) => asked === told });
  await expect(one.authorize()).rejects.toThrow('issuer mismatch: https://slack.com at https://mcp.slack.com/');
  const named = await client({ issuer: (asked, told) => asked === told }, { issuer: 'https://mcp.slack.com' });
  expect((await named.client.authorize()).url).toContain('code=');
});

it('redirects from the place where the metadata should be', async () => {
  const { slack } = await client({});
  const { status, headers } = await slack.fetch('https://mcp.slack.com/.well-known/oauth-protected-resource/mcp');
  expect([status, headers.location]).toEqual([302, 'https://mcp.slack.com/.well-known/oauth-protected-resource']);
});

it('requires scopes', async () => {
  const { client: one } = await client({ authorize: { scope: undefined } });
  expect((await one.authorize()).text).toContain('invalid_scope');
});

it('does not redirect to loopback, unless the app is public', async () => {
  const loopback = 'http://localhost:3118/callback';
  const confidential = await client({}, { redirectUri: loopback });
  const { text } = await confidential.client.authorize();
  expect(text).toContain(`redirect_uri did not match any configured URIs. Passed URI: ${loopback}`);
  const open = await client({}, { redirectUri: loopback, app: 'public' });
  const { authed_user } = await open.client.signIn();
  expect((await open.client.callTool(authed_user.access_token)).status).toBe(200);
});

it.each([
  ['invalid_code', { code: 'x' }],
  ['bad_client_secret', { client_secret: undefined }],
])('calls %s a success', async (error, exchange) => {
  const { client: one } = await client({ exchange });
  const { status, json } = await one.exchange((await one.callback()).code);
  expect([status, json]).toEqual([200, { ok: false, error }]);
});

it('returns the token of the user in an unusual member at first', async () => {
  const { slack, client: one } = await client({});
  const { authed_user: user, ...rest } = await one.signIn();
  expect(rest).not.toHaveProperty('access_token');
  expect(user).toMatchObject({ token_type: 'user', expires_in: 43_200, scope: expect.stringContaining(',') });
  expect((await one.callTool(user.access_token)).status).toBe(200);
  slack.authorization.expireAccessTokens();
  const { json } = await one.refresh(user.refresh_token);
  expect((await one.callTool(json.access_token)).status).toBe(200);
  expect((await one.refresh(user.refresh_token)).json).toEqual({ ok: false, error: 'invalid_refresh_token' });
});

it('has apps whose tokens never expire', async () => {
  const { client: one } = await client({}, { rotation: false });
  const { authed_user: user } = await one.signIn();
  expect(Object.keys(user)).toEqual(['id', 'access_token', 'scope', 'token_type']);
});
