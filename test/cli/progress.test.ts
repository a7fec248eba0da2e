// What a slow command shows the user of a terminal: one line, which disappears again.
import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { run, sharedHome } from '../blackbox/sign-in/command.ts';
import { startAuthorizationServer } from '../peers/oauth/authorization-server.ts';
import { startBrowser } from '../peers/oauth/browser.ts';
import { startProtectedServer } from '../peers/oauth/protected-server.ts';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { listenRaw } from '../peers/raw-server.ts';
import { CTRL_C, hasTerminal, startTerminal, visibleLines } from '../peers/terminal.ts';

const open = opened();
const ESCAPE = '\u001b';

/** A server without a sign-in that answers nothing until the test releases it. */
async function heldServer() {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = http.createServer(async (req, res) => {
    await released;
    res.writeHead(req.method === 'POST' ? 202 : 404).end();
  });
  const { address, cut } = await open(listenRaw(server));
  return { release, fail: cut, host: address, url: `http://${address}/mcp` };
}

const seen = (screen: string): string[] => visibleLines(screen).filter((line) => line !== '');

describe.runIf(hasTerminal)('in a terminal', () => {
  it('login shows what it waits for on one line, and erases the line', async () => {
    const server = await heldServer();
    const terminal = await open(startTerminal(['login', server.url]));
    await terminal.shows(new RegExp(`asking the server: waiting for ${server.host} … 1 s`));
    expect(terminal.screen).not.toContain('\n');
    server.release();
    expect(await terminal.exit()).toBe(0);
    expect(seen(terminal.screen)).toEqual([`${server.url} does not ask for a sign-in`]);
  });

  it('status names the sign-in that it checks', async () => {
    const authorizationServer = await open(startAuthorizationServer());
    const server = await open(startProtectedServer({ authorizationServer }));
    const browser = await open(startBrowser('approve'));
    const options = { home: (await open(sharedHome())).home, env: { BROWSER: browser.command } };
    expect((await run('login', [server.url], options)).code).toBe(0);
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.behaviour.authorizationServer = {
      issuer: authorizationServer.issuer,
      check: async (...token) => {
        await released;
        return authorizationServer.check(...token);
      },
    };
    const terminal = await open(startTerminal(['status', '--check'], options));
    await terminal.shows(/checking sign-in 1 of 1: waiting for 127\.0\.0\.1:\d+ …/);
    release();
    expect(await terminal.exit()).toBe(0);
    expect(seen(terminal.screen).slice(0, 2)).toEqual([server.url, '  state:     signed in: the server accepts it']);
  });

  it('Ctrl-C leaves a clean line', async () => {
    const server = await heldServer();
    const terminal = await open(startTerminal(['login', server.url]));
    await terminal.shows(/waiting for/);
    terminal.type(CTRL_C);
    expect(await terminal.exit()).toBe(130);
    expect(seen(terminal.screen)).toEqual([]);
  });

  it('an error has a line of its own', async () => {
    const server = await heldServer();
    const terminal = await open(startTerminal(['login', server.url]));
    await terminal.shows(/waiting for/);
    server.fail();
    expect(await terminal.exit()).toBe(1);
    expect(seen(terminal.screen)[0]).toMatch(/^mcp-proxy: /);
    expect(seen(terminal.screen).at(-1)).toMatch(/^hint: /);
  });

  it.each([
    ['NO_COLOR', '1'],
    ['TERM', 'dumb'],
    ['CI', 'true'],
  ])('%s=%s makes it a plain line', async (name, value) => {
    const server = await heldServer();
    const terminal = await open(startTerminal(['login', server.url], { env: { [name]: value } }));
    await terminal.shows(/waiting for/);
    server.release();
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen.split('\n')[0]).toBe(`asking the server: waiting for ${server.host}`);
    expect(terminal.screen).not.toContain(ESCAPE);
    expect(terminal.screen).not.toContain('\r');
  });

  it('--log-format json makes it an event', async () => {
    const server = await heldServer();
    const terminal = await open(startTerminal(['login', server.url, '--log-format', 'json']));
    const [line] = await terminal.shows(/^\{.*waiting for.*\}$/m);
    expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: `asking the server: waiting for ${server.host}` });
    server.release();
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).not.toContain(ESCAPE);
  });
});

it('a program that reads stderr gets no escape sequences', async () => {
  const server = await heldServer();
  const program = startProxy('login', [server.url], { env: { TERM: 'xterm-256color' } });
  await program.stderrMatching(/^asking the server: waiting for/);
  server.release();
  expect((await program.exit()).code).toBe(0);
  expect(program.lines).toEqual([`${server.url} does not ask for a sign-in`]);
  expect(program.stderr).toBe(`asking the server: waiting for ${server.host}\n`);
});
