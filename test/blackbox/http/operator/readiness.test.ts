// How the operator learns that a sign-in is needed, without any request of a client.

import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { startServing } from '../../../peers/http/serving.ts';
import {
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { challenges, startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { startProxy } from '../../../peers/proxy.ts';
import { listenRaw, relay } from '../../../peers/raw-server.ts';
import { cleanUp } from '../fixture.ts';
import { readyOnce } from './ready.ts';

cleanUp();
const open = opened();

async function fixture(options: AuthorizationServerOptions = {}) {
  const authorizationServer = await open(startAuthorizationServer(options));
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('never'));
  return { authorizationServer, server, browser, options: { env: { BROWSER: browser.command } } };
}

describe('a --callback-port that is taken', () => {
  it.each(['text', 'json'])('ends the proxy with one line of %s that names the port', async (format) => {
    const { server, options } = await fixture();
    const { port } = await open(listenRaw(net.createServer((socket) => socket.destroy())));
    const flags = ['--listen', '127.0.0.1:0', '--callback-port', String(port), '--log-format', format];
    const proxy = startProxy(server.url, flags, options);
    expect(await proxy.exit()).toEqual({ code: 1, signal: null });
    const lines = proxy.stderr.trimEnd().split('\n');
    const telling = lines.filter((line) => new RegExp(`callback.*\\b${port}\\b|\\b${port}\\b.*callback`).test(line));
    expect(telling, proxy.stderr).toHaveLength(1);
    expect(proxy.stderr).not.toMatch(/internal error|\n\s+at /);
  });
});

it('a sign-in that cannot begin is logged, and /readyz gives the reason', async () => {
  const { authorizationServer, server, options } = await fixture();
  await authorizationServer.close();
  const { url, proxy } = await startServing(server.url, [], options);
  await proxy.stderrMatching(/sign-in to .* failed: \S/);
  const said = await readyOnce(url, ({ signIn }) => signIn.reason !== undefined);
  expect(said).toMatchObject({ status: 503, ready: false, upstream: { reachable: true }, signIn: { needed: true } });
  expect(said.signIn.reason).toMatch(/\S/);
});

it('the sign-in page of a server that comes up after the proxy is logged and opened', async () => {
  const { server, browser, options } = await fixture();
  let isUp = false;
  const front = net.createServer((socket) => {
    if (isUp) relay(socket, Number(new URL(server.url).port));
    else socket.destroy();
  });
  const { port } = await open(listenRaw(front));
  const looked = once(front, 'connection');
  const address = `http://127.0.0.1:${port}/mcp`;
  Object.assign(server.behaviour, { challenge: challenges.bare, resource: address });
  const { url, proxy } = await startServing(address, [], options);
  await looked;
  await readyOnce(url, ({ upstream }) => !upstream.reachable);
  isUp = true;
  await proxy.stderrMatching(/http:\S+\/authorize\?/);
  const page = await browser.waitForTab(1);
  expect(proxy.stderr).toContain(page);
});

it('with --device-code, /readyz gives the code and the page', async () => {
  const device = { pending: 1_000, slowDown: 0, outcome: 'approve', interval: 1, expiresIn: 600 } as const;
  const { server, options } = await fixture({ device });
  const { url, proxy } = await startServing(server.url, ['--device-code'], options);
  const { signIn, ready } = await readyOnce(url, (said) => said.signIn.userCode !== undefined);
  expect(ready).toBe(false);
  expect(signIn).toMatchObject({ needed: true, userCode: 'WDJB-0001', url: expect.stringContaining('/device') });
  expect(proxy.stderr).toContain('WDJB-0001');
});

it('where clients sign in for themselves, the proxy is ready without', async () => {
  const { server, browser, options } = await fixture();
  const { url, proxy } = await startServing(server.url, ['--forward-header', 'X-Up=Authorization'], options);
  const said = await readyOnce(url, ({ upstream }) => upstream.reachable);
  expect(said).toMatchObject({ status: 200, ready: true, signIn: { needed: false } });
  expect(browser.opened).toEqual([]);
  expect(proxy.stderr).not.toMatch(/authorize\?|sign-in/);
});

it('a proxy that ends before the user has signed in logs no failure', async () => {
  const { server, browser, options } = await fixture();
  const { proxy } = await startServing(server.url, [], options);
  await browser.waitForTab(1);
  await proxy.stderrMatching(/sign in/);
  proxy.kill('SIGTERM');
  expect(await proxy.exit()).toEqual({ code: 0, signal: null });
  expect(proxy.stderr).not.toMatch(/ error: |sign-in to .* failed/);
});
