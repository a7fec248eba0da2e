// The certified oidc-provider in front of a protected server, and the program between it and a host.
import { decodeJwt, exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { expect, it } from 'vitest';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { type OidcProviderOptions, startOidcProvider } from '../../../peers/oauth/oidc-provider.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { startProxy } from '../../../peers/proxy.ts';
import { askWhoami, outcome, run, sharedHome, whoami } from '../command.ts';

const open = opened();
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

async function protectedServer(given: OidcProviderOptions = {}) {
  const provider = await open(startOidcProvider(given));
  const server = await open(
    startProtectedServer({ authorizationServer: provider, requiredScopes: ['mcp'], challengeScope: 'mcp' }),
  );
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { provider, server, browser, options: { home, env: { BROWSER: browser.command } } };
}

/** The bearer token of the last request that was served. */
function lastBearer({ requests }: Awaited<ReturnType<typeof protectedServer>>['server']): string {
  const served = requests.findLast(({ status, authorization }) => status === 200 && authorization !== undefined);
  return served?.authorization?.slice('Bearer '.length) ?? '';
}

it.each(['opaque', 'jwt'] as const)(
  'the code flow with PKCE, resource and iss works, and so does a refresh, with %s tokens',
  async (accessTokenFormat) => {
    const { provider, server, browser, options } = await protectedServer({ accessTokenFormat });
    const proxy = startProxy(server.url, [], options);
    await proxy.rpc.initialize('2025-11-25');
    await proxy.rpc.request('tools/list');
    expect(await whoami(proxy)).toBe('ada');

    const query = new URL(browser.opened[0] ?? '').searchParams;
    expect(query.get('code_challenge_method')).toBe('S256');
    expect(query.get('resource')).toBe(server.url);
    expect(new URL(browser.pages[0]?.visited.at(-1) ?? '').searchParams.get('iss')).toBe(provider.issuer);
    const [exchange] = provider.tokenRequests('authorization_code');
    expect(exchange?.form.get('resource')).toBe(server.url);
    expect(exchange?.form.get('code_verifier')).toMatch(/^[\w.~-]{43,128}$/);
    const first = lastBearer(server);
    if (accessTokenFormat === 'jwt') expect(decodeJwt(first).aud).toBe(server.url);

    // Twice, since the token that comes with a refresh is the one for the next.
    for (let time = 1; time <= 2; time++) {
      provider.expireAccessTokens();
      expect(await whoami(proxy)).toBe('ada');
    }
    await proxy.close();
    const refreshes = provider.tokenRequests('refresh_token');
    expect(refreshes.map(({ status, form }) => [status, form.get('resource')])).toEqual([
      [200, server.url],
      [200, server.url],
    ]);
    expect(new Set(refreshes.map(({ form }) => form.get('refresh_token'))).size).toBe(2);
    expect(await provider.isValid(lastBearer(server), server.url)).toBe(true);
    expect(browser.opened).toHaveLength(1);
    expect(provider.count('register')).toBe(1);
    expect(provider.of('authorize').filter(({ status }) => status >= 400)).toEqual([]);
  },
);

it('a provider that gives refresh tokens only for offline access gives one', async () => {
  const { provider, server, browser, options } = await protectedServer({ offlineAccess: true });
  const proxy = startProxy(server.url, [], options);
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/list');
  expect(await whoami(proxy)).toBe('ada');
  provider.expireAccessTokens();
  expect(await whoami(proxy)).toBe('ada');
  expect(provider.tokenRequests('refresh_token').map(({ status }) => status)).toEqual([200]);
  expect(browser.opened).toHaveLength(1);
});

it('two servers behind one provider have a token each', async () => {
  const { provider, server, options } = await protectedServer();
  const other = await open(
    startProtectedServer({ authorizationServer: provider, requiredScopes: ['mcp'], challengeScope: 'mcp' }),
  );
  for (const { url } of [server, other]) expect(await askWhoami(url, [], options)).toBe('ada');
  expect(await provider.isValid(lastBearer(server), other.url)).toBe(false);
  expect(await provider.isValid(lastBearer(other), server.url)).toBe(false);
});

it('logout revokes everything', async () => {
  const { provider, server, options } = await protectedServer();
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  const bearer = lastBearer(server);
  expect(await provider.isValid(bearer, server.url)).toBe(true);
  expect(await run('logout', [server.url], options)).toMatchObject({ code: 0, err: '' });
  expect(provider.of('revoke').map(({ status }) => status)).toEqual([200, 200]);
  expect(await provider.isValid(bearer, server.url)).toBe(false);
});

it('a client that the provider has deleted is registered again with the next sign-in', async () => {
  const { provider, server, browser, options } = await protectedServer();
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  provider.deleteClient(new URL(browser.opened[0] ?? '').searchParams.get('client_id') ?? '');
  expect(await run('login', [server.url], options)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(provider.count('register')).toBe(2);
  expect(browser.opened).toHaveLength(2);
});

it('a user can deny', async () => {
  const { provider, server, browser, options } = await protectedServer();
  browser.mode = 'deny';
  const { code, err } = await run('login', [server.url], options);
  expect(code).toBe(1);
  expect(err).toContain(`the sign-in to ${server.url} was denied`);
  expect(provider.count('token')).toBe(0);
});

it('the device grant works with a browser elsewhere', async () => {
  const { provider, server, browser, options } = await protectedServer();
  const program = startProxy('login', [server.url, '--device-code'], options);
  const [, code = ''] = await program.stderrMatching(/with the code (\S+)\s/);
  await provider.waitFor('token', 1);
  const page = await browser.visit(`${provider.issuer}/device?user_code=${code}`);
  expect(page.html).toContain('The device is connected');
  expect(await outcome(program)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
  const polls = provider.tokenRequests(DEVICE_GRANT);
  expect(polls.map(({ status }) => status).slice(0, -1)).toContain(400);
  expect(polls.at(-1)?.status).toBe(200);
  expect(await askWhoami(server.url, ['--device-code'], options)).toBe('ada');
  provider.expireAccessTokens();
  const proxy = startProxy(server.url, ['--device-code'], options);
  await proxy.rpc.initialize('2025-11-25');
  expect(await whoami(proxy)).toBe('ada');
  expect(provider.tokenRequests('refresh_token').map(({ status }) => status)).toEqual([200]);
});

it('client credentials work with a secret and with a signed assertion', async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'EdDSA', use: 'sig' }] };
  const secret = 'a secret that is long enough for an HMAC';
  const shared = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
  const { provider, server, options } = await protectedServer({
    clients: [
      { ...shared, client_id: 'with-secret', client_secret: secret },
      { ...shared, client_id: 'with-key', token_endpoint_auth_method: 'private_key_jwt', jwks },
    ],
  });
  const pem = await exportPKCS8(privateKey);
  for (const info of [
    { client_id: 'with-secret', client_secret: secret },
    { client_id: 'with-key', private_key: pem, kid: 'k' },
  ]) {
    const args = ['--client-credentials', '--static-oauth-client-info', JSON.stringify(info)];
    const proxy = startProxy(server.url, [...args, '--profile', info.client_id], options);
    await proxy.rpc.initialize('2025-11-25');
    expect(await whoami(proxy)).toBe(info.client_id);
    expect(await provider.isValid(lastBearer(server), server.url)).toBe(true);
    await proxy.close();
  }
  expect(provider.tokenRequests('client_credentials').map(({ status }) => status)).toEqual([200, 200]);
});
