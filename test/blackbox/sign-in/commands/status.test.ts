// `mcp-proxy status [<url>]`: who is signed in where and until when, without any secret.
import { describe, expect, it, vi } from 'vitest';
import { inWords, isoTime } from '../../../../src/cli/times.ts';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { startProxy } from '../../../peers/proxy.ts';
import { run, sharedHome, whoami } from '../command.ts';

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

it('says when no user is signed in, anywhere or at one server', async () => {
  const { home } = await open(sharedHome());
  const none = { code: 0, out: ['not signed in anywhere'], err: '' };
  expect(await run('status', [], { home })).toEqual(none);
  const url = 'https://mcp.example.com/mcp?key=hidden-key';
  const here = ['not signed in to https://mcp.example.com/mcp'];
  expect(await run('status', [url], { home })).toEqual({ ...none, out: here });
});

it('reports on every server, or on one', async () => {
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
    expect.stringMatching(/^ {2}state: {5}signed in, as of (?:now|\d+ (?:second|minute)s? ago) \(\S+Z\)$/),
    expect.stringMatching(/^ {2}token: {5}expires in (?:1 hour|\d+ minutes) \(\S+Z\), refreshed automatically$/),
    `  resource:  ${other.url}`,
    `  issuer:    ${authorizationServer.issuer}`,
    `  client:    ${client} (registered by mcp-proxy)`,
    '  scope:     mcp',
  ]);
  const until = Date.parse(/expires in [^(]+\((\S+Z)\)/.exec(one.join())?.[1] ?? '');
  // Whole seconds are shown.
  expect(until).toBeGreaterThanOrEqual(before + 3600_000 - 1000);
  expect(until).toBeLessThanOrEqual(Date.now() + 3600_000);
});

it('keeps profiles apart, and says who registered the client', async () => {
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

it.each([
  [
    'can be renewed',
    'rotate',
    /^ {2}state: +signed in, as of .*\n {2}token: +expired .* \(\S+Z\), refreshed automatically$/,
  ],
  ['cannot', 'never', /^ {2}state: +signed out; the next call asks you to sign in\n {2}token: +expired .* \(\S+Z\)$/],
] as const)('reports a token that has expired and %s', async (_, refresh, state) => {
  const { server, options } = await protectedServer({ refresh, expiresIn: { value: 1 } });
  await run('login', [server.url], options);
  await vi.waitFor(async () => expect((await run('status', [], options)).out.slice(1, 3).join('\n')).toMatch(state), {
    timeout: 60_000,
  });
});

it('reports a token without an expiry', async () => {
  const { server, options } = await protectedServer({ refresh: 'never', expiresIn: 'omit' });
  await run('login', [server.url], options);
  expect((await run('status', [], options)).out[2]).toBe('  token:     valid until the server ends it');
});

it('works while a host is signing in, and sends no request', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  browser.mode = 'hold';
  const proxy = startProxy(server.url, [], options);
  await proxy.rpc.initialize('2025-11-25');
  await browser.waitForTab(1);
  expect((await run('status', [], options)).out).toEqual(['not signed in anywhere']);
  expect((await browser.finish(1)).status).toBe(200);
  await proxy.rpc.request('tools/list');
  const asked = authorizationServer.requests.length;
  expect((await run('status', [server.url], options)).out[1]).toContain('signed in, as of');
  expect(authorizationServer.requests).toHaveLength(asked);
  expect(await whoami(proxy)).toBe('ada');
});

it('shows the profile that is asked for, and no other one', async () => {
  const { server, options } = await protectedServer();
  for (const profile of ['work', 'home']) await run('login', [server.url, '--profile', profile], options);
  const { code, out } = await run('status', [server.url, '--profile', 'work'], options);
  expect(code).toBe(0);
  expect(out.filter((line) => line.startsWith('  profile:'))).toEqual(['  profile:   work']);
  expect(await run('status', [server.url, '--profile', 'wrok'], options)).toEqual({
    code: 0,
    out: [`not signed in to ${server.url} with --profile wrok`],
    err: '',
  });
});

describe('--check', () => {
  it('asks the server, which accepts the sign-in', async () => {
    const { authorizationServer, server, browser, options } = await protectedServer();
    await run('login', [server.url], options);
    const { code, out, err } = await run('status', ['--check'], options);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.slice(0, 2)).toEqual([server.url, '  state:     signed in: the server accepts it']);
    for (const token of authorizationServer.tokens.keys()) expect(out.join()).not.toContain(token);
    expect(browser.opened).toHaveLength(1);
  });

  it('after the token was revoked, says so, asks nobody, and ends with 1', async () => {
    const { authorizationServer, server, browser, options } = await protectedServer();
    await run('login', [server.url, '--profile', 'work'], options);
    authorizationServer.revokeEverything();
    expect((await run('status', [], options)).out[1]).toMatch(/^ {2}state: +signed in, as of /);
    const { code, out, err } = await run('status', [server.url, '--check'], options);
    expect({ code, state: out[1] }).toEqual({
      code: 1,
      state: '  state:     signed out: the server refuses it (HTTP 401); the next call asks you to sign in',
    });
    expect(err).toBe(
      `mcp-proxy: ${server.url} refuses the sign-in (HTTP 401)\nhint: mcp-proxy login ${server.url} --profile work\n`,
    );
    expect(browser.opened).toHaveLength(1);
  });

  it('refreshes an expired token first', async () => {
    const { authorizationServer, server, options } = await protectedServer();
    await run('login', [server.url], options);
    authorizationServer.expireAccessTokens();
    const { code, out } = await run('status', ['--check'], options);
    expect({ code, state: out[1] }).toEqual({ code: 0, state: '  state:     signed in: the server accepts it' });
    expect(authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
  });

  it('uses the client and the resource of the stored record', async () => {
    const client = { client_id: 'given-client', client_secret: SECRET };
    const { authorizationServer, server, options } = await protectedServer({ clients: [client] });
    const flags = ['--static-oauth-client-info', JSON.stringify(client), '--resource', server.url];
    expect((await run('login', [server.url, ...flags], options)).code).toBe(0);
    authorizationServer.expireAccessTokens();
    const { code, out } = await run('status', ['--check'], options);
    expect({ code, state: out[1] }).toEqual({ code: 0, state: '  state:     signed in: the server accepts it' });
  });

  it('reports a server that cannot be reached', async () => {
    const { server, options } = await protectedServer();
    await run('login', [server.url], options);
    await server.close();
    const { code, out, err } = await run('status', ['--check'], options);
    expect(code).toBe(1);
    expect(out[1]).toMatch(
      /^ {2}state: +signed in, as of .*; not checked: cannot connect to \S+: nothing listens there$/,
    );
    expect(err).toContain('does not say whether it accepts the sign-in: cannot connect');
  });
});

it.each([['--json'], ['--log-format', 'json'], ['--json', '--check']])('as JSON: %s %s', async (...flags) => {
  const { authorizationServer, server, options } = await protectedServer();
  expect((await run('status', flags, options)).out).toEqual(['[]']);
  await run('login', [server.url, '--profile', 'work'], options);
  const { code, out, err } = await run('status', flags, options);
  expect({ code, err, lines: out.length }).toEqual({ code: 0, err: '', lines: 1 });
  const [client] = [...authorizationServer.clients.keys()];
  expect(JSON.parse(out[0] ?? '')).toEqual([
    {
      url: server.url,
      profile: 'work',
      resource: server.url,
      issuer: authorizationServer.issuer,
      client: { id: client, source: 'registered' },
      signedIn: true,
      asOf: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      renewable: true,
      ...(flags.includes('--check') && { check: { accepted: true, httpStatus: expect.any(Number) } }),
    },
  ]);
  for (const token of authorizationServer.tokens.keys()) expect(out[0]).not.toContain(token);
});

it('writes JSON with --log-format json, as login and logout do', async () => {
  const { server, options } = await protectedServer();
  const about = { server: '127-0-0-1' };
  const event = (msg: string): object => ({ time: expect.any(String), level: 'info', msg, ...about });
  const login = await run('login', [server.url, '--log-format', 'json'], options);
  expect(login.out.map((line) => JSON.parse(line) as object)).toEqual([event(`signed in to ${server.url}`)]);
  // This browser may finish the sign-in before the program has reported that it opened.
  for (const line of login.err.split('\n').filter(Boolean)) expect(JSON.parse(line)).toMatchObject(about);
  const refused = await run('login', ['http://127.0.0.1:1/mcp', '--log-format', 'json'], options);
  const errors = refused.err.trimEnd().split('\n');
  expect(errors.map((line) => JSON.parse(line) as object).at(-1)).toMatchObject({
    level: 'error',
    msg: expect.stringContaining('127.0.0.1:1'),
    ...about,
  });
  const logout = await run('logout', [server.url, '--log-format', 'json'], options);
  expect(logout.out.map((line) => JSON.parse(line) as object)).toEqual([event(`signed out of ${server.url}`)]);
});

it.each([
  [59_999, 'in 59 seconds'],
  [60_000, 'in 1 minute'],
  [28 * 60_000, 'in 28 minutes'],
  [-2 * 3_600_000, '2 hours ago'],
  [-86_400_000, '1 day ago'],
  [500, 'now'],
])('shows a time %i ms away as "%s"', (distance, words) => {
  const now = Date.UTC(2026, 10, 28, 12);
  expect(inWords(now + distance, now)).toBe(`${words} (${isoTime(now + distance)})`);
});
