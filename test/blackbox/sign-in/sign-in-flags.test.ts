// Flags for what cannot be detected: unknown providers with rules of their own. Without a flag, an unknown provider
// gets the standard and nothing else.
import { expect, it } from 'vitest';
import { opened } from '../../peers/opened.ts';
import { startSignInFixture } from './fixture.ts';

const open = opened();
const names = (parameters: URLSearchParams): string[] => [...parameters.keys()].sort();

it('sends only what the standard says to an unknown provider', async () => {
  const fixture = await open(
    startSignInFixture({ as: { scopes: ['mcp', 'offline_access'] }, server: { challengeScope: 'mcp' } }),
  );
  const user = await fixture.signedIn();
  fixture.as.expireAccessTokens();
  expect(await user.whoami()).toBe('ada');
  const { authorize, exchange, refresh } = user.requests;
  expect(names(authorize)).toEqual([
    'client_id',
    'code_challenge',
    'code_challenge_method',
    // Without it, the server would ignore the scope offline_access (OpenID Connect Core 1.0, section 11).
    'prompt',
    'redirect_uri',
    'resource',
    'response_type',
    'scope',
    'state',
  ]);
  expect(names(exchange)).toEqual(['client_id', 'code', 'code_verifier', 'grant_type', 'redirect_uri', 'resource']);
  expect(names(refresh)).toEqual(['client_id', 'grant_type', 'refresh_token', 'resource', 'scope']);
  const resources = [authorize, exchange, refresh].map((request) => request.getAll('resource'));
  expect(resources).toEqual([[fixture.server.url], [fixture.server.url], [fixture.server.url]]);
  expect(authorize.get('scope')?.split(' ').sort()).toEqual(['mcp', 'offline_access']);
  const [registration] = fixture.as.of('register');
  expect(Object.keys(registration?.json as object).sort()).toEqual([
    'application_type',
    'client_name',
    'grant_types',
    'redirect_uris',
    'response_types',
    'scope',
    'token_endpoint_auth_method',
  ]);
});

it('adds every --authorize-param, in place of a parameter of the same name', async () => {
  const fixture = await open(startSignInFixture({ server: { challengeScope: 'mcp' } }));
  const added = [
    'audience=https://api.example/a b&c',
    'access_type=offline',
    'scope=mcp extra',
    'equals=a=b',
    'empty=',
  ];
  const user = await fixture.signedIn(added.flatMap((parameter) => ['--authorize-param', parameter]));
  const { authorize, exchange } = user.requests;
  const seen = ['audience', 'access_type', 'scope', 'equals', 'empty'].map((name) => authorize.getAll(name));
  expect(seen).toEqual([['https://api.example/a b&c'], ['offline'], ['mcp extra'], ['a=b'], ['']]);
  expect(exchange.has('audience')).toBe(false);
});

it('leaves resource out of all three requests with --disable-resource-parameter', async () => {
  const fixture = await open(startSignInFixture({ as: { resource: 'forbidden' } }));
  const user = await fixture.signedIn(['--disable-resource-parameter']);
  fixture.as.expireAccessTokens();
  expect(await user.whoami()).toBe('ada');
  const { authorize, exchange, refresh } = user.requests;
  expect([authorize, exchange, refresh].map((request) => request.has('resource'))).toEqual([false, false, false]);
  expect(refresh.get('grant_type')).toBe('refresh_token');
});

it('cannot sign in to such a server without the flag', async () => {
  const fixture = await open(startSignInFixture({ as: { resource: 'forbidden' } }));
  const { proxy } = await fixture.refused();
  await proxy.stderrMatching(/the resource parameter is not supported/);
});

it('leaves resource out where only the token endpoint refuses it', async () => {
  const refuse = ({ form }: { form: URLSearchParams }) =>
    form.has('resource') ? { status: 400, body: { error: 'invalid_target' } } : undefined;
  const fixture = await open(startSignInFixture({ as: { tokenAnswer: refuse } }));
  const user = await fixture.signedIn();
  fixture.as.expireAccessTokens();
  expect(await user.whoami()).toBe('ada');
  const sent = fixture.as.of('token').map(({ form }) => [form.get('grant_type'), form.has('resource')]);
  expect(sent).toEqual([
    ['authorization_code', true],
    ['authorization_code', false],
    ['refresh_token', true],
    ['refresh_token', false],
  ]);
  expect(fixture.browser.opened).toHaveLength(1);
});

it('never leaves out a resource that the user named', async () => {
  const fixture = await open(
    startSignInFixture({ as: { tokenAnswer: () => ({ status: 400, body: { error: 'invalid_target' } }) } }),
  );
  const { proxy } = await fixture.refused(['--resource', fixture.server.url]);
  await proxy.stderrMatching(/invalid_target/);
  expect(fixture.as.count('token')).toBe(1);
});

it('sends the resource that --resource names, whatever the server says about itself', async () => {
  const resource = 'urn:example:notes';
  const fixture = await open(startSignInFixture({ server: { resource } }));
  const user = await fixture.signedIn(['--resource', resource]);
  fixture.as.expireAccessTokens();
  expect(await user.whoami()).toBe('ada');
  const { authorize, exchange, refresh } = user.requests;
  expect([authorize, exchange, refresh].map((request) => request.get('resource'))).toEqual([
    resource,
    resource,
    resource,
  ]);
});

it('believes no metadata of another resource unless --resource says so', async () => {
  const fixture = await open(startSignInFixture({ server: { resource: 'https://elsewhere.example/mcp' } }));
  const { code, message, hint } = await fixture.refused();
  expect([code, message]).toEqual([-31004, expect.stringContaining('https://elsewhere.example/mcp')]);
  expect(hint).toContain('--resource');
  expect(fixture.browser.opened).toEqual([]);
  expect(fixture.as.requests).toEqual([]);
});

it('sends the ID token with --use-id-token, and the next one after a refresh', async () => {
  const fixture = await open(startSignInFixture({ as: { bearer: 'id_token' } }));
  const user = await fixture.signedIn(['--use-id-token']);
  fixture.as.expireAccessTokens();
  expect(await user.whoami()).toBe('ada');
  const served = fixture.server.requests.filter(({ status, rpcMethod }) => status === 200 && rpcMethod !== undefined);
  const bearers = served.map(({ authorization }) => authorization);
  expect(new Set(bearers).size).toBe(2);
  for (const bearer of bearers) expect(bearer).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  expect(fixture.as.tokenRequests('refresh_token')).toHaveLength(1);
  // Without this scope there would be no refresh token, where the authorization server follows the standard.
  expect(user.requests.authorize.get('scope')).toBe('openid');
});

it('does not guess that the ID token is wanted', async () => {
  const fixture = await open(startSignInFixture({ as: { bearer: 'id_token' } }));
  const { proxy } = await fixture.refused();
  await proxy.stderrMatching(/refuses tokens that were just issued/);
  const bearers = fixture.server.requests.flatMap(({ authorization }) => authorization ?? []);
  expect(bearers.length).toBeGreaterThan(0);
  for (const bearer of bearers) expect(bearer).toMatch(/^Bearer access-/);
});

it('uses the document at --client-metadata-url, where the server supports that', async () => {
  const fixture = await open(startSignInFixture({ as: { clientMetadataDocuments: 'trust', registration: 'off' } }));
  const document = 'https://app.example.com/client.json';
  const user = await fixture.signedIn(['--client-metadata-url', document]);
  const { authorize, exchange } = user.requests;
  expect([authorize.get('client_id'), exchange.get('client_id')]).toEqual([document, document]);
  expect(fixture.as.count('register')).toBe(0);
});

it('registers where the server does not support it', async () => {
  const fixture = await open(startSignInFixture());
  const user = await fixture.signedIn(['--client-metadata-url', 'https://app.example.com/client.json']);
  expect(user.requests.authorize.get('client_id')).toMatch(/^client-/);
  expect(fixture.as.count('register')).toBe(1);
});

it('prefers the client that the user has registered to any other', async () => {
  const client = { client_id: 'known', client_secret: 'hush', token_endpoint_auth_method: 'client_secret_post' };
  const fixture = await open(startSignInFixture({ as: { clients: [client], clientMetadataDocuments: 'trust' } }));
  const user = await fixture.signedIn([
    '--client-metadata-url',
    'https://app.example.com/client.json',
    '--static-oauth-client-info',
    JSON.stringify(client),
  ]);
  expect(user.requests.authorize.get('client_id')).toBe('known');
  expect(user.requests.exchange.get('client_secret')).toBe('hush');
  expect(fixture.as.count('register')).toBe(0);
});

it('merges --static-oauth-client-metadata over what it registers with', async () => {
  const fixture = await open(startSignInFixture({ server: { metadata: { scopes_supported: ['unasked'] } } }));
  const own = { client_name: 'Our own', contacts: ['ada@acme.example'], scope: 'pinned other', x_internal: { a: [1] } };
  const user = await fixture.signedIn(['--static-oauth-client-metadata', JSON.stringify(own)]);
  const [registration] = fixture.as.of('register');
  expect(registration?.json).toMatchObject({
    ...own,
    redirect_uris: [expect.stringMatching(/^http:\/\/localhost:\d+\/callback$/)],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
  });
  // The proxy asks for what the user has pinned, not for what the server lists.
  expect(user.requests.authorize.get('scope')).toBe('pinned other');
});

it('asks for what the challenge wants, pinned scopes or not', async () => {
  const fixture = await open(startSignInFixture({ server: { challengeScope: 'challenged' } }));
  const user = await fixture.signedIn(['--static-oauth-client-metadata', '{"scope":"pinned"}']);
  expect(user.requests.authorize.get('scope')).toBe('challenged');
});
