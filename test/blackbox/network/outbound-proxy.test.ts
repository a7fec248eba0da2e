// --enable-proxy: which requests go through the proxy in the environment, and what the user reads if that fails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startConnectionCounter } from '../../peers/connection-counter.ts';
import { legacyServer, modernServer, sseServer } from '../../peers/minimal-server.ts';
import { DIRECT, INSIDE, NAMES } from '../../peers/names.ts';
import { opened } from '../../peers/opened.ts';
import { type OutboundProxy, type OutboundProxyOptions, startOutboundProxy } from '../../peers/outbound-proxy.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { RpcError } from '../../peers/rpc.ts';
import { answer, type Certificate, type Script, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { createAuthority } from '../../peers/tls.ts';

const authority = createAuthority('Inspecting Middlebox CA');
const SESSION = ['DELETE', 'GET', 'POST initialize', 'POST notifications/initialized', 'POST ping'];
const open = opened();

let folder: string;
let trusted: Record<string, string>;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-ca-'));
  trusted = { NODE_EXTRA_CA_CERTS: path.join(folder, 'authority.pem') };
  writeFileSync(path.join(folder, 'authority.pem'), authority.pem);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const outbound = (options?: OutboundProxyOptions): Promise<OutboundProxy> => open(startOutboundProxy(options));
const serving = (script: Script, certificate?: Certificate): Promise<ScriptedPeer> =>
  open(startScripted('/mcp', script, certificate));

function start(url: string, env: Record<string, string>, args = ['--enable-proxy', '--allow-http']): ProxyProcess {
  return startProxy(url, args, { ...NAMES, env });
}

/** @param server whose event stream has to be open before the session ends: it has a connection of its own. */
async function session(proxy: ProxyProcess, version = '2025-11-25', server?: ScriptedPeer): Promise<void> {
  await proxy.rpc.initialize(version);
  await proxy.rpc.request('ping');
  if (server) await vi.waitFor(() => expect(server.lines).toContain('GET'), 60_000);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
}

interface Failure {
  code: number;
  message: string;
  /** The whole answer as it was written. */
  line: string;
  data: { hint?: string } | undefined;
}

async function failure(proxy: ProxyProcess): Promise<Failure> {
  const error: unknown = await proxy.rpc.initialize().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RpcError);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  const { code, message, line, data } = error as RpcError;
  return { code, message, line, data: data as Failure['data'] };
}

describe('every request of a session goes through it', () => {
  it('to an http: server', async () => {
    const [server, proxy] = [await serving(legacyServer()), await outbound()];
    await session(start(`http://${INSIDE}:${server.port}/mcp`, { HTTP_PROXY: proxy.url }), '2025-11-25', server);
    expect([...server.lines].sort()).toEqual(SESSION);
    expect(proxy.requests.map(({ method }) => method).sort()).toEqual(['DELETE', 'GET', 'POST', 'POST', 'POST']);
    expect(new Set(proxy.requests.map(({ target }) => target))).toEqual(new Set([`${INSIDE}:${server.port}`]));
    for (const { headers } of server.requests) expect(headers.host).toBe(`${INSIDE}:${server.port}`);
  });

  it('to an https: server, in tunnels', async () => {
    const server = await serving(legacyServer(), authority.issue({ hosts: [INSIDE] }));
    const proxy = await outbound();
    const env = { ...trusted, HTTPS_PROXY: proxy.url };
    const program = start(`https://${INSIDE}:${server.port}/mcp`, env, [
      '--enable-proxy',
      '-H',
      'X-Key: for-the-server',
    ]);
    await session(program, '2025-11-25', server);
    expect([...server.lines].sort()).toEqual(SESSION);
    expect(new Set(proxy.requests.map(({ method }) => method))).toEqual(new Set(['CONNECT']));
    for (const { headers } of proxy.requests) expect(headers).not.toHaveProperty('x-key');
    for (const { headers } of server.requests) expect(headers['x-key']).toBe('for-the-server');
  });

  it('to an HTTP+SSE server', async () => {
    const [server, proxy] = [await serving(sseServer()), await outbound()];
    await session(start(`http://${INSIDE}:${server.port}/mcp`, { HTTP_PROXY: proxy.url }), '2024-11-05');
    expect(proxy.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST', 'POST', 'POST']);
  });

  it('of a modern client', async () => {
    const [server, proxy] = [await serving(modernServer()), await outbound()];
    const program = start(`http://${INSIDE}:${server.port}/mcp`, { HTTP_PROXY: proxy.url });
    await program.rpc.modern('tools/list');
    await program.close();
    expect(proxy.requests).toHaveLength(server.requests.length);
  });

  it('of a redirect', async () => {
    const serve = legacyServer();
    const server = await serving((seen, res) => {
      if (seen.path === '/mcp') res.writeHead(307, { location: '/moved' }).end();
      else serve(seen, res);
    });
    const proxy = await outbound();
    await session(start(`http://${INSIDE}:${server.port}/mcp`, { HTTP_PROXY: proxy.url }));
    expect(proxy.requests).toHaveLength(server.requests.length);
  });
});

describe('the variables', () => {
  const through = async (env: (proxy: OutboundProxy, port: number) => Record<string, string>): Promise<boolean> => {
    const [server, proxy] = [await serving(legacyServer()), await outbound()];
    await session(start(`http://${DIRECT}:${server.port}/mcp`, env(proxy, server.port)));
    expect([0, server.requests.length]).toContain(proxy.requests.length);
    return proxy.requests.length > 0;
  };

  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])('%s counts', async (name) => {
    expect(await through(({ url }) => ({ [name]: url }))).toBe(true);
  });

  it('HTTPS_PROXY does not count for http:', async () => {
    expect(await through(({ url }) => ({ HTTPS_PROXY: url }))).toBe(false);
  });

  it.each(['HTTP_PROXY', 'http_proxy'])('%s without a scheme is an HTTP proxy', async (name) => {
    expect(await through(({ port }) => ({ [name]: `127.0.0.1:${port}` }))).toBe(true);
  });

  it.each(['HTTPS_PROXY', 'https_proxy'])('%s without a scheme is an HTTP proxy', async (name) => {
    const server = await serving(legacyServer(), authority.issue({ hosts: [INSIDE] }));
    const proxy = await outbound();
    const env = { ...trusted, [name]: `127.0.0.1:${proxy.port}` };
    await session(start(`https://${INSIDE}:${server.port}/mcp`, env));
    expect(proxy.requests.map(({ method }) => method)).toContain('CONNECT');
  });

  it('an empty one does not count', async () => {
    expect(await through(() => ({ HTTP_PROXY: '', http_proxy: '' }))).toBe(false);
  });

  it.each([
    ['the host', () => DIRECT, false],
    ['the host in capitals', () => DIRECT.toUpperCase(), false],
    ['the host and its port', (port: number) => `${DIRECT}:${port}`, false],
    ['the host and another port', () => `${DIRECT}:1`, true],
    ['a domain with a dot', () => '.direct.test', false],
    ['a domain with a star', () => '*.direct.test', false],
    ['a list', () => `a.test, ${DIRECT} ,b.test`, false],
    ['a list without commas', () => `a.test ${DIRECT}`, false],
    ['everything', () => '*', false],
    ['another domain', () => '.inside.test', true],
    ['a name that only ends alike', () => 'cp.direct.test', true],
    ['nothing', () => '', true],
  ])('NO_PROXY with %s', async (_, value, expected) => {
    for (const name of ['NO_PROXY', 'no_proxy']) {
      expect(await through((proxy, port) => ({ HTTP_PROXY: proxy.url, [name]: value(port) }))).toBe(expected);
    }
  });
});

describe('this machine is never reached through a proxy', () => {
  it.each(['127.0.0.1', 'localhost', 'mcp.localhost'])('%s', async (host) => {
    const [server, proxy] = [await serving(legacyServer()), await outbound()];
    await session(start(`http://${host}:${server.port}/mcp`, { HTTP_PROXY: proxy.url, ALL_PROXY: proxy.url }));
    expect(server.requests.length).toBeGreaterThan(0);
    expect(proxy.requests).toEqual([]);
  });
});

describe('without the flag', () => {
  it('the variables do nothing', async () => {
    const [server, proxy] = [await serving(legacyServer()), await outbound()];
    await session(start(`http://${DIRECT}:${server.port}/mcp`, { HTTP_PROXY: proxy.url }, ['--allow-http']));
    expect(proxy.requests).toEqual([]);
  });

  it.each([
    ['HTTP_PROXY', `http://${INSIDE}/mcp`],
    ['http_proxy', `http://${INSIDE}/mcp`],
    ['HTTPS_PROXY', `https://${INSIDE}/mcp`],
    ['ALL_PROXY', `https://${INSIDE}/mcp`],
    // A port where nothing listens.
    ['HTTPS_PROXY', `https://${DIRECT}:1/mcp`],
  ])('a failed connection with %s set, to %s, names the flag', async (name, url) => {
    const proxy = await outbound();
    const error = await failure(
      start(url, { [name]: proxy.url.replace('//', '//user:secret-of-the-proxy@') }, ['--allow-http']),
    );
    expect(error.code).toBe(-31001);
    expect(error.data?.hint).toContain('--enable-proxy');
    expect(error.data?.hint).toContain(name);
    expect(error.line).not.toContain('secret-of-the-proxy');
    expect(proxy.requests).toEqual([]);
  });

  it('a failed connection with no variable set does not', async () => {
    const error = await failure(start(`https://${INSIDE}/mcp`, {}, []));
    expect(error.code).toBe(-31001);
    expect(error.message).toContain(INSIDE);
    expect(error.line).not.toContain('--enable-proxy');
  });

  it('a failed connection that NO_PROXY exempts does not', async () => {
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: INSIDE };
    const error = await failure(start(`https://${INSIDE}/mcp`, env, []));
    expect(error.line).not.toContain('--enable-proxy');
  });

  it('a server on this machine that is down does not', async () => {
    const server = await startScripted('/mcp', () => {});
    await server.close();
    const error = await failure(start(server.url, { HTTP_PROXY: 'http://127.0.0.1:9' }, []));
    expect(error.line).not.toContain('--enable-proxy');
  });
});

describe('a proxy that asks for a password', () => {
  const CREDENTIALS = 'us er:s3cret/of@proxy';
  const encoded = `${encodeURIComponent('us er')}:${encodeURIComponent('s3cret/of@proxy')}`;
  const withCredentials = ({ url }: OutboundProxy): string => url.replace('//', `//${encoded}@`);
  const SECRETS = [
    's3cret/of@proxy',
    encodeURIComponent('s3cret/of@proxy'),
    Buffer.from(CREDENTIALS).toString('base64'),
  ];

  it.each(['http', 'https'])('gets it for an %s: server, and the server and stderr do not', async (scheme) => {
    const certificate = scheme === 'https' ? authority.issue({ hosts: [INSIDE] }) : undefined;
    const [server, proxy] = [await serving(legacyServer(), certificate), await outbound({ credentials: CREDENTIALS })];
    const env = { ...trusted, ALL_PROXY: withCredentials(proxy) };
    const args = ['--enable-proxy', '--allow-http', '--log-level', 'debug'];
    const program = start(`${scheme}://${INSIDE}:${server.port}/mcp`, env, args);
    await session(program);
    expect(server.lines.length).toBeGreaterThan(3);
    for (const { headers } of server.requests) expect(JSON.stringify(headers)).not.toMatch(/proxy-auth/i);
    for (const secret of SECRETS) expect(program.stderr).not.toContain(secret);
  });

  it.each(['http', 'https'])('and refuses it is told apart from the server, for an %s: server', async (scheme) => {
    const proxy = await outbound({ credentials: 'other:password' });
    const args = ['--enable-proxy', '--allow-http', '--log-level', 'debug'];
    const program = start(`${scheme}://${INSIDE}:8080/mcp`, { ALL_PROXY: withCredentials(proxy) }, args);
    const error = await failure(program);
    expect(error.code).toBe(-31001);
    expect(error.message).toMatch(/proxy/i);
    expect(error.message).toContain('407');
    for (const secret of SECRETS) expect(`${error.line}${program.stderr}`).not.toContain(secret);
  });
});

describe('a proxy that does not work is named', () => {
  it.each(['http', 'https'])('because nothing listens there, for an %s: server', async (scheme) => {
    const proxy = await startOutboundProxy();
    await proxy.close();
    const env = { ALL_PROXY: proxy.url.replace('//', '//user:secret-of-the-proxy@') };
    const error = await failure(start(`${scheme}://${INSIDE}/mcp`, env));
    expect(error.code).toBe(-31001);
    expect(`${error.message} ${error.data?.hint}`).toMatch(/proxy/i);
    expect(`${error.message} ${error.data?.hint}`).toContain(`127.0.0.1:${proxy.port}`);
    expect(error.line).not.toContain('secret-of-the-proxy');
  });

  it('because it refuses to connect', async () => {
    const proxy = await outbound({ refuse: { status: 403, body: 'forbidden by policy' } });
    const error = await failure(start(`https://${INSIDE}/mcp`, { HTTPS_PROXY: proxy.url }));
    expect(error.code).toBe(-31001);
    expect(error.message).toMatch(/proxy/i);
    expect(error.message).toContain('403');
    expect(proxy.requests.every(({ method }) => method === 'CONNECT')).toBe(true);
  });

  it('because it is not an HTTP proxy', async () => {
    const notProxy = await serving((_, res) => answer(res, 200, 'text/html', '<html>welcome</html>'));
    const error = await failure(start(`https://${INSIDE}/mcp`, { HTTPS_PROXY: `socks5://127.0.0.1:${notProxy.port}` }));
    expect(error.code).toBe(-31001);
    expect(error.message).toMatch(/proxy/i);
    expect(notProxy.requests).toEqual([]);
  });

  it('because its value is nonsense, which is not repeated', async () => {
    const error = await failure(start(`https://${INSIDE}/mcp`, { HTTPS_PROXY: 'http://user:secret-of-the-proxy@[' }));
    expect(error.code).toBe(-31001);
    expect(error.message).toMatch(/proxy/i);
    expect(error.line).not.toContain('secret-of-the-proxy');
  });
});

describe('certificates behind a tunnel', () => {
  it('of an authority that is not trusted are explained, without a connection that goes around the proxy', async () => {
    // Under this name the server could be reached directly, too.
    const server = await serving(legacyServer(), authority.issue({ hosts: [DIRECT] }));
    const counter = await open(startConnectionCounter(server.port));
    const proxy = await outbound();
    const error = await failure(start(`https://${DIRECT}:${counter.port}/mcp`, { HTTPS_PROXY: proxy.url }));
    expect(error.code).toBe(-31001);
    expect(error.message).toMatch(/its certificate .*does not trust/);
    expect(error.data?.hint).toMatch(/authority.* NODE_EXTRA_CA_CERTS/);
    // With the name of the authority, there would be a second attempt, straight at the server.
    expect(proxy.requests.every(({ method }) => method === 'CONNECT')).toBe(true);
    expect(proxy.requests.length).toBeGreaterThan(0);
    expect(counter.connections()).toBe(proxy.requests.length);
    expect(server.requests).toEqual([]);
  });

  it('for another host are reported as such', async () => {
    const server = await serving(legacyServer(), authority.issue({ hosts: ['elsewhere.test'] }));
    const proxy = await outbound();
    const env = { ...trusted, HTTPS_PROXY: proxy.url };
    const error = await failure(start(`https://${INSIDE}:${server.port}/mcp`, env));
    expect(error.message).toMatch(/another host name/);
    expect(server.requests).toEqual([]);
  });
});

describe('--enable-proxy without a proxy in the environment', () => {
  const warnings = ({ stderr }: ProxyProcess): string[] => stderr.split('\n').filter((line) => /no effect/.test(line));

  it.each([
    ['http://server.test/mcp', {}, 'HTTP_PROXY'],
    ['https://server.test/mcp', {}, 'HTTPS_PROXY'],
    ['https://server.test/mcp', { HTTP_PROXY: 'http://127.0.0.1:9' }, 'HTTPS_PROXY'],
  ])('says so: %s, %j', async (url, env, name) => {
    const proxy = start(url, env as Record<string, string>);
    expect((await proxy.close()).code).toBe(0);
    expect(warnings(proxy)).toEqual([`mcp-proxy: warn: --enable-proxy has no effect: ${name} is not set`]);
  });

  it.each([
    ['https://server.test/mcp', { https_proxy: 'http://127.0.0.1:9' }],
    ['http://server.test/mcp', { ALL_PROXY: 'http://127.0.0.1:9' }],
    ['http://localhost:9/mcp', {}],
  ])('says nothing where there is one, or where none would be used: %s, %j', async (url, env) => {
    const proxy = start(url, env as Record<string, string>);
    expect((await proxy.close()).code).toBe(0);
    expect(proxy.stderr).toBe('');
  });
});
