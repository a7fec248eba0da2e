import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { type EntraOptions, startEntra } from './entra.ts';
import { type Deviations, StandardClient } from './standard-client.ts';

const open = opened();
const without = { resource: undefined };
const right: Deviations = { authorize: without, exchange: without };

async function client(deviations: Deviations, options?: EntraOptions) {
  const entra = await open(startEntra(options));
  return { entra, client: new StandardClient(entra, { clientInfo: entra.clientInfo, deviations }) };
}

it('does not register clients', async () => {
  const entra = await open(startEntra());
  await expect(new StandardClient(entra).authorize()).rejects.toThrow('no registration endpoint');
});

it('refuses the standard flow in all three requests', async () => {
  const standard = await client({});
  expect(await standard.client.authorize()).toMatchObject({
    status: 400,
    text: expect.stringContaining('AADSTS9010010'),
  });
  const exchange = await client({ authorize: without });
  await expect(exchange.client.signIn()).rejects.toThrow(/400 .*invalid_target.*AADSTS9010010/);
  const refresh = await client({ ...right, refresh: {} });
  const { refresh_token } = await refresh.client.signIn();
  expect((await refresh.client.refresh(refresh_token)).text).toContain('AADSTS9010010');
});

it('reads a scope without a resource as one of Graph, and requires a scope', async () => {
  const bare = await client({ authorize: { ...without, scope: 'mcp.access' } });
  expect((await bare.client.callback()).error_description).toContain('00000003-0000-0000-c000-000000000000');
  const none = await client({ authorize: { ...without, scope: undefined } });
  expect((await none.client.authorize()).text).toContain('AADSTS900144');
});

it('reads a refresh without scope as one for the client itself', async () => {
  const { client: one } = await client({ ...right, refresh: without });
  const { refresh_token } = await one.signIn();
  const { status, json } = await one.refresh(refresh_token);
  expect([status, json.error]).toEqual([400, 'invalid_request']);
  expect(json.error_description).toContain('AADSTS90009');
});

it('refreshes the tokens of a client that follows its rules', async () => {
  const refresh: Record<string, string | undefined> = { ...without };
  const { entra, client: one } = await client({ ...right, refresh });
  refresh.scope = `${entra.scope} offline_access`;
  const tokens = await one.signIn();
  expect(tokens.scope).toBe(entra.scope);
  expect((await one.callTool()).status).toBe(401);
  expect((await one.callTool(tokens.access_token)).status).toBe(200);
  entra.authorization.expireAccessTokens();
  expect((await one.callTool(tokens.access_token)).status).toBe(401);
  const { json } = await one.refresh(tokens.refresh_token);
  expect((await one.callTool(json.access_token)).status).toBe(200);
  expect(json.refresh_token).toMatch(/./);
});

it('tells a public client apart from one with a secret', async () => {
  const secretive = await client({ ...right, exchange: { ...without, client_secret: 'x' } });
  await expect(secretive.client.signIn()).rejects.toThrow('AADSTS700025');
  const open = await client({ ...right, exchange: { ...without, client_secret: undefined } }, { confidential: true });
  await expect(open.client.signIn()).rejects.toThrow('AADSTS7000218');
});

it('has no issuer of its own for users of any tenant', async () => {
  const strict = await client(right, { tenant: 'organizations' });
  await expect(strict.client.signIn()).rejects.toThrow(
    'issuer mismatch: https://login.microsoftonline.com/{tenantid}/v2.0',
  );
  const known = await client(
    { ...right, issuer: (_, told) => told.includes('{tenantid}') },
    { tenant: 'organizations' },
  );
  const { access_token } = await known.client.signIn();
  expect((await known.client.callTool(access_token)).status).toBe(200);
});

it('can be hidden behind the server, to need no client id', async () => {
  const entra = await open(startEntra({ facade: true }));
  const refused = await new StandardClient(entra).authorize();
  expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('AADSTS9010010') });
  const one = new StandardClient(entra, { deviations: right });
  const { access_token } = await one.signIn();
  expect((await one.callTool(access_token)).status).toBe(200);
});

it('compares the host of the redirect, and no port', async () => {
  const entra = await open(startEntra());
  const at = (redirectUri: string) =>
    new StandardClient(entra, { clientInfo: entra.clientInfo, redirectUri, deviations: right }).authorize();
  expect((await at('http://localhost:1/callback')).status).toBe(0);
  expect((await at('http://127.0.0.1:1/callback')).text).toContain('AADSTS50011');
});
