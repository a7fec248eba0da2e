// `mcp-proxy status [<url>]`: who is signed in where and until when, and not a secret.
import { expect, test, vi } from 'vitest';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../peers/oauth/authorization-server.ts';
import { startBrowser } from '../peers/oauth/browser.ts';
import { startProtectedServer } from '../peers/oauth/protected-server.ts';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { run, sharedHome, whoami } from './command.ts';

const open = opened();
const SECRET = 'the-secret-of-a-client-that-was-given';

async function protectedServer(options: AuthorizationServerOptions = {}) {
  const authorizationServer = await open(startAuthorizationServer(options));
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, browser, options: { home, env: { BROWSER: browser.command } } };
}

function expectNoSecret(text: string, { tokens, clients }: AuthorizationServer): void {
  const secrets = [...tokens.keys(), ...[...clients.values()].map(({ client_secret }) => client_secret ?? SECRET)];
  expect(secrets.length).toBeGreaterThan(1);
  for (const secret of secrets) expect(text).not.toContain(secret);
}

test('nobody is signed in, anywhere or at one server', async () => {
  const { home } = await open(sharedHome());
  const none = { code: 0, out: ['not signed in anywhere'], err: '' };
  expect(await run('status', [], { home })).toEqual(none);
  const url = 'https://mcp.example.com/mcp?key=hidden-key';
  const here = ['not signed in to https://mcp.example.com/mcp'];
  expect(await run('status', [url], { home })).toEqual({ ...none, out: here });
});

test('tells of every server, or of one', async () => {
  const { authorizationServer, server, options } = await protectedServer({ registration: 'secret' });
  const other = await open(
    startProtectedServer({ authorizationServer, requiredScopes: ['mcp'], challengeScope: 'mcp' }),
  );
  const before = Date.now();
  for (const { url } of [server, other]) expect((await run('login', [url], options)).code).toBe(0);

  const { code, out, err } = await run('status', [], options);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.filter((line) => !line.startsWith(' ')).sort()).toEqual([server.url, other.url].sort());
  expectNoSecret(out.join('\n'), authorizationServer);

  const { out: one } = await run('status', [other.url], options);
  const [client] = [...authorizationServer.clients.keys()].slice(-1);
  expect(one).toEqual([
    other.url,
    expect.stringMatching(/^ {2}state: +signed in, token until \S+Z, refreshed automatically$/),
    `  resource:  ${other.url}`,
    `  issuer:    ${authorizationServer.issuer}`,
    `  client:    ${client} (registered by mcp-proxy)`,
    '  scope:     mcp',
  ]);
  const until = Date.parse(/until (\S+Z)/.exec(one.join())?.[1] ?? '');
  // Whole seconds are shown.
  expect(until).toBeGreaterThanOrEqual(before + 3600_000 - 1000);
  expect(until).toBeLessThanOrEqual(Date.now() + 3600_000);
});

test('keeps profiles apart, and says whose client it is', async () => {
  const client = { client_id: 'given-client', client_secret: SECRET };
  const { authorizationServer, server, options } = await protectedServer({ clients: [client] });
  const info = ['--static-oauth-client-info', JSON.stringify(client)];
  for (const profile of ['work', 'home']) {
    expect((await run('login', [server.url, '--profile', profile, ...info], options)).code).toBe(0);
  }
  const { out } = await run('status', [server.url], options);
  expect(out.filter((line) => line.startsWith('  profile:')).sort()).toEqual([
    '  profile:   home',
    '  profile:   work',
  ]);
  expect(out.filter((line) => line === '  client:    given-client (given by you)')).toHaveLength(2);
  expectNoSecret(out.join('\n'), authorizationServer);
});

test.each([
  ['can be renewed', 'rotate', /^ {2}state: +signed in, token expired at \S+Z, refreshed automatically$/],
  ['cannot', 'never', /^ {2}state: +expired at \S+Z$/],
] as const)('tells of a token that has expired and %s', async (_, refresh, state) => {
  const { server, options } = await protectedServer({ refresh, expiresIn: { value: 1 } });
  await run('login', [server.url], options);
  await vi.waitFor(async () => expect((await run('status', [], options)).out[1]).toMatch(state), { timeout: 60_000 });
});

test('a server that names no end', async () => {
  const { server, options } = await protectedServer({ refresh: 'never', expiresIn: 'omit' });
  await run('login', [server.url], options);
  expect((await run('status', [], options)).out[1]).toBe('  state:     signed in, until the server ends it');
});

test('looks on while a host is at work, and asks nobody', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  browser.mode = 'hold';
  const proxy = startProxy(server.url, [], options);
  await proxy.rpc.initialize('2025-11-25');
  await browser.waitForTab(1);
  expect((await run('status', [], options)).out).toEqual(['not signed in anywhere']);
  expect((await browser.finish(1)).status).toBe(200);
  await proxy.rpc.request('tools/list');
  const asked = authorizationServer.requests.length;
  expect((await run('status', [server.url], options)).out[1]).toContain('signed in, token until');
  expect(authorizationServer.requests).toHaveLength(asked);
  expect(await whoami(proxy)).toBe('ada');
});
