// Servers that accept a request and never answer: after ten seconds, one line on stderr says what the proxy waits for.
// The tests run side by side, because most of their time is waiting.
import http from 'node:http';
import net from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { closeHostiles } from '../../peers/hostile.ts';
import { startHostileSse } from '../../peers/hostile-sse.ts';
import { listenLoopback } from '../../peers/listen.ts';
import { startPiped } from '../../peers/local/piped-child.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { listenRaw } from '../../peers/raw-server.ts';
import { configFile } from '../../peers/several/config-file.ts';
import { fixture } from '../sign-in/first-contact/fixture.ts';

const open = opened(afterAll);
afterAll(closeHostiles);

async function listening(server: net.Server): Promise<string> {
  const { address } = await open(listenRaw(server));
  return `http://${address}/mcp`;
}

const silent = (): Promise<string> => listening(net.createServer((socket) => void socket.resume()));
const withoutMessage = (): Promise<string> =>
  listening(
    http.createServer((_req, res) => res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()),
  );

const waitingLines = ({ stderr }: ProxyProcess): string[] => stderr.split('\n').filter((line) => /waiting/.test(line));

describe.concurrent('a server', () => {
  it.each([
    ['accepts and never answers', silent],
    ['answers with a stream that stays empty', withoutMessage],
  ])('that %s is named', async (_, serve) => {
    const url = await serve();
    const proxy = startProxy(`${url}?key=secret`, ['--transport', 'http-only']);
    proxy.rpc.initialize().catch(() => {});
    proxy.rpc.request('tools/list').catch(() => {});
    await proxy.stderrMatching(/waiting/);
    expect((await proxy.close()).code).toBe(0);
    expect(waitingLines(proxy)).toEqual([
      `mcp-proxy: warn: waiting for ${url}?key=***, which has not answered "initialize" in 10 s`,
    ]);
  });

  it('that never answers is named in the error for a client of 2026-07-28, too', async () => {
    const url = await silent();
    const proxy = startProxy(url);
    proxy.rpc.modern('tools/list').catch(() => {});
    await proxy.stderrMatching(/waiting/);
    expect((await proxy.close()).code).toBe(0);
    expect(waitingLines(proxy)).toEqual([
      `mcp-proxy: warn: waiting for ${url}, which has not answered "tools/list" in 10 s`,
    ]);
  });

  it('of HTTP+SSE that names no endpoint is named, and so is one that does not answer', async () => {
    const [nameless, silentLater] = [await startHostileSse(), await startHostileSse()];
    nameless.begin = (stream) => stream.write(': welcome\n\n');
    silentLater.post = (_posted, _stream, res) => void res.writeHead(202).end();
    const proxies = [nameless, silentLater].map(({ url }) => startProxy(url, ['--transport', 'sse-only']));
    for (const { rpc } of proxies) rpc.initialize('2024-11-05').catch(() => {});
    for (const [at, proxy] of proxies.entries()) {
      await proxy.stderrMatching(/waiting/);
      expect((await proxy.close()).code).toBe(0);
      expect(waitingLines(proxy)).toEqual([
        `mcp-proxy: warn: waiting for ${[nameless, silentLater][at]?.url}, which has not answered "initialize" in 10 s`,
      ]);
    }
  });

  it.each(['initialize', 'tools/list'] as const)('that a command starts is named: %s', async (method) => {
    const children = await open(startPiped((socket) => socket.on('error', () => {}).resume()));
    const proxy = startProxy(undefined, ['--', ...children.command]);
    if (method === 'initialize') proxy.rpc.initialize().catch(() => {});
    else proxy.rpc.modern(method).catch(() => {});
    await proxy.stderrMatching(/waiting/);
    expect((await proxy.close()).code).toBe(0);
    expect(waitingLines(proxy)).toEqual([
      `mcp-proxy: warn: waiting for bash, which has not answered "${method}" in 10 s`,
    ]);
  });

  it('among several is named, with its name in the file', async () => {
    const url = await silent();
    const children = await open(startPiped((socket) => socket.on('error', () => {}).resume()));
    const [command, ...args] = children.command;
    const file = await open(configFile({ remote: { url }, local: { command, args } }));
    const proxy = startProxy(undefined, ['--config', file.path]);
    await proxy.rpc.initialize();
    for (const name of ['remote', 'local']) await proxy.stderrMatching(new RegExp(`${name}: waiting`));
    expect((await proxy.close()).code).toBe(0);
    expect(waitingLines(proxy).sort()).toEqual([
      'mcp-proxy: warn: local: waiting for local, which has not answered "initialize" in 10 s',
      `mcp-proxy: warn: remote: waiting for ${url}, which has not answered "initialize" in 10 s`,
    ]);
  });

  it('that never answers is named in HTTP mode, with the time', async () => {
    const url = await silent();
    const proxy = startProxy(url, ['--listen', '127.0.0.1:0', '-H', 'Authorization: Bearer token']);
    const [, port] = await proxy.stderrMatching(/listening on http:\/\/127\.0\.0\.1:(\d+)/);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    const aborting = new AbortController();
    const asked = fetch(`http://127.0.0.1:${port}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
      signal: aborting.signal,
    }).catch(() => {});
    await proxy.stderrMatching(/waiting/);
    aborting.abort();
    await asked;
    proxy.kill();
    expect((await proxy.exit()).code).toBe(0);
    const lines = proxy.stderr.trimEnd().split('\n');
    expect(waitingLines(proxy)).toHaveLength(1);
    for (const line of lines)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z mcp-proxy: (?:info|warn|error): /);
  });
});

describe.concurrent('a sign-in', () => {
  it('whose metadata never comes is reported with the place where the proxy waits', async () => {
    const never = new Promise<void>(() => {});
    const metadata = await open(listenLoopback('/metadata', () => never));
    const authorizationServer = await open(startAuthorizationServer());
    const server = await open(startProtectedServer({ authorizationServer }));
    server.behaviour.challenge = () => `Bearer resource_metadata="${metadata.url}"`;
    const proxy = startProxy(server.url);
    proxy.rpc.initialize().catch(() => {});
    await proxy.stderrMatching(/waiting/);
    expect((await proxy.close()).code).toBe(0);
    expect(waitingLines(proxy)).toEqual([
      `mcp-proxy: warn: waiting for ${metadata.url}, which has not answered in 10 s`,
    ]);
  });

  it('that waits for its user is not reported again', async () => {
    const { start, browser } = await fixture(open, 'hold');
    const proxy = start(['--auth-timeout', '12']);
    await proxy.rpc.initialize();
    await browser.waitForTab(1);
    await proxy.stderrMatching(/was not finished in 12 s/);
    await proxy.close();
    expect(waitingLines(proxy)).toEqual([]);
  });
});
