// What the program prints in HTTP mode, and what ends it.
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { LEVELS } from '../../src/core/ports.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../peers/proxy.ts';

afterEach(closeProxies);

/** Nothing listens there; these tests need no server. */
const NOWHERE = 'http://127.0.0.1:9/mcp';

const serve = (address: string, ...args: string[]): ProxyProcess => startProxy(NOWHERE, ['-l', address, ...args]);

async function portOf(proxy: ProxyProcess): Promise<number> {
  const [, port] = await proxy.stderrMatching(/listening on http:\/\/[^\s"]+:(\d+)/);
  return Number(port);
}

function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    }).on('error', reject);
  });
}

const linesOf = (proxy: ProxyProcess): string[] => proxy.stderr.split('\n').filter(Boolean);

describe('where it listens', () => {
  it.each(LEVELS)('is shown once at %s', async (level) => {
    const proxy = serve('127.0.0.1:0', '--log-level', level);
    const port = await portOf(proxy);
    expect(port).toBeGreaterThan(0);
    expect((await ask(port, '/healthz')).status).toBe(200);
    proxy.kill('SIGTERM');
    expect(await proxy.exit()).toEqual({ code: 0, signal: null });
    expect(proxy.stderr.match(/listening on/g)).toHaveLength(1);
    expect(proxy.stderr).toContain(`mcp-proxy: info: listening on http://127.0.0.1:${port}\n`);
    expect(proxy.lines).toEqual([]);
  });

  it.each([
    [':0', 'every interface'],
    ['[::]:0', 'every interface'],
    ['0.0.0.0:0', 'every IPv4 interface'],
    ['0:0', 'every IPv4 interface'],
  ])('%s is shown as %s, with an address to use on this machine', async (address, interfaces) => {
    const proxy = serve(address);
    const port = await portOf(proxy);
    expect((await ask(port, '/healthz')).status).toBe(200);
    proxy.kill('SIGTERM');
    await proxy.exit();
    expect(proxy.stderr).toContain(`mcp-proxy: info: listening on http://localhost:${port} (${interfaces})\n`);
  });

  it('is shown as JSON with --log-format json', async () => {
    const proxy = serve('127.0.0.1:0', '--log-format', 'json', '--log-level', 'debug');
    const port = await portOf(proxy);
    await ask(port, '/healthz');
    proxy.kill('SIGTERM');
    await proxy.exit();
    const events = linesOf(proxy).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ msg }) => msg)).toContain(`listening on http://127.0.0.1:${port}`);
    for (const { time, level, msg } of events) {
      expect(LEVELS).toContain(level);
      expect(msg).toEqual(expect.any(String));
      expect(new Date(time as string).toISOString()).toBe(time);
    }
  });

  it('is not shown when the address is taken', async () => {
    const first = serve('127.0.0.1:0');
    const port = await portOf(first);
    const second = serve(`127.0.0.1:${port}`);
    expect(await second.exit()).toEqual({ code: 1, signal: null });
    expect(second.stderr).toMatch(new RegExp(`^mcp-proxy: .*${port}.*\n(hint: .+\n)?$`));
    const third = serve(`127.0.0.1:${port}`, '--log-format=json');
    expect(await third.exit()).toEqual({ code: 1, signal: null });
    expect(linesOf(third)).toHaveLength(1);
    expect(JSON.parse(third.stderr)).toMatchObject({ level: 'error', msg: expect.stringContaining(String(port)) });
  });
});

describe('what clients need', () => {
  /** The entry for a client's configuration in what was written, and all that was. */
  async function entryOf(address: string, ...args: string[]) {
    const proxy = serve(address, ...args);
    const port = await portOf(proxy);
    const lines = linesOf(proxy).map((line) =>
      line.startsWith('{') ? (JSON.parse(line) as { msg: string }).msg : line,
    );
    const [line = ''] = lines.filter((text) => text.includes('clients connect to'));
    const [, entry = ''] = /config entry: (\{.*\})$/.exec(line) ?? [];
    return { port, line, lines, entry: JSON.parse(entry) as unknown };
  }

  it.each(['text', 'json'])('is their URL and an entry to paste, in one line of %s', async (format) => {
    const { port, line, lines, entry } = await entryOf('127.0.0.1:0', '--log-format', format);
    const url = `http://127.0.0.1:${port}/mcp`;
    expect(line).toContain(`clients connect to ${url}; config entry: {`);
    expect(entry).toEqual({ mcpServers: { '127-0-0-1': { type: 'http', url } } });
    expect(lines.filter((text) => /clients connect|listening on/.test(text))).toHaveLength(2);
    expect(lines.at(-1)).toContain('listening on');
  });

  it.each([['0.0.0.0:0'], ['127.0.0.1:0', '--client-token', 'given-3N4a9b']])(
    'includes the header if other machines need a token: %s %s',
    async (address, ...args) => {
      const { line, entry } = await entryOf(address, ...args);
      const headers = { Authorization: 'Bearer CLIENT_TOKEN' };
      expect(entry).toMatchObject({ mcpServers: { '127-0-0-1': { headers } } });
      expect(line).not.toContain('given-3N4a9b');
    },
  );

  it('is the name of this machine, not localhost, if every interface is bound', async () => {
    expect((await entryOf(':0')).line).toContain("(from other machines: this machine's name or address instead)");
    expect((await entryOf('localhost:0')).line).not.toContain('other machines');
  });
});

describe('the client token', () => {
  it.each(['text', 'json'])(
    'is generated if other machines can connect, and shown in one line of %s',
    async (format) => {
      const proxy = serve('0.0.0.0:0', '--log-format', format, '--log-level', 'debug');
      const port = await portOf(proxy);
      const [, token = ''] = await proxy.stderrMatching(/client token: (\S+)/);
      expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
      // A client on this machine that says that it passes requests on for others needs the token.
      const headers = { 'x-forwarded-for': '192.0.2.1' };
      expect((await ask(port, '/metrics', headers)).status).toBe(401);
      expect((await ask(port, '/metrics', { ...headers, authorization: `Bearer ${token}` })).status).toBe(200);
      expect((await ask(port, `/${token}`, { 'user-agent': token })).body).not.toContain(token);
      proxy.kill('SIGTERM');
      expect(await proxy.exit()).toEqual({ code: 0, signal: null });
      expect(proxy.stderr.split(token)).toHaveLength(2);
    },
  );

  it('is different at every start', async () => {
    const tokens = new Set<string>();
    for (let start = 0; start < 3; start++) {
      const proxy = serve('0.0.0.0:0', '--log-level', 'error');
      tokens.add((await proxy.stderrMatching(/client token: (\S+)/))[1] as string);
    }
    expect(tokens.size).toBe(3);
  });

  it.each(['127.0.0.1:0', '[::1]:0', 'localhost:0'])(
    'is not generated on %s, where no client needs it',
    async (address) => {
      const proxy = serve(address, '--log-level', 'debug');
      await portOf(proxy);
      proxy.kill('SIGTERM');
      await proxy.exit();
      expect(proxy.stderr).not.toMatch(/client token:/);
    },
  );

  it('of the command line is neither replaced nor shown', async () => {
    const proxy = serve('0.0.0.0:0', '--log-level', 'debug', '--client-token', 'given-3N4a9b');
    const port = await portOf(proxy);
    const headers = { 'x-forwarded-for': '192.0.2.1', authorization: 'Bearer given-3N4a9b' };
    expect((await ask(port, '/metrics', headers)).status).toBe(200);
    await ask(port, '/given-3N4a9b', headers);
    proxy.kill('SIGTERM');
    await proxy.exit();
    expect(proxy.stderr).not.toMatch(/client token:/);
    expect(proxy.stderr).not.toContain('given-3N4a9b');
  });
});

it('the end of stdin ends nothing, and nothing is read from it', async () => {
  const proxy = serve('127.0.0.1:0');
  proxy.stdin.end('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
  const port = await portOf(proxy);
  expect((await ask(port, '/healthz')).status).toBe(200);
  proxy.kill('SIGINT');
  expect(await proxy.exit()).toEqual({ code: 0, signal: null });
  expect(proxy.lines).toEqual([]);
});
