// The scripted authorization server, as a client of its own library sees it.
import { exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'oauth4webapi';
import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Browser, startBrowser } from './browser.ts';
import { discover, refreshed, registered, type SignIn, signIn } from './sign-in.ts';

const open = opened();
const insecure = { [oauth.allowInsecureRequests]: true };
const REDIRECT = 'http://127.0.0.1:9/callback';
const RESOURCE = 'http://127.0.0.1:9/mcp';
const flow = { redirectUri: REDIRECT, scope: 'mcp', resource: RESOURCE };

async function started(
  options: AuthorizationServerOptions = {},
): Promise<{ as: AuthorizationServer; browser: Browser; client: SignIn }> {
  const as = await open(startAuthorizationServer(options));
  const browser = await open(startBrowser('never'));
  return { as, browser, client: await registered(await discover(as.issuer), REDIRECT) };
}

const errorOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: Error) =>
      error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError
        ? error.error
        : error.message,
  );

it('a refresh token that is used twice revokes the whole grant', async () => {
  const { as, browser, client } = await started({ accessTokenSeconds: 60 });
  const first = await signIn(client, browser, flow);
  expect(first).toMatchObject({ token_type: 'bearer', expires_in: 60, scope: 'mcp' });
  expect(as.isValid(first.access_token, { resource: RESOURCE, scope: 'mcp' })).toBe(true);
  expect(as.isValid(first.access_token, { resource: `${RESOURCE}/other` })).toBe(false);
  expect(as.isValid(first.access_token, { scope: 'mcp admin' })).toBe(false);

  as.expireAccessTokens();
  expect(as.isValid(first.access_token)).toBe(false);
  const second = await refreshed(client, first.refresh_token ?? '');
  expect(as.isValid(second.access_token)).toBe(true);
  expect(await errorOf(refreshed(client, first.refresh_token ?? ''))).toBe('invalid_grant');
  expect(as.isValid(second.access_token)).toBe(false);
  expect(await errorOf(refreshed(client, second.refresh_token ?? ''))).toBe('invalid_grant');
  expect(as.tokenRequests('refresh_token').map(({ status }) => status)).toEqual([200, 400, 400]);
});

it('a token that does not rotate stays valid, and an unknown one is refused', async () => {
  const { as, browser, client } = await started({ refresh: 'keep' });
  const { refresh_token: kept = '' } = await signIn(client, browser, flow);
  expect((await refreshed(client, kept)).refresh_token).toBeUndefined();
  expect(as.isValid((await refreshed(client, kept)).access_token)).toBe(true);
  as.behaviour.refresh = 'never';
  expect((await signIn(client, browser, flow)).refresh_token).toBeUndefined();
});

it('hooks run before the token endpoint, instead of it, and after it', async () => {
  const { as, browser, client } = await started();
  const { refresh_token: first = '' } = await signIn(client, browser, flow);
  const order: string[] = [];
  as.behaviour.beforeToken = ({ n }) => void order.push(`before ${n}`);
  as.behaviour.tokenAnswer = ({ n }) => (n === 2 ? { status: 429, headers: { 'retry-after': '3' } } : undefined);
  expect(await errorOf(refreshed(client, first))).not.toBe('no error');
  as.behaviour.afterTokenIssued = ({ form }, { access_token: token }) => {
    order.push(`spent ${as.tokens.get(form.get('refresh_token') ?? '')?.spent}, valid ${as.isValid(String(token))}`);
  };
  await refreshed(client, first);
  expect(order).toEqual(['before 2', 'before 3', 'spent true, valid true']);
});

it('a denial, an unknown client and an unknown scope give their errors', async () => {
  const { as, browser, client } = await started({ scopes: ['mcp'] });
  expect(await errorOf(signIn(client, browser, { ...flow, scope: 'mcp email' }))).toBe('invalid_scope');
  as.behaviour.authorize = { error: 'access_denied' };
  expect(await errorOf(signIn(client, browser, flow))).toBe('access_denied');
  as.deleteClient(client.client.client_id);
  expect(await errorOf(signIn(client, browser, flow))).toMatch(/with 400: .*Unrecognized client_id/);
});

it.each([
  ['any', 'http://127.0.0.1:10/callback', 'no error'],
  ['exact', 'http://127.0.0.1:10/callback', 'did not match'],
  ['any', 'http://127.0.0.1:10/other', 'did not match'],
] as const)('loopback redirects with %s port: %s, %s', async (redirectPorts, redirectUri, outcome) => {
  const { browser, client } = await started({ redirectPorts });
  expect(await errorOf(signIn(client, browser, { ...flow, redirectUri }))).toContain(outcome);
});

it.each([
  ['resource', { resource: 'required' }, { ...flow, resource: undefined }, 'invalid_target'],
  ['resource', { resource: 'forbidden' }, flow, 'invalid_request'],
  ['resource', { resources: ['http://127.0.0.1:9/other'] }, flow, 'invalid_target'],
  ['iss', { iss: 'omit' }, flow, 'no error'],
  ['iss', { iss: { value: 'http://127.0.0.1:9', advertised: true } }, flow, 'unexpected "iss"'],
  ['state', { state: { value: 'forged' } }, flow, 'unexpected "state"'],
] as const)('%s as in %j', async (_, options, { resource, ...rest }, outcome) => {
  const { browser, client } = await started(options as AuthorizationServerOptions);
  const asked = resource === undefined ? rest : { ...rest, resource };
  expect(await errorOf(signIn(client, browser, asked))).toContain(outcome);
});

it('metadata of an issuer with a path, at one place and not at another', async () => {
  const as = await open(
    startAuthorizationServer({ issuerPath: '/tenant', openidAppended: 'document', openidInserted: 'html' }),
  );
  const places: Record<string, number> = {
    '/.well-known/oauth-authorization-server/tenant': 200,
    '/tenant/.well-known/openid-configuration': 200,
    '/.well-known/oauth-authorization-server': 404,
  };
  for (const [place, status] of Object.entries(places)) expect((await fetch(as.url + place)).status).toBe(status);
  expect(await (await fetch(`${as.url}/.well-known/openid-configuration/tenant`)).text()).toContain('<!doctype html>');
  as.behaviour.oauthMetadata = { members: { issuer: 'http://127.0.0.1:9' } };
  expect(await errorOf(discover(as.issuer))).toContain('"issuer"');
  expect(as.count('metadata')).toBe(5);
});

it('client credentials with a secret and with a signed assertion', async () => {
  const keys = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' };
  const clients = [
    { client_id: 'with-secret', client_secret: 'a:b c' },
    { client_id: 'with-key', jwks: { keys: [jwk] } },
  ];
  const as = await open(startAuthorizationServer({ clients }));
  const server = await discover(as.issuer);
  const granted = async (id: string, authentication: oauth.ClientAuth): Promise<string> => {
    const client = { client_id: id };
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      authentication,
      { scope: 'mcp' },
      insecure,
    );
    return (await oauth.processClientCredentialsResponse(server, client, response)).access_token;
  };
  for (const way of [oauth.ClientSecretBasic('a:b c'), oauth.ClientSecretPost('a:b c')]) {
    expect(as.check(await granted('with-secret', way), {})).toMatchObject({ subject: 'with-secret', scopes: ['mcp'] });
  }
  expect(as.isValid(await granted('with-key', oauth.PrivateKeyJwt({ key: keys.privateKey, kid: 'k' })))).toBe(true);
  const other = await generateKeyPair('ES256');
  const forged = oauth.PrivateKeyJwt({ key: other.privateKey, kid: 'k' });
  for (const [id, way] of [
    ['with-secret', oauth.ClientSecretPost('no')],
    ['with-key', forged],
  ] as const) {
    expect(await errorOf(granted(id, way))).toBe('invalid_client');
  }
});

it('the device grant is pending, asks to slow down, and then ends as the test says', async () => {
  const { as, client } = await started();
  const { as: server, client: metadata, authentication } = client;
  const poll = async (code: string): Promise<unknown> => {
    const response = await oauth.deviceCodeGrantRequest(server, metadata, authentication, code, insecure);
    return oauth.processDeviceCodeResponse(server, metadata, response);
  };
  const begin = async (): Promise<string> => {
    const response = await oauth.deviceAuthorizationRequest(
      server,
      metadata,
      authentication,
      { scope: 'mcp' },
      insecure,
    );
    return (await oauth.processDeviceAuthorizationResponse(server, metadata, response)).device_code;
  };
  as.behaviour.device = { pending: 1, slowDown: 1, outcome: 'approve', interval: 1, expiresIn: 60 };
  const code = await begin();
  const said = [
    await errorOf(poll(code)),
    await errorOf(poll(code)),
    await errorOf(poll(code)),
    await errorOf(poll(code)),
  ];
  expect(said).toEqual(['authorization_pending', 'slow_down', 'no error', 'invalid_grant']);
  as.behaviour.device = { pending: 0, slowDown: 0, outcome: 'deny', interval: 1, expiresIn: 60 };
  expect(await errorOf(poll(await begin()))).toBe('access_denied');
});

it('revocation at the endpoint', async () => {
  const { as, browser, client } = await started();
  const { access_token: access, refresh_token: refresh = '' } = await signIn(client, browser, flow);
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(client.as, client.client, client.authentication, refresh, insecure),
  );
  expect(as.isValid(access)).toBe(false);
  expect(await errorOf(refreshed(client, refresh))).toBe('invalid_grant');
});

it('an id_token as the bearer', async () => {
  const { as, browser, client } = await started({ bearer: 'id_token' });
  const { access_token: access, id_token: id = '' } = await signIn(client, browser, flow);
  expect([as.isValid(access), as.isValid(id)]).toEqual([false, true]);
});

it('a client that is described by a document, or whose registration fails', async () => {
  const { as, browser, client } = await started({ clientMetadataDocuments: 'trust' });
  const described = { ...client, client: { client_id: 'https://client.example/metadata.json' } };
  expect(as.isValid((await signIn(described, browser, flow)).access_token)).toBe(true);
  as.behaviour.registration = { status: 403, body: { error: 'access_denied' } };
  expect(await errorOf(registered(client.as, REDIRECT))).toBe('access_denied');
  expect(
    as.of('register').map(({ status, json }) => [status, (json as { application_type: string }).application_type]),
  ).toEqual([
    [201, 'native'],
    [403, 'native'],
  ]);
});
