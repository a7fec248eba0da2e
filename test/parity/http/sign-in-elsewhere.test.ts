// A process in a container needs a sign-in, and the only browser is on another machine: the URL is in the log and in
// /readyz, and `mcp-proxy login` next to the process accepts the address where the browser ends.
import { expect, it } from 'vitest';
import { sharedHome } from '../../blackbox/sign-in/command.ts';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';

const open = opened();
/** A machine without a browser. */
const NO_BROWSER = { BROWSER: '' };
const PAGE = /http:\/\/\S+\/authorize\?[^\s"\\]+/;

async function readiness({ url }: Serving): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, body: await response.json() };
}

/** Where a browser on another machine ends: at an address where nothing answers. */
async function redirected(page: string): Promise<string> {
  const response = await fetch(page, { redirect: 'manual' });
  return response.headers.get('location') ?? '';
}

async function fixture() {
  const authorizationServer = await open(startAuthorizationServer({ resource: 'required' }));
  const server = await open(startProtectedServer({ authorizationServer }));
  const { home } = await open(sharedHome());
  const options = { home, env: NO_BROWSER };
  const serving = await startServing(server.url, [], options);
  // Ends before the servers that it talks to.
  await open({ close: () => serving.stop() });
  return { authorizationServer, server, serving, options };
}

async function whoami({ url }: Serving): Promise<string> {
  const client = new StreamableClient(`${url}/mcp`);
  await client.initialize();
  const { content } = await client.request('tools/call', { name: 'whoami', arguments: {} });
  await client.close();
  return content[0].text;
}

it('before the first client, the log and /readyz name the page, and login completes the sign-in', async () => {
  const { authorizationServer, server, serving, options } = await fixture();
  const [page] = await serving.proxy.stderrMatching(PAGE);
  await expect
    .poll(() => readiness(serving), { timeout: 60_000 })
    .toEqual({
      status: 503,
      body: { ready: false, upstream: { reachable: true }, signIn: { needed: true, url: page } },
    });

  const login = startProxy('login', [server.url], options);
  const [shown] = await login.stderrMatching(PAGE);
  expect(shown).toBe(page);
  await login.stderrMatching(/paste/);
  login.stdin.write(`${await redirected(shown)}\n`);
  expect(await login.exit()).toEqual({ code: 0, signal: null });

  expect(await whoami(serving)).toBe('ada');
  await expect
    .poll(() => readiness(serving), { timeout: 60_000 })
    .toEqual({ status: 200, body: { ready: true, upstream: { reachable: true }, signIn: { needed: false } } });
  expect(authorizationServer.count('register')).toBe(1);
  expect(await serving.stop()).toEqual({ code: 0, signal: null });
});

it('a client that comes before the sign-in is told the page, and served afterwards', async () => {
  const { server, serving, options } = await fixture();
  const client = new StreamableClient(`${serving.url}/mcp`);
  await client.initialize();
  const { message } = await client.call('tools/call', { name: 'whoami', arguments: {} });
  expect(message.error).toMatchObject({ code: -31004, message: expect.stringMatching(PAGE) });

  const login = startProxy('login', [server.url], options);
  const [page] = await login.stderrMatching(PAGE);
  await login.stderrMatching(/paste/);
  login.stdin.write(`${await redirected(page)}\n`);
  expect(await login.exit()).toEqual({ code: 0, signal: null });

  const { content } = await client.request('tools/call', { name: 'whoami', arguments: {} });
  expect(content[0].text).toBe('ada');
  await client.close();
});
