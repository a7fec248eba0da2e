// What the operator of the proxy sees: health, readiness, and the log.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { WAIT_MS } from '../../../peers/listen.ts';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { ask, initialize, inSession, openSession, request } from '../exchange.ts';
import { cleanUp } from '../fixture.ts';

cleanUp();
const open = opened();

interface Readiness {
  ready: boolean;
  upstream: { reachable: boolean; reason?: string };
  signIn: { needed: boolean; url?: string };
}

/** Resolves when /readyz gives this answer. */
function readiness(url: string, matches: (said: Readiness) => boolean): Promise<Readiness & { status: number }> {
  return vi.waitFor(
    async () => {
      const { status, text } = await ask(url, { path: '/readyz' });
      const said = { status, ...(JSON.parse(text) as Readiness) };
      if (!matches(said)) throw new Error(`/readyz says ${status} ${text}`);
      return said;
    },
    { timeout: WAIT_MS, interval: 100 },
  );
}

describe('/readyz', () => {
  it('is ready when the server can be reached', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    const said = await readiness(url, ({ ready }) => ready);
    expect(said).toMatchObject({ status: 200, ready: true, upstream: { reachable: true }, signIn: { needed: false } });
    expect(said.signIn.url).toBeUndefined();
  });

  it('is not ready when it cannot, while /healthz still answers 200', async () => {
    const upstream = await startHostile();
    await upstream.close();
    const { url } = await startServing(upstream.url);
    const said = await readiness(url, ({ ready }) => !ready);
    expect(said).toMatchObject({ status: 503, ready: false, upstream: { reachable: false } });
    expect((await ask(url, { path: '/healthz' })).status).toBe(200);
  });

  it('says why the server cannot be reached to clients with access, and the log says it once', async () => {
    const upstream = await startHostile();
    await upstream.close();
    const { url, proxy } = await startServing(upstream.url, ['--client-token', 'token']);
    const said = await readiness(url, ({ ready }) => !ready);
    const { host } = new URL(upstream.url);
    const hint = 'check that the server is running, and the port';
    const reason = `cannot connect to ${host}: nothing listens there (${hint})`;
    expect(said.upstream).toEqual({ reachable: false, reason });
    const outside = await ask(url, { path: '/readyz', headers: { 'x-forwarded-for': '203.0.113.1' } });
    expect(JSON.parse(outside.text)).toEqual({ ready: false });
    // If another client asks for the same server, the log does not repeat the line.
    await ask(url, { path: '/mcp', body: initialize() });
    expect(proxy.stderr.match(/cannot connect to/g)).toHaveLength(1);
    expect(proxy.stderr).toContain(`error: cannot connect to ${host}: nothing listens there`);
  });

  it.each([500, 503])('names the status of a server that answers everything with %i as the reason', async (status) => {
    const upstream = await startHostile();
    upstream.unknownSession = a.status(status, 'down');
    const { url, proxy } = await startServing(upstream.url);
    const said = await readiness(url, ({ ready }) => !ready);
    expect(said.upstream).toEqual({ reachable: false, reason: `${upstream.url} answered HTTP ${status}` });
    expect(proxy.stderr).toContain(`error: ${upstream.url} answered HTTP ${status}`);
  });

  it('the log says at the start that the server cannot be reached, also with --header credentials', async () => {
    const upstream = await startHostile();
    await upstream.close();
    const { proxy } = await startServing(upstream.url, ['-H', 'Authorization: Bearer abcdefgh']);
    await proxy.stderrMatching(/error: cannot connect to/);
  });

  it('changes when the server does', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    await readiness(url, ({ ready }) => ready);
    await upstream.close();
    await readiness(url, ({ ready }) => !ready);
  });

  it('opens no session with the server', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    await readiness(url, ({ ready }) => ready);
    await ask(url, { path: '/readyz' });
    expect(upstream.all('initialize').length).toBe(upstream.all('DELETE').length);
  });

  it('says where to sign in, as the log does, until the user has signed in', async () => {
    const authorizationServer = await open(startAuthorizationServer());
    const server = await open(startProtectedServer({ authorizationServer }));
    const browser = await open(startBrowser('hold'));
    const env = { BROWSER: browser.command };
    const { url, proxy } = await startServing(server.url, ['--client-token', 'token', '--auth-timeout', '120'], {
      env,
    });
    const needed = await readiness(url, ({ signIn }) => signIn.needed && signIn.url !== undefined);
    expect([needed.status, needed.ready]).toEqual([503, false]);
    const page = String(needed.signIn.url);
    expect(new URL(page).protocol).toMatch(/^https?:$/);
    expect(proxy.stderr).toContain(page);

    // A client without access learns only that the proxy is not ready.
    const outside = await ask(url, { path: '/readyz', headers: { 'x-forwarded-for': '203.0.113.1' } });
    expect([outside.status, JSON.parse(outside.text)]).toEqual([503, { ready: false }]);

    const plain = { accept: 'application/json' };
    const refused = await ask(url, { path: '/mcp', headers: plain, body: initialize() });
    if (refused.json.error) {
      expect([refused.status, refused.json.error.code]).toEqual([200, -31004]);
      expect(JSON.stringify(refused.json.error)).toContain(page);
    }
    await browser.waitForTab(1);
    await browser.finish(1, 'approve');
    await readiness(url, ({ ready, signIn }) => ready && !signIn.needed);
    const session = await openSession(url);
    const body = request(1, 'tools/call', { name: 'whoami', arguments: {} });
    const called = await ask(url, { path: '/mcp', headers: { ...inSession(session), ...plain }, body });
    expect([called.status, called.json.error]).toEqual([200, undefined]);
    // There is one sign-in for all clients.
    await openSession(url);
    expect(browser.opened).toHaveLength(1);
    for (const token of authorizationServer.tokenRequests('authorization_code'))
      expect(proxy.stderr).not.toContain(token.form.get('code') ?? '-');
  });
});

describe('the access log', () => {
  const SECRET = 'secret-in-the-query';
  const TOKEN = 'secret-token-of-the-clients';

  async function talk(args: string[]): Promise<string> {
    const upstream = await startHostile();
    const serving = await startServing(upstream.url, ['--client-token', TOKEN, ...args]);
    const { url, proxy } = serving;
    const headers = { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '203.0.113.1' };
    const opening = await ask(url, { path: `/mcp?key=${SECRET}`, headers, body: initialize() });
    const session = String(opening.headers['mcp-session-id']);
    const body = request(1, 'tools/call', { name: 'echo', arguments: { password: SECRET } });
    await ask(url, { path: '/mcp', headers: { ...headers, ...inSession(session) }, body });
    await ask(url, { path: `/nowhere-${SECRET}`, headers: { ...headers, authorization: `Bearer ${SECRET}` } });
    await serving.stop();
    expect(proxy.stderr).not.toContain(SECRET);
    expect(proxy.stderr).not.toContain(TOKEN);
    expect(proxy.stderr).not.toContain(session);
    return proxy.stderr;
  }

  it('is written at debug, without queries, tokens, session ids or arguments', async () => {
    const log = await talk(['--log-level', 'debug']);
    const lines = log.split('\n').filter((line) => /POST \/mcp\b/.test(line));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatch(/\b200\b/);
    expect(log).toMatch(/\b401\b/);
  });

  it('is not written at other levels', async () => {
    expect(await talk([])).not.toMatch(/POST \/mcp/);
  });

  it('has lines of JSON with time, level and message', async () => {
    const log = await talk(['--log-level', 'debug', '--log-format', 'json']);
    const lines = log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const { time, level, msg } of lines) {
      expect(new Date(String(time)).toISOString()).toBe(time);
      expect(['debug', 'info', 'warn', 'error']).toContain(level);
      expect(msg).toMatch(/\S/);
    }
    // Lines about the server have its name; those about clients and the process have none.
    const serverOf = (msg: RegExp) => [
      ...new Set(lines.filter((line) => msg.test(String(line.msg))).map(({ server }) => server)),
    ];
    expect(serverOf(/^connected to |^tools\/call: /)).toEqual(['127-0-0-1']);
    expect(serverOf(/listening on|^POST \/mcp: /)).toEqual([undefined]);
    expect(lines.filter(({ msg }) => /listening on http:\/\/127\.0\.0\.1:\d+/.test(String(msg)))).toHaveLength(1);
  });

  it('a start that fails is logged as JSON in the same way', async () => {
    const upstream = await startHostile();
    const { port } = await startServing(upstream.url);
    const failing = startServing(upstream.url, ['--log-format', 'json'], { listen: `127.0.0.1:${port}` });
    const error = await failing.then(
      () => '',
      (reason: Error) => reason.message,
    );
    const lines = error.split('\n').filter((line) => line.startsWith('{'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', msg: expect.stringContaining(String(port)) });
  });
});

it('the client token can be in a file', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'client-token-'));
  await open({ close: async () => rmSync(folder, { recursive: true, force: true }) });
  const file = path.join(folder, 'token');
  writeFileSync(file, 'from-a-file\n', { mode: 0o600 });
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url, ['--client-token', `@${file}`]);
  const headers = { 'x-forwarded-for': '203.0.113.1', authorization: 'Bearer from-a-file' };
  expect((await ask(url, { path: '/mcp', headers, body: initialize() })).status).toBe(200);
});
