// The real provider, through what the tests of the program ask of it.
import { exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'oauth4webapi';
import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { startBrowser } from './browser.ts';
import { startOidcProvider } from './oidc-provider.ts';
import { discover, refreshed, registered, signIn } from './sign-in.ts';

const open = opened();
const insecure = { [oauth.allowInsecureRequests]: true };
const REDIRECT = 'http://127.0.0.1:9/callback';
const RESOURCE = 'http://127.0.0.1:9/mcp';
const flow = { redirectUri: REDIRECT, scope: 'mcp', resource: RESOURCE };
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

it.each(['opaque', 'jwt'] as const)('code, refresh and reuse with %s tokens', async (accessTokenFormat) => {
  const provider = await open(startOidcProvider({ accessTokenFormat, accessTokenSeconds: 60 }));
  const browser = await open(startBrowser('never'));
  const as = await discover(provider.issuer);
  expect(as.authorization_response_iss_parameter_supported).toBe(true);
  const client = await registered(as, REDIRECT);
  const tokens = await signIn(client, browser, flow);
  expect(tokens).toMatchObject({ expires_in: 60, scope: 'mcp' });
  expect(await provider.check(tokens.access_token, { resource: RESOURCE })).toEqual({
    subject: 'ada',
    clientId: client.client.client_id,
    scopes: ['mcp'],
  });
  expect(await provider.isValid(tokens.access_token, `${RESOURCE}/other`)).toBe(false);

  const order: string[] = [];
  provider.beforeToken = (n) => void order.push(`before ${n}`);
  provider.afterToken = (n, body) => void order.push(`after ${n}: ${(body as { token_type: string }).token_type}`);
  const second = await refreshed(client, tokens.refresh_token ?? '');
  expect(order).toEqual(['before 2', 'after 2: Bearer']);
  expect(await provider.isValid(second.access_token, RESOURCE)).toBe(true);
  provider.expireAccessTokens();
  expect(await provider.isValid(second.access_token, RESOURCE)).toBe(false);
  await expect(refreshed(client, tokens.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect(refreshed(client, second.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(provider.tokenRequests('refresh_token')).toHaveLength(3);
});

it('another loopback port, a user who denies, a client that is gone, a resource that is unknown', async () => {
  const provider = await open(startOidcProvider({ resources: [RESOURCE] }));
  const browser = await open(startBrowser('never'));
  const client = await registered(await discover(provider.issuer), REDIRECT);
  const { access_token: token } = await signIn(client, browser, {
    ...flow,
    redirectUri: 'http://127.0.0.1:10/callback',
  });
  expect(await provider.isValid(token, RESOURCE)).toBe(true);
  const other = { ...flow, resource: 'http://127.0.0.1:9/other' };
  await expect(signIn(client, browser, other)).rejects.toMatchObject({ error: 'invalid_target' });

  const url = browser.pages[0]?.visited[0] ?? '';
  expect((await browser.visit(url, 'deny')).visited.at(-1)).toMatch(
    /^http:\/\/127.0.0.1:10\/callback\?error=access_denied/,
  );
  provider.deleteClient(client.client.client_id);
  expect(await provider.isValid(token, RESOURCE)).toBe(false);
  expect(await browser.visit(url)).toMatchObject({ status: 400, html: expect.stringContaining('invalid_client') });
});

it('the device grant, approved in the browser', async () => {
  const clients = [{ client_id: 'device', token_endpoint_auth_method: 'none', redirect_uris: [], response_types: [] }];
  const grant_types = [DEVICE_GRANT, 'refresh_token'];
  const provider = await open(startOidcProvider({ clients: clients.map((client) => ({ ...client, grant_types })) }));
  const browser = await open(startBrowser('never'));
  const as = await discover(provider.issuer);
  const client = { client_id: 'device' };
  const asked = { scope: 'mcp', resource: RESOURCE };
  const response = await oauth.deviceAuthorizationRequest(as, client, oauth.None(), asked, insecure);
  const device = await oauth.processDeviceAuthorizationResponse(as, client, response);
  const poll = async (): Promise<oauth.TokenEndpointResponse> => {
    const polled = await oauth.deviceCodeGrantRequest(as, client, oauth.None(), device.device_code, insecure);
    return oauth.processDeviceCodeResponse(as, client, polled);
  };
  await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
  expect((await browser.visit(device.verification_uri_complete ?? '')).html).toContain('The device is connected');
  const tokens = await poll();
  expect(await provider.isValid(tokens.access_token, RESOURCE)).toBe(true);
  expect(tokens.refresh_token).toBeDefined();
});

it('client credentials with a secret and with a signed assertion, and revocation', async () => {
  const keys = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] };
  const shared = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
  const secret = 'a secret that is long enough for an HMAC';
  const provider = await open(
    startOidcProvider({
      clients: [
        { ...shared, client_id: 'with-secret', client_secret: secret },
        { ...shared, client_id: 'with-key', token_endpoint_auth_method: 'private_key_jwt', jwks },
      ],
    }),
  );
  const as = await discover(provider.issuer);
  const ways: [string, oauth.ClientAuth][] = [
    ['with-secret', oauth.ClientSecretBasic(secret)],
    ['with-key', oauth.PrivateKeyJwt({ key: keys.privateKey, kid: 'k' })],
  ];
  for (const [id, way] of ways) {
    const client = { client_id: id };
    const asked = { scope: 'mcp', resource: RESOURCE };
    const response = await oauth.clientCredentialsGrantRequest(as, client, way, asked, insecure);
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, response);
    expect(await provider.check(token, { resource: RESOURCE })).toMatchObject({ subject: id, scopes: ['mcp'] });
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, way, token, insecure));
    expect(await provider.isValid(token, RESOURCE)).toBe(false);
  }
  expect(provider.count('revoke')).toBe(2);
});
