import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { type GithubOptions, startGithub } from './github.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();

async function client(deviations: Deviations = {}, options: GithubOptions = {}) {
  const github = await open(startGithub(options));
  return { github, client: new StandardClient(github, { clientInfo: github.clientInfo, deviations }) };
}

it('does not register clients', async () => {
  await expect(new StandardClient(await open(startGithub())).authorize()).rejects.toThrow('no registration endpoint');
});

it('answers with a form, unless the client asks for JSON', async () => {
  const { client: one } = await client({ headers: { accept: '*/*' } });
  const { code } = await one.callback();
  const { status, headers, text } = await one.exchange(code);
  expect([status, headers['content-type']]).toEqual([200, 'application/x-www-form-urlencoded; charset=utf-8']);
  expect(new URLSearchParams(text).get('token_type')).toBe('bearer');
});

it.each([
  ['bad_verification_code', { code: 'x' }],
  ['incorrect_client_credentials', { client_secret: undefined }],
  ['incorrect_client_credentials', { client_secret: 'x' }],
])('calls %s a success', async (error, exchange) => {
  const { client: one } = await client({ exchange });
  const { status, json } = await one.exchange((await one.callback()).code);
  expect([status, json.error]).toEqual([200, error]);
});

it('refreshes tokens in the standard flow, and accepts each refresh token once', async () => {
  const { github, client: one } = await client();
  const tokens = await one.signIn();
  expect(tokens.scope).toContain('repo,user,');
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
  github.authorization.expireAccessTokens();
  const { json } = await one.refresh(tokens.refresh_token);
  expect((await one.callTool(json.access_token)).status).toBe(200);
  expect((await one.refresh(tokens.refresh_token)).json.error).toBe('bad_refresh_token');
});

it('has apps whose tokens never expire', async () => {
  const { client: one } = await client({}, { app: 'oauth' });
  const tokens = await one.signIn();
  expect(Object.keys(tokens)).toEqual(['access_token', 'scope', 'token_type']);
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
});

it('compares redirects, but for the port', async () => {
  const matching = await client({}, { callback: 'http://localhost/callback' });
  expect((await matching.client.authorize()).status).toBe(0);
  const other = await client({}, { callback: 'http://127.0.0.1/callback' });
  expect((await other.client.authorize()).text).toContain('redirect_uri_mismatch');
});
