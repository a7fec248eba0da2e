// After a sign-in: its page survives a reload, and its port is free for the next one.
import { afterEach, expect, it } from 'vitest';
import { askForPort, type Callback, listenForCallback } from '../../../../src/auth/sign-in/callback.ts';
import { Cancellation } from '../../../../src/core/cancel.ts';
import { freePort } from '../../../peers/free-port.ts';
import { opened } from '../../../peers/opened.ts';
import { fixture, TOOLS, toolNames } from './fixture.ts';

const open = opened();
const STATE = 'the-state-of-this-sign-in';
const lingering: Cancellation[] = [];
afterEach(() => {
  for (const signal of lingering.splice(0)) signal.abort(new Error('the test is over'));
});

const listen = (port = 0): Promise<Callback> =>
  listenForCallback({
    port,
    path: '/callback',
    host: 'localhost',
    state: STATE,
    finish: async () => ({ page: 'signed-in' }),
  });

const get = (port: number): Promise<Response> => fetch(`http://localhost:${port}/callback?code=1&state=${STATE}`);

async function signedIn(port?: number): Promise<{ callback: Callback; signal: Cancellation }> {
  const callback = await listen(port);
  expect(await (await get(callback.port)).text()).toContain('You are signed in');
  const signal = new Cancellation();
  lingering.push(signal);
  callback.linger(signal);
  return { callback, signal };
}

it('shows the page again after a reload', async () => {
  const { callback } = await signedIn();
  for (let reload = 1; reload <= 2; reload++) {
    const again = await get(callback.port);
    expect([again.status, await again.text()]).toEqual([200, expect.stringContaining('You are signed in')]);
  }
});

it('frees the port for the next sign-in, in this process or in another one', async () => {
  const { callback } = await signedIn();
  await expect(listen(callback.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await askForPort(callback.port);
  await signedIn(callback.port);
});

it('frees the port when the proxy ends', async () => {
  const { callback, signal } = await signedIn();
  signal.abort(new Error('the end'));
  await callback.close();
  await expect(get(callback.port)).rejects.toThrow();
});

it('keeps the port of a sign-in that still waits, and leaves other programs alone', async () => {
  const waiting = await listen();
  await askForPort(waiting.port);
  expect((await get(waiting.port)).status).toBe(200);
  await waiting.close();
  await askForPort(await freePort());
});

it('a second sign-in can use the port that the user chose while the first one is still running', async () => {
  const port = await freePort();
  const args = ['--callback-port', String(port)];
  const made = await fixture(open, 'approve');
  const first = made.start(args);
  await first.rpc.initialize();
  expect(toolNames(await first.rpc.request('tools/list'))).toEqual(TOOLS);
  const page = made.browser.pages.at(-1);
  expect(page?.status).toBe(200);
  const second = made.start([...args, '--profile', 'other']);
  await second.rpc.initialize();
  expect(toolNames(await second.rpc.request('tools/list'))).toEqual(TOOLS);
  expect(made.browser.opened).toHaveLength(2);
  await second.close();
  await first.close();
});

it.each([
  ['failed', { error: 'invalid_scope', error_description: 'Ask <b>the</b> administrator' }, 'invalid_scope: Ask'],
  ['denied', { error: 'access_denied', error_description: 'Ask <b>the</b> administrator' }, 'Ask'],
])('the page of a sign-in that %s names the server, its message, and how to start again', async (_, refusal, said) => {
  const { authorizationServer, server, browser, start } = await fixture(open, 'approve');
  authorizationServer.behaviour.authorize = refusal;
  const proxy = start();
  await proxy.rpc.initialize();
  const { html } = await browser.waitForPage(1);
  expect(html).toContain(`<bdi>${server.url}</bdi>`);
  expect(html).toContain(`The server said:</p>\n<blockquote><bdi>${said} &lt;b&gt;the&lt;/b&gt; administrator</bdi>`);
  expect(html).toContain(`<code>mcp-proxy login ${server.url}</code>`);
  await proxy.close();
});

it('every request of a sign-in names this program', async () => {
  const { authorizationServer, server, start } = await fixture(open, 'approve');
  const proxy = start();
  await proxy.rpc.initialize();
  await proxy.rpc.request('tools/list');
  authorizationServer.expireAccessTokens();
  await proxy.rpc.request('tools/list');
  await proxy.close();
  // The browser of the user is another program.
  const ours = authorizationServer.requests.filter(({ path }) => !path.startsWith('/authorize'));
  expect(ours.length).toBeGreaterThan(3);
  for (const { headers, path } of ours) expect(headers['user-agent'], path).toMatch(/^mcp-proxy\/\d/);
  for (const { headers } of server.requests) expect(headers['user-agent']).toMatch(/^mcp-proxy\/\d/);
});
