// `mcp-proxy logout <url>`: revokes the tokens at the server and deletes them, whatever the server answers.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { startProxy } from '../../../peers/proxy.ts';
import { askWhoami, run, sharedHome, whoami } from '../command.ts';

const open = opened();

async function protectedServer(options: AuthorizationServerOptions = {}) {
  const authorizationServer = await open(startAuthorizationServer(options));
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, browser, home, options: { home, env: { BROWSER: browser.command } } };
}

/**
 * The files that count as stored. A program that is killed while it writes leaves a file of another name, which the
 * next one removes.
 */
const stored = (home: string): string[] =>
  readdirSync(path.join(home, '.cache', 'mcp-proxy', 'credentials')).filter((name) => name.endsWith('.json'));

const live = ({ tokens }: AuthorizationServer): string[] =>
  [...tokens.values()]
    .filter(({ spent, grant }) => !spent && grant.revoked === undefined)
    .map(({ kind }) => kind)
    .sort();

it('revokes both tokens, and the next host signs in again', async () => {
  const { authorizationServer, server, browser, home, options } = await protectedServer();
  await askWhoami(server.url, [], options);
  expect(live(authorizationServer)).toEqual(['access', 'refresh']);
  const issued = [...authorizationServer.tokens.values()];
  expect(await run('logout', [server.url], options)).toEqual({
    code: 0,
    out: [`signed out of ${server.url}`],
    err: '',
  });
  const taken = authorizationServer.of('revoke');
  expect(taken.map(({ form, status }) => [form.get('token_type_hint'), status])).toEqual([
    ['refresh_token', 200],
    ['access_token', 200],
  ]);
  expect(taken.map(({ form }) => form.get('token')).sort()).toEqual(issued.map(({ value }) => value).sort());
  expect(live(authorizationServer)).toEqual([]);
  expect(stored(home)).toEqual([]);
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(browser.opened).toHaveLength(2);
});

it('authenticates a client that has a secret', async () => {
  const { authorizationServer, server, options } = await protectedServer({
    registration: 'secret',
    authMethods: ['client_secret_basic'],
  });
  await run('login', [server.url], options);
  expect((await run('logout', [server.url], options)).code).toBe(0);
  expect(authorizationServer.of('revoke').map(({ status }) => status)).toEqual([200, 200]);
  expect(live(authorizationServer)).toEqual([]);
});

it.each([
  ['has no such endpoint', { revocation: 'off', metadata: { revocation_endpoint: undefined } }, /cannot revoke tokens/],
  ['names an endpoint that is no URL', { metadata: { revocation_endpoint: '/revoke' } }, /cannot revoke tokens/],
  ['refuses', { revocation: { status: 503, body: { error: 'temporarily_unavailable' } } }, /could not be told/],
] as const)('forgets the tokens even if the server %s', async (_, behaviour, words) => {
  const { server, home, options } = await protectedServer(behaviour);
  await run('login', [server.url], options);
  const { code, out, err } = await run('logout', [server.url], options);
  expect({ code, out }).toEqual({ code: 0, out: [`signed out of ${server.url}`] });
  expect(err.trimEnd().split('\n')).toEqual([expect.stringMatching(words)]);
  expect(stored(home)).toEqual([]);
});

it('forgets the tokens even if no server answers', async () => {
  const { authorizationServer, server, home, options } = await protectedServer();
  await run('login', [server.url], options);
  await authorizationServer.close();
  await server.close();
  expect(await run('logout', [server.url], options)).toMatchObject({
    code: 0,
    err: expect.stringMatching(/could not be told/),
  });
  expect(stored(home)).toEqual([]);
});

it('says when no user was signed in', async () => {
  const { authorizationServer, server, options } = await protectedServer();
  for (let time = 1; time <= 2; time++) {
    expect(await run('logout', [server.url], options)).toEqual({
      code: 0,
      out: [`was not signed in to ${server.url}`],
      err: '',
    });
  }
  expect(authorizationServer.requests).toEqual([]);
});

it('revokes the refresh token even if the access token has expired', async () => {
  const { authorizationServer, server, options } = await protectedServer({ expiresIn: { value: 1 } });
  await run('login', [server.url], options);
  authorizationServer.expireAccessTokens();
  await vi.waitFor(async () => expect((await run('status', [], options)).out.join()).toContain('expired'), {
    timeout: 60_000,
  });
  // The token lives for a second, so a slow login may have refreshed it.
  const before = authorizationServer.tokenRequests('refresh_token').length;
  expect(await run('logout', [server.url], options)).toMatchObject({ code: 0, err: '' });
  expect(authorizationServer.tokenRequests('refresh_token')).toHaveLength(before);
  expect(live(authorizationServer)).toEqual([]);
});

it('makes a running host sign in again with its next call', async () => {
  const { server, browser, options } = await protectedServer();
  const proxy = startProxy(server.url, [], options);
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/list');
  expect(await whoami(proxy)).toBe('ada');
  expect((await run('logout', [server.url], options)).code).toBe(0);
  expect(await whoami(proxy)).toBe('ada');
  expect(browser.opened).toHaveLength(2);
});

it('does not wait for a user who is just signing in', async () => {
  const { server, browser, home, options } = await protectedServer();
  browser.mode = 'hold';
  const proxy = startProxy(server.url, [], options);
  await proxy.rpc.initialize('2025-11-25');
  await browser.waitForTab(1);
  const { code, out, err } = await run('logout', [server.url], options);
  expect({ code, out }).toEqual({ code: 1, out: [] });
  expect(err).toMatch(/^mcp-proxy: a sign-in to [^\n]+ is under way\nhint: [^\n]+\n$/);

  // Nobody continues the sign-in that a host had begun before it ended.
  proxy.kill('SIGKILL');
  await proxy.exited;
  expect(await run('logout', [server.url], options)).toMatchObject({ code: 0 });
  expect(stored(home)).toEqual([]);
  expect(browser.opened).toHaveLength(1);
});

it('leaves other servers alone', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  const other = await open(startProtectedServer({ authorizationServer }));
  for (const { url } of [server, other]) expect(await askWhoami(url, [], options)).toBe('ada');
  await run('logout', [server.url], options);
  expect(live(authorizationServer)).toEqual(['access', 'refresh']);
  expect(await askWhoami(other.url, [], options)).toBe('ada');
  expect(browser.opened).toHaveLength(2);
});

it('names the profiles if none is given, and forgets nothing', async () => {
  const { authorizationServer, server, options } = await protectedServer();
  for (const profile of ['work', 'home']) await run('login', [server.url, '--profile', profile], options);
  const before = live(authorizationServer);
  for (const [flags, asked] of [
    [[], 'without --profile'],
    [['--profile', 'wrok'], 'with --profile wrok'],
  ] as const) {
    expect(await run('logout', [server.url, ...flags], options)).toEqual({
      code: 1,
      out: [],
      err:
        `mcp-proxy: not signed in to ${server.url} ${asked}, but with --profile home and with --profile work\n` +
        `hint: mcp-proxy logout ${server.url} --profile home\n`,
    });
  }
  expect(live(authorizationServer)).toEqual(before);
  expect(await run('logout', [server.url, '--profile', 'home'], options)).toEqual({
    code: 0,
    out: [`signed out of ${server.url}; still signed in with --profile work`],
    err: '',
  });
  expect((await run('logout', [server.url, '--profile', 'work'], options)).out).toEqual([
    `signed out of ${server.url}`,
  ]);
  expect((await run('logout', [server.url], options)).out).toEqual([`was not signed in to ${server.url}`]);
});

it('names accounts without a profile and with a resource, too', async () => {
  const { server, options } = await protectedServer();
  await run('login', [server.url], options);
  await run('login', [server.url, '--resource', server.url], options);
  const { code, err } = await run('logout', [server.url, '--profile', 'work'], options);
  expect({ code, err }).toEqual({
    code: 1,
    err:
      `mcp-proxy: not signed in to ${server.url} with --profile work, but without --profile and with --resource ${server.url}\n` +
      `hint: mcp-proxy logout ${server.url}\n`,
  });
});
