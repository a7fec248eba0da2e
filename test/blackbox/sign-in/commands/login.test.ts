// `mcp-proxy login <url>`: with a browser, without one, with the answer of a browser elsewhere, and when it fails.
import { expect, it } from 'vitest';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../../peers/proxy.ts';
import { startSdkV1Stateful } from '../../../peers/sdk-v1-stateful.ts';
import { askWhoami, outcome, run, sharedHome } from '../command.ts';

const open = opened();
/** A machine without a browser. */
const NO_BROWSER = { BROWSER: '' };

async function protectedServer() {
  const authorizationServer = await open(startAuthorizationServer({ resource: 'required' }));
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, browser, options: { home, env: { BROWSER: browser.command } } };
}

/** The authorization request in a line on stderr. */
async function pageOf(program: ProxyProcess): Promise<string> {
  const [url] = await program.stderrMatching(/http:\/\/\S+\/authorize\?\S+(?=\s)/);
  return url;
}

/** Where a browser on another machine ends: at an address where nothing answers. */
async function redirected(page: string): Promise<string> {
  const response = await fetch(page, { redirect: 'manual' });
  return response.headers.get('location') ?? '';
}

it('signs in with a browser, once, for every host that comes after', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  expect(await run('login', [server.url], options)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
  expect(browser.pages[0]?.html).toMatch(/signed in/i);
  expect(await run('login', [server.url], options)).toMatchObject({
    code: 0,
    out: [`already signed in to ${server.url}`],
    err: '',
  });
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(browser.opened).toHaveLength(1);
  expect(authorizationServer.count('register')).toBe(1);
  expect(authorizationServer.count('token')).toBe(1);
});

it('prints the page once without a browser, and accepts the address at which a browser elsewhere ends', async () => {
  const { server, browser, options } = await protectedServer();
  const program = startProxy('login', [server.url], { ...options, env: NO_BROWSER });
  const page = await pageOf(program);
  await program.stderrMatching(/paste/);
  const answer = await redirected(page);
  expect(answer).toMatch(/[?&]code=/);

  const forged = new URL(answer);
  forged.searchParams.set('state', 'of-another-sign-in');
  for (const [wrong, number] of [
    ['no address at all', 1],
    [page.split('?')[0], 2],
    [forged.href, 3],
  ] as const) {
    program.stdin.write(`${wrong}\n`);
    await program.stderrMatching(new RegExp(`(that is not the address of this sign-in[^]*){${number}}`));
  }
  program.stdin.write(`\n  ${answer}\r\n`);
  expect(await program.exit()).toEqual({ code: 0, signal: null });
  expect(program.lines).toEqual([`signed in to ${server.url}`]);
  expect(program.stderr.split(page)).toHaveLength(2);
  expect(program.stderr).not.toContain(new URL(answer).searchParams.get('code'));
  expect(browser.opened).toHaveLength(0);
  expect(await askWhoami(server.url, [], options)).toBe('ada');
});

it('an address without an answer does not end the sign-in, neither pasted nor visited', async () => {
  const { server, options } = await protectedServer();
  const program = startProxy('login', [server.url], { ...options, env: NO_BROWSER });
  const page = await pageOf(program);
  await program.stderrMatching(/paste/);
  const answer = new URL(await redirected(page));
  const empty = new URL(answer);
  empty.searchParams.delete('code');
  program.stdin.write(`${page}\n`);
  await program.stderrMatching(/that is the address of the sign-in page: open it in a browser/);
  program.stdin.write(`${empty}\n`);
  await program.stderrMatching(/that address has neither code=\.\.\. nor error=\.\.\.: paste/);
  const visited = await fetch(empty);
  expect(visited.status).toBe(400);
  expect(await visited.text()).toContain('neither a code nor an error');
  program.stdin.write(`${answer}\n`);
  expect(await program.exit()).toEqual({ code: 0, signal: null });
  expect(program.lines).toEqual([`signed in to ${server.url}`]);
});

it('treats a browser that cannot be started as a missing one', async () => {
  const { server, browser, options } = await protectedServer();
  browser.mode = 'broken';
  const program = startProxy('login', [server.url], options);
  await browser.visit(await pageOf(program));
  expect(await outcome(program)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
});

it.each(['in the browser', 'in the address that is pasted'])('says that the user denied it, %s', async (where) => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  let program: ProxyProcess;
  if (where === 'in the browser') {
    browser.mode = 'deny';
    program = startProxy('login', [server.url], options);
    await browser.waitForPage(1);
  } else {
    authorizationServer.behaviour.authorize = { error: 'access_denied' };
    program = startProxy('login', [server.url], { ...options, env: NO_BROWSER });
    program.stdin.write(`${await redirected(await pageOf(program))}\n`);
  }
  const { code, out, err } = await outcome(program);
  expect({ code, out }).toEqual({ code: 1, out: [] });
  const lines = err.trimEnd().split('\n');
  expect(lines.filter((line) => /denied/.test(line))).toEqual([`mcp-proxy: the sign-in to ${server.url} was denied`]);
  expect(lines.at(-1)).toMatch(/^hint: \S/);
  expect(authorizationServer.count('token')).toBe(0);
});

it('signs in again when the server has revoked the tokens, however new they are', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  await run('login', [server.url], options);
  authorizationServer.revokeEverything();
  expect(await run('login', [server.url], options)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(browser.opened).toHaveLength(2);
});

it('refreshes an expired token instead of asking the user', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  await run('login', [server.url], options);
  authorizationServer.expireAccessTokens();
  expect((await run('login', [server.url], options)).code).toBe(0);
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
  expect(browser.opened).toHaveLength(1);
});

it('has nothing to do at a server that asks for no sign-in', async () => {
  const server = await open(startSdkV1Stateful());
  const { home } = await open(sharedHome());
  const { code, out, err } = await run('login', [server.url], { home });
  expect({ code, out, err }).toEqual({ code: 0, out: [`${server.url} does not ask for a sign-in`], err: '' });
});

it('signs in to a server that asks for it only for some requests', async () => {
  const { server, browser, options } = await protectedServer();
  server.behaviour.open = (method) => method !== 'tools/call';
  expect(await run('login', [server.url], options)).toMatchObject({ code: 0, out: [`signed in to ${server.url}`] });
  expect(await askWhoami(server.url, [], options)).toBe('ada');
  expect(browser.opened).toHaveLength(1);
});

it('names what cannot be reached', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  await authorizationServer.close();
  const withoutAuthority = await run('login', [server.url], options);
  expect(withoutAuthority).toMatchObject({ code: 1, out: [] });
  expect(withoutAuthority.err).toContain(new URL(authorizationServer.issuer).host);
  await server.close();
  const { code, out, err } = await run('login', [server.url], options);
  expect({ code, out }).toEqual({ code: 1, out: [] });
  expect(err).toMatch(/^mcp-proxy: [^\n]+\nhint: [^\n]+\n$/);
  expect(err).toContain(new URL(server.url).host);
  expect(browser.opened).toHaveLength(0);
});

it('accepts the answer for a host that waits for it without a terminal', async () => {
  const { authorizationServer, server, browser, options } = await protectedServer();
  const proxy = startProxy(server.url, [], { ...options, env: NO_BROWSER });
  await proxy.rpc.initialize('2025-11-25');
  const page = await pageOf(proxy);
  const program = startProxy('login', [server.url], { ...options, env: NO_BROWSER });
  expect(await pageOf(program)).toBe(page);
  await program.stderrMatching(/paste/);
  program.stdin.write(`${await redirected(page)}\n`);
  expect(await program.exit()).toEqual({ code: 0, signal: null });
  expect(program.lines).toEqual([`signed in to ${server.url}`]);
  expect((await proxy.rpc.request('tools/list')).tools.length).toBeGreaterThan(0);
  expect(authorizationServer.count('token')).toBe(1);
  expect(authorizationServer.count('register')).toBe(1);
  expect(browser.opened).toHaveLength(0);
});

it('continues a sign-in that was begun by a host which has ended', async () => {
  const { authorizationServer, server, options } = await protectedServer();
  const proxy = startProxy(server.url, [], { ...options, env: NO_BROWSER });
  await proxy.rpc.initialize('2025-11-25');
  const page = await pageOf(proxy);
  await proxy.close();
  const program = startProxy('login', [server.url], { ...options, env: NO_BROWSER });
  expect(await pageOf(program)).toBe(page);
  await program.stderrMatching(/paste/);
  program.stdin.write(`${await redirected(page)}\n`);
  expect(await program.exit()).toEqual({ code: 0, signal: null });
  expect(authorizationServer.count('register')).toBe(1);
});
