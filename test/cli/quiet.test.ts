// `--quiet`: stderr has errors, and what the user must see.
import { describe, expect, it } from 'vitest';
import { run, sharedHome } from '../blackbox/sign-in/command.ts';
import { legacyServer } from '../peers/minimal-server.ts';
import { startAuthorizationServer } from '../peers/oauth/authorization-server.ts';
import { startBrowser } from '../peers/oauth/browser.ts';
import { startProtectedServer } from '../peers/oauth/protected-server.ts';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { startScripted } from '../peers/scripted.ts';
import { CTRL_D, hasTerminal, startTerminal } from '../peers/terminal.ts';

const open = opened();
/** A header that the proxy warns about. */
const WARNED = ['-H', 'Mcp-Name: x'];

async function protectedServer() {
  const server = await open(startProtectedServer({ authorizationServer: await open(startAuthorizationServer()) }));
  const browser = await open(startBrowser('hold'));
  const { home } = await open(sharedHome());
  return { server, browser, options: { home, env: { BROWSER: browser.command } } };
}

describe.each(['--quiet', '-q'])('%s', (flag) => {
  it('lets a session write nothing, not even warnings', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = startProxy(server.url, [flag, ...WARNED]);
    await proxy.rpc.initialize('2025-06-18');
    await proxy.rpc.request('tools/list');
    expect((await proxy.close()).code).toBe(0);
    expect(proxy.stderr).toBe('');
  });
});

it('still gives a host the page of a sign-in', async () => {
  const { server, browser, options } = await protectedServer();
  const proxy = startProxy(server.url, ['--quiet', ...WARNED], options);
  await proxy.rpc.initialize('2025-11-25');
  const page = await browser.waitForTab(1);
  await proxy.stderrMatching(/authorize/);
  await proxy.close();
  expect(proxy.stderr).toBe(`mcp-proxy: info: sign in on the page that just opened in your browser, or at ${page}\n`);
});

it('login writes the page to stderr, and the result to stdout', async () => {
  const { server, browser, options } = await protectedServer();
  const program = startProxy('login', [server.url, '--quiet'], options);
  const page = await browser.waitForTab(1);
  await program.stderrMatching(/authorize/);
  await browser.finish(1);
  expect((await program.exit()).code).toBe(0);
  expect(program.stderr).toBe(`sign in on the page that just opened in your browser, or at\n${page}\n`);
  expect(program.lines).toEqual([`signed in to ${server.url}`]);
});

it('errors are written', async () => {
  const { home } = await open(sharedHome());
  const { code, err } = await run('login', ['http://127.0.0.1:9/mcp', '--quiet'], { home });
  expect(code).toBe(1);
  expect(err).toMatch(/^mcp-proxy: cannot connect [^\n]+\nhint: [^\n]+\n$/);
});

it('HTTP mode still says where it listens, and the token that it made', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const proxy = startProxy(server.url, ['--listen', ':0', '--quiet']);
  await proxy.stderrMatching(/listening on .*\n/);
  proxy.kill();
  expect((await proxy.exit()).code).toBe(0);
  const [token, listening, ...rest] = proxy.stderr.trimEnd().split('\n');
  expect(token).toMatch(/ client token: \S{40,} /);
  expect(listening).toMatch(/ listening on http:\/\//);
  expect(rest).toEqual([]);
});

it.runIf(hasTerminal)('does not greet the user at a terminal', async () => {
  const terminal = await open(startTerminal(['http://127.0.0.1:9/mcp', '--quiet']));
  terminal.type(CTRL_D);
  expect(await terminal.exit()).toBe(0);
  expect(terminal.screen.replaceAll(/\^D[\b]*/g, '').trim()).toBe('');
});
