// Registered clients that the authorization server has forgotten, and those that it has never accepted.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { askWhoami, run, sharedHome, whoami } from './command.ts';

const open = opened();

async function protectedServer(given: AuthorizationServerOptions = {}) {
  const authorizationServer = await open(startAuthorizationServer(given));
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, browser, home, options: { home, env: { BROWSER: browser.command } } };
}

/** What an administrator does who deletes old clients. */
function forgetClients(authorizationServer: AuthorizationServer): void {
  for (const id of [...authorizationServer.clients.keys()]) authorizationServer.deleteClient(id);
}

it.each([
  ['with a refresh token', 'rotate'],
  ['without one', 'never'],
] as const)('a client that the server has deleted costs one registration and one page, %s', async (_, refresh) => {
  const { authorizationServer, server, browser, options } = await protectedServer({ refresh });
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  forgetClients(authorizationServer);
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(browser.pages.map(({ status }) => status)).toEqual([200, 200]);
  expect(authorizationServer.count('register')).toBe(2);
  // The new one is kept.
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(authorizationServer.count('register')).toBe(2);
});

it('a client that the server deletes during a session is registered again', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  const proxy = startProxy(server.url, [], options);
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/list');
  expect(await whoami(proxy)).toBe('ada');
  forgetClients(authorizationServer);
  expect(await Promise.all([whoami(proxy), whoami(proxy)])).toEqual(['ada', 'ada']);
  expect(authorizationServer.count('register')).toBe(2);
  expect(browser.pages.map(({ status }) => status)).toEqual([200, 200]);
});

it('a client that is still known is not registered again', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  authorizationServer.revokeEverything();
  expect((await run('login', [server.url], options)).code).toBe(0);
  expect(authorizationServer.count('register')).toBe(1);
  expect(browser.opened).toHaveLength(2);
});

it('a client of a sign-in that was abandoned hours ago can still be used', async () => {
  const { authorizationServer, server, browser, home, options } = await protectedServer();
  browser.mode = 'never';
  const first = startProxy(server.url, [], options);
  await first.rpc.initialize('2025-11-25');
  await browser.waitForTab(1);
  await first.close();
  forgetClients(authorizationServer);
  const folder = path.join(home, '.cache', 'mcp-proxy', 'credentials');
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.sign-in.json'));
  const record = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as { startedAt: number; openedAt: number };
  const hours = 3 * 3_600_000;
  const aged = { ...record, startedAt: record.startedAt - hours, openedAt: record.openedAt - hours };
  writeFileSync(path.join(folder, file), JSON.stringify(aged));

  browser.mode = 'approve';
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(authorizationServer.count('register')).toBe(2);
  expect(browser.opened).toHaveLength(2);
});

it('a client of a sign-in that was abandoned just now can still be used', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  browser.mode = 'never';
  const first = startProxy(server.url, [], options);
  await first.rpc.initialize('2025-11-25');
  await browser.waitForTab(1);
  await first.close();
  const [gone = ''] = authorizationServer.clients.keys();
  forgetClients(authorizationServer);
  const program = startProxy('login', [server.url], options);
  const [page] = await program.stderrMatching(
    new RegExp(`http://\\S+/authorize\\?\\S*client_id=(?!${gone})\\S+(?=\\s)`),
  );
  expect((await browser.visit(page)).status).toBe(200);
  expect(await program.exit()).toEqual({ code: 0, signal: null });
  expect(authorizationServer.count('register')).toBe(2);
});

it('another authorization server gets a client of its own, and the old one no request', async () => {
  const { authorizationServer, server, options } = await protectedServer();
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  const asked = authorizationServer.requests.length;
  const successor = await open(startAuthorizationServer({ subject: 'grace' }));
  server.behaviour.authorizationServer = successor;
  expect((await run('logout', [server.url], options)).code).toBe(0);
  const told = authorizationServer.of('revoke').length;
  expect(await askWhoami(server.url, [], options)).toBe('grace');
  expect(successor.count('register')).toBe(1);
  expect(authorizationServer.requests).toHaveLength(asked + told);
});

it.each([
  [403, '', 'it may accept only certain clients'],
  [401, '{}', '--static-oauth-client-info'],
  [503, '<p>busy</p>', 'try again later'],
])('a registration that is answered HTTP %i without an OAuth error is reported', async (status, body, hint) => {
  const { authorizationServer, server, options } = await protectedServer({ registration: { status, body } });
  const { code, err } = await run('login', [server.url], options);
  expect(code).toBe(1);
  expect(err).toContain(`${authorizationServer.issuer}/ refuses to register a client: HTTP ${status}\nhint: `);
  expect(err).toContain(hint);
  expect(err).not.toContain('invalid_response');
});

it.each([
  ['refuses', { registration: { status: 403, body: { error: 'access_denied', error_description: 'ask the desk' } } }],
  ['knows no registration', { metadata: { registration_endpoint: undefined } }],
  ['answers with a page', { registration: { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>Hi' } }],
] as const)('a server that %s leads to an error with the flag', async (how, behaviour) => {
  const { authorizationServer, server, browser, options } = await protectedServer(behaviour);
  const { code, out, err } = await run('login', [server.url], options);
  expect({ code, out }).toEqual({ code: 1, out: [] });
  expect(err).toMatch(/^mcp-proxy: [^\n]+\nhint: [^\n]*--static-oauth-client-info[^\n]*\n$/);
  if (how === 'refuses') expect(err).toContain('ask the desk');

  const proxy = startProxy(server.url, [], options);
  const error = await proxy.rpc.initialize('2025-11-25').catch((e: unknown) => e);
  expect(error).toMatchObject({ code: -31004, data: { hint: expect.stringContaining('--static-oauth-client-info') } });
  await proxy.close();
  expect(browser.opened).toEqual([]);

  authorizationServer.clients.set('given', { client_id: 'given', token_endpoint_auth_method: 'none' });
  const args = ['--static-oauth-client-info', '{"client_id":"given"}'];
  expect(await askWhoami(server.url, args, options)).toBe('ada');
});

it.each([
  ['a line of text', 'tenant is missing'],
  ['JSON', { message: 'tenant is missing' }],
])('a registration that is refused with %s repeats what the server said', async (_, body) => {
  const { authorizationServer, server, options } = await protectedServer({ registration: { status: 400, body } });
  const { err } = await run('login', [server.url], options);
  const issuer = `${authorizationServer.issuer}/`;
  expect(err).toContain(
    `${issuer} refuses to register a client: HTTP 400. The server said: "tenant is missing"\nhint: `,
  );
});
