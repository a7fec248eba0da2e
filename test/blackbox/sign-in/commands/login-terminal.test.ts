// What the user of a terminal reads during a sign-in: sentences in the order of events, and no success before there is
// one.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { type BrowserMode, startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { startProxy } from '../../../peers/proxy.ts';
import { startServerEverythingSse } from '../../../peers/server-everything.ts';
import { CTRL_C, hasTerminal, startTerminal, visibleLines } from '../../../peers/terminal.ts';
import { run, sharedHome } from '../command.ts';

const open = opened();
const PASTE =
  'browser on another machine? after the sign-in, copy the address that it shows, paste it here and press Enter';
const WAITING = 'waiting for the sign-in; press Ctrl-C to give up';

async function protectedServer(mode: BrowserMode = 'approve') {
  const authorizationServer = await open(startAuthorizationServer({ resource: 'required' }));
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser(mode));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, browser, options: { home, env: { BROWSER: browser.command } } };
}

/** A web server that is no MCP server, at a path of it. */
async function web(handle: http.RequestListener): Promise<string> {
  const server = http.createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await open({
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** The lines on the screen at the end, except those about a slow network. */
const linesOf = (screen: string): string[] =>
  visibleLines(screen).filter((line) => line !== '' && !/waiting for \d/.test(line));

describe.runIf(hasTerminal)('in a terminal', () => {
  it('login shows the page, what to do with it, what it waits for, and the end', async () => {
    const { server, browser, options } = await protectedServer('hold');
    const terminal = await open(startTerminal(['login', server.url], options));
    const page = await browser.waitForTab(1);
    await terminal.shows(/Ctrl-C/);
    await browser.finish(1);
    expect(await terminal.exit()).toBe(0);
    expect(linesOf(terminal.screen)).toEqual([
      'sign in on the page that just opened in your browser, or at',
      page,
      PASTE,
      WAITING,
      `signed in to ${server.url}`,
    ]);
  });

  it('Ctrl-C ends login without reporting success', async () => {
    const { server, browser, options } = await protectedServer('hold');
    const terminal = await open(startTerminal(['login', server.url], options));
    await browser.waitForTab(1);
    await terminal.shows(/Ctrl-C/);
    terminal.type(CTRL_C);
    expect(await terminal.exit()).toBe(130);
    expect(terminal.screen).not.toContain('signed in');
  });
});

/** The lines on stderr when the user takes some time for the sign-in. */
async function told(args: string[]) {
  const { server, browser, options } = await protectedServer('hold');
  const program = startProxy('login', [server.url, ...args], options);
  const page = await browser.waitForTab(1);
  await program.stderrMatching(/paste/);
  await browser.finish(1);
  expect(await program.exit()).toEqual({ code: 0, signal: null });
  return { lines: linesOf(program.stderr), page, last: program.lines, signedIn: `signed in to ${server.url}` };
}

it('login in a pipe leaves out what only a user at the keyboard can do', async () => {
  const { lines, page, last, signedIn } = await told([]);
  expect(last).toEqual([signedIn]);
  expect(lines).toEqual(['sign in on the page that just opened in your browser, or at', page, PASTE]);
});

it('a program that reads JSON gets JSON', async () => {
  const { lines, page, last, signedIn } = await told(['--log-format', 'json']);
  expect(last.map((line) => JSON.parse(line))).toMatchObject([{ level: 'info', msg: signedIn }]);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'info', url: page },
    { level: 'info', msg: PASTE },
  ]);
});

it('without a browser, no line begins with a level', async () => {
  const { server, options } = await protectedServer();
  const program = startProxy('login', [server.url], { ...options, env: { BROWSER: '' } });
  await program.stderrMatching(/paste/);
  program.kill('SIGINT');
  expect((await program.exit()).code).toBe(130);
  const [first, page, paste] = program.stderr.split('\n');
  expect([first, paste]).toEqual(['sign in here:', PASTE]);
  expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/authorize\?/);
});

describe('login does not report success', () => {
  it('where nothing can be stored, and does not open a page', async () => {
    const { authorizationServer, server, browser, options } = await protectedServer();
    // A file where the folder should be: not even root can write into it.
    const cache = path.join(options.home, 'cache');
    mkdirSync(cache);
    writeFileSync(path.join(cache, 'mcp-proxy'), '');
    chmodSync(path.join(cache, 'mcp-proxy'), 0o400);
    const env = { ...options.env, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache };
    const { code, out, err } = await run('login', [server.url], { ...options, env });
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toMatch(/^mcp-proxy: cannot write .*\nhint: \S.*\n$/);
    expect(browser.opened).toEqual([]);
    expect(authorizationServer.count('register')).toBe(0);
  });

  const NOT_MCP: [string, http.RequestListener, string][] = [
    [
      'a path that does not exist',
      (_req, res) => res.writeHead(404, { 'content-type': 'text/html' }).end('<p>no'),
      '404',
    ],
    ['a page', (_req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello'), '200'],
    ['a page for GET only', (req, res) => res.writeHead(req.method === 'GET' ? 200 : 405).end('<p>hello'), '405'],
    ['a file', (_req, res) => res.writeHead(200, { 'content-type': 'text/plain' }).end('hello'), '200'],
  ];

  it.each(NOT_MCP)('at %s', async (_, handle, status) => {
    const url = await web(handle);
    const { home } = await open(sharedHome());
    const { code, out, err } = await run('login', [url], { home });
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toContain(`mcp-proxy: ${url} answered HTTP ${status}`);
    expect(err).toMatch(/^mcp-proxy: [^\n]+\nhint: [^\n]+\n$/);
  });

  it('at a path that turns out not to exist once the user is signed in', async () => {
    const { server, options } = await protectedServer();
    const bare = await web((req, res) => {
      if (req.headers.authorization) return void res.writeHead(404).end();
      res.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }).end();
    });
    const metadata = new URL('/.well-known/oauth-protected-resource/mcp', server.url).href;
    const { code, out, err } = await run('login', [bare, '--resource', server.url], options);
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toContain(`mcp-proxy: ${bare} answered HTTP 404`);
  });
});

it('except at an HTTP+SSE server, which is an MCP server', async () => {
  const server = await open(startServerEverythingSse());
  const { home } = await open(sharedHome());
  expect(await run('login', [server.url], { home })).toMatchObject({
    code: 0,
    out: [`${server.url} does not ask for a sign-in`],
  });
});
