// --client-credentials: a program signs in as itself, with a secret or a signed assertion (RFC 7523), without a user.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { decodeProtectedHeader, exportJWK } from 'jose';
import { expect, it } from 'vitest';
import { type AuthorizationServerOptions, startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import type { Client } from '../../peers/oauth/ledger.ts';
import { type ProtectedServerBehaviour, startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { run, sharedHome, whoami } from './command.ts';

const open = opened();
const ID = 'machine';
const SECRET = 'a:b c%d&é-secret';

async function protectedServer(
  client: Client,
  options: AuthorizationServerOptions = {},
  behaviour: Partial<ProtectedServerBehaviour> = {},
) {
  const authorizationServer = await open(
    startAuthorizationServer({ clients: [client], resource: 'required', ...options }),
  );
  const server = await open(startProtectedServer({ authorizationServer, ...behaviour }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, browser, home, options: { home, env: { BROWSER: browser.command } } };
}

const asProgram = (info: object): string[] => [
  '--client-credentials',
  '--static-oauth-client-info',
  JSON.stringify(info),
];

it.each([
  ['basic', 'client_secret_basic', { client_id: ID, client_secret: SECRET }],
  ['post, as the server knows nothing else', 'client_secret_post', { client_id: ID, client_secret: SECRET }],
  [
    'post, as the user says',
    'client_secret_post',
    { client_id: ID, client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' },
  ],
] as const)('a secret, by %s', async (how, method, info) => {
  const client = { client_id: ID, client_secret: SECRET, token_endpoint_auth_method: method };
  const known = how.includes('server') ? { authMethods: [method] } : {};
  const { authorizationServer, server, browser, options } = await protectedServer(client, known);
  const proxy = startProxy(server.url, asProgram(info), options);
  await proxy.rpc.initialize('2025-11-25');
  expect(await whoami(proxy)).toBe(ID);
  expect(await whoami(proxy)).toBe(ID);
  await proxy.close();
  expect(authorizationServer.of('token').map(({ status, form }) => [status, form.get('resource')])).toEqual([
    [200, server.url],
  ]);
  expect(authorizationServer.count('register') + authorizationServer.count('authorize')).toBe(0);
  expect(browser.opened).toEqual([]);
  expect(proxy.stderr).not.toMatch(/sign in|warn/);
});

interface Key {
  readonly alg: string;
  readonly make: () => { privateKey: KeyObject; publicKey: KeyObject };
  readonly stated?: string;
}

const KEYS: readonly Key[] = [
  { alg: 'RS256', make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }) },
  { alg: 'PS384', make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }), stated: 'PS384' },
  { alg: 'ES256', make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
  { alg: 'ES384', make: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }) },
  { alg: 'EdDSA', make: () => generateKeyPairSync('ed25519') },
  { alg: 'EdDSA', make: () => generateKeyPairSync('ed25519'), stated: 'EdDSA' },
  { alg: 'Ed25519', make: () => generateKeyPairSync('ed25519'), stated: 'Ed25519' },
];

async function keyed({ alg, make, stated }: Key) {
  const { privateKey, publicKey } = make();
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg };
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    client: { client_id: ID, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } },
    info: { client_id: ID, kid: 'one', ...(stated !== undefined && { token_endpoint_auth_signing_alg: stated }) },
  };
}

it.each(KEYS)('an assertion signed with $alg, stated: $stated', async (key) => {
  const { pem, client, info } = await keyed(key);
  const { authorizationServer, server, options } = await protectedServer(client);
  const proxy = startProxy(server.url, asProgram({ ...info, private_key: pem }), options);
  await proxy.rpc.initialize('2025-11-25');
  expect(await whoami(proxy)).toBe(ID);
  const [asked, ...more] = authorizationServer.of('token');
  expect(more).toEqual([]);
  expect(decodeProtectedHeader(asked?.form.get('client_assertion') ?? '')).toMatchObject({ alg: key.alg, kid: 'one' });
  await proxy.close();
  for (const line of pem.trim().split('\n').slice(1, -1)) expect(proxy.stderr).not.toContain(line);
});

it.each(['pkcs8', 'sec1'] as const)('a key in a file, %s, in a client info that is in a file', async (type) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] };
  const { server, home, options } = await protectedServer({
    client_id: ID,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks,
  });
  const [keyFile, infoFile] = [path.join(home, 'key.pem'), path.join(home, 'info.json')];
  writeFileSync(keyFile, privateKey.export({ type, format: 'pem' }));
  writeFileSync(infoFile, JSON.stringify({ client_id: '${CLIENT}', private_key_file: keyFile }));
  const args = ['--client-credentials', '--static-oauth-client-info', `@${infoFile}`];
  const proxy = startProxy(server.url, args, { ...options, env: { ...options.env, CLIENT: ID } });
  await proxy.rpc.initialize('2025-11-25');
  expect(await whoami(proxy)).toBe(ID);
});

it('a key in a variable of the environment, all on one line', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'EdDSA' }] };
  const known = { client_id: ID, token_endpoint_auth_method: 'private_key_jwt', jwks };
  const { server, options } = await protectedServer(known);
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const env = { ...options.env, KEY: pem.trim().replaceAll('\n', '\\n') };
  const args = asProgram({ client_id: ID, private_key: '${KEY}' });
  const proxy = startProxy(server.url, [...args, '--log-level', 'debug'], { ...options, env });
  await proxy.rpc.initialize('2025-11-25');
  expect(await whoami(proxy)).toBe(ID);
  await proxy.close();
  expect(proxy.stderr).not.toContain(pem.split('\n')[1]);
});

it.each([
  ['is none', 'no key', undefined, /cannot be read/],
  ['is on a curve of its own', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }), undefined, /cannot/],
  ['is of another curve than stated', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES384', /cannot/],
  ['is of another kind than stated', generateKeyPairSync('ed25519'), 'RS256', /cannot sign with "RS256"/],
] as const)('a key that %s is a usage error', async (_, key, stated, words) => {
  const { server, options } = await protectedServer({ client_id: ID, token_endpoint_auth_method: 'private_key_jwt' });
  const pem = typeof key === 'string' ? key : (key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const info = { client_id: ID, private_key: pem, ...(stated && { token_endpoint_auth_signing_alg: stated }) };
  const { code, out, err } = await run('login', [server.url, ...asProgram(info)], options);
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err).toMatch(words);
  expect(err).toMatch(/\nhint: \S[^\n]*\n$/);
  expect(err).not.toContain(pem.split('\n')[1] ?? pem);
});

it('a wrong secret is tried once in each place, and the error names the flag', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer({
    client_id: ID,
    client_secret: SECRET,
  });
  const proxy = startProxy(server.url, asProgram({ client_id: ID, client_secret: 'not-the-secret' }), options);
  const error = await proxy.rpc.initialize('2025-11-25').catch((e: unknown) => e);
  expect(error).toMatchObject({ code: -31004, message: expect.stringContaining('invalid_client') });
  await proxy.close();
  expect(proxy.stderr).not.toContain('not-the-secret');
  expect(
    authorizationServer
      .of('token')
      .map(({ headers, form }) => [headers.authorization !== undefined, form.has('client_id')]),
  ).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(browser.opened).toEqual([]);
});

it('an expired token is replaced, for the same scopes, without a user', async () => {
  const client = { client_id: ID, client_secret: SECRET };
  const { authorizationServer, server, browser, options } = await protectedServer(
    client,
    {},
    { requiredScopes: ['mcp'], challengeScope: 'mcp' },
  );
  const args = asProgram(client);
  const proxy = startProxy(server.url, args, options);
  await proxy.rpc.initialize('2025-11-25');
  expect(await whoami(proxy)).toBe(ID);
  authorizationServer.expireAccessTokens();
  expect(await Promise.all([whoami(proxy), whoami(proxy), whoami(proxy)])).toEqual([ID, ID, ID]);
  await proxy.close();

  // A client that comes later, when no request has shown yet that the token has expired.
  authorizationServer.expireAccessTokens();
  const next = startProxy(server.url, args, options);
  await next.rpc.initialize('2025-11-25');
  expect(await whoami(next)).toBe(ID);
  await next.close();
  const asked = authorizationServer.tokenRequests('client_credentials');
  expect(asked.map(({ form }) => form.get('scope'))).toEqual(['mcp', 'mcp', 'mcp']);
  expect(authorizationServer.count('token')).toBe(3);
  expect(browser.opened).toEqual([]);
});

it('a token that lives for seconds is replaced before its end, for the same scopes', async () => {
  const client = { client_id: ID, client_secret: SECRET };
  const { authorizationServer, server, options } = await protectedServer(
    client,
    { accessTokenSeconds: 2 },
    { requiredScopes: ['mcp'], challengeScope: 'mcp' },
  );
  const proxy = startProxy(server.url, asProgram(client), options);
  await proxy.rpc.initialize('2025-11-25');
  // Calls work across the expiry of several tokens.
  while (authorizationServer.count('token') < 3) expect(await whoami(proxy)).toBe(ID);
  await proxy.close();
  const asked = authorizationServer.tokenRequests('client_credentials').map(({ form }) => form.get('scope'));
  expect(new Set(asked)).toEqual(new Set(['mcp']));
  expect(server.requests.filter(({ status }) => status === 403)).toEqual([]);
});

it('login signs in, status shows it, and logout revokes the token', async () => {
  const client = { client_id: ID, client_secret: SECRET };
  const { authorizationServer, server, options } = await protectedServer(client);
  const args = [server.url, ...asProgram(client)];
  expect(await run('login', args, options)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
  expect((await run('status', [server.url], options)).out).toContain(`  client:    ${ID} (given by you)`);
  expect(await run('logout', args, options)).toMatchObject({ code: 0, out: [`signed out of ${server.url}`], err: '' });
  expect([...authorizationServer.tokens.values()].map(({ spent }) => spent)).toEqual([true]);
});
