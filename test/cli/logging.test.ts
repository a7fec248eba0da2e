// stderr is for people, and short; stdout is for the protocol only.
import { describe, expect, it } from 'vitest';
import type { Peer } from '../peers/listen.ts';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../peers/proxy.ts';
import { answer, startScripted } from '../peers/scripted.ts';
import { startSdkV1Stateful } from '../peers/sdk-v1-stateful.ts';
import { startSdkV1Stateless } from '../peers/sdk-v1-stateless.ts';
import { startSdkV2Dual } from '../peers/sdk-v2-dual.ts';
import { startServerEverythingSse } from '../peers/server-everything.ts';

const open = opened();

const linesOf = ({ stderr }: ProxyProcess): string[] => stderr.split('\n').filter(Boolean);

/** A session in which everything goes well. */
async function healthy(url: string, args: string[]): Promise<ProxyProcess> {
  const proxy = startProxy(url, args);
  await proxy.rpc.initialize('2025-06-18', { roots: {} });
  await proxy.rpc.request('tools/list');
  await proxy.rpc.request('ping');
  for (let call = 0; call < 5; call++)
    await proxy.rpc.request('tools/call', { name: 'echo', arguments: { message: 'x' } });
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(proxy.rpc.garbage).toEqual([]);
  expect(proxy.lines.every((line) => JSON.parse(line).jsonrpc === '2.0')).toBe(true);
  return proxy;
}

describe('a healthy session', () => {
  const SERVERS: [string, () => Promise<Peer>][] = [
    ['SDK v1 with sessions', startSdkV1Stateful],
    ['SDK v1 without sessions', startSdkV1Stateless],
    ['SDK v2', startSdkV2Dual],
    ['server-everything over HTTP+SSE', startServerEverythingSse],
  ];
  it.each(SERVERS)('with %s writes one to three lines by default', async (_, start) => {
    const server = await open(start());
    const proxy = await healthy(server.url, []);
    const lines = linesOf(proxy);
    expect(lines.length, proxy.stderr).toBeGreaterThanOrEqual(1);
    expect(lines.length, proxy.stderr).toBeLessThanOrEqual(3);
    for (const line of lines) expect(line).toMatch(/^mcp-proxy: info: /);
    expect(proxy.stderr).toContain(server.url);
  });

  it.each(['warn', 'error'])('writes nothing at %s', async (level) => {
    const server = await open(startScripted('/mcp', legacyServer()));
    expect((await healthy(server.url, ['--log-level', level])).stderr).toBe('');
  });

  it('writes more at debug: every exchange, how it ended and how long it took', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = await healthy(server.url, ['--log-level=debug']);
    for (const method of ['initialize', 'tools/list', 'ping', 'tools/call']) {
      expect(proxy.stderr).toMatch(new RegExp(`mcp-proxy: debug: .*${method}.* \\d+ ms`));
    }
  });
});

describe('the name of the server', () => {
  const NAME = '127-0-0-1';

  it('starts the lines about the server at debug, and is in no line by default', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const debug = linesOf(await healthy(server.url, ['--log-level', 'debug']));
    const named = debug.filter((line) => /^mcp-proxy: [a-z]+: 127-0-0-1: /.test(line));
    for (const what of [/: info: 127-0-0-1: connected to /, /: tools\/call: answered after /, /: layers in front of /])
      expect(named.filter((line) => what.test(line))).not.toEqual([]);
    expect((await healthy(server.url, [])).stderr).not.toContain(NAME);
  });

  it('is a member of every JSON line about the server, at every level', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    for (const flags of [
      ['-H', 'Mcp-Name: x'],
      ['-H', 'Mcp-Name: x', '--log-level', 'debug'],
    ]) {
      const proxy = await healthy(server.url, ['--log-format', 'json', ...flags]);
      const lines = linesOf(proxy).map((line) => JSON.parse(line) as Record<string, string>);
      const about = (msg: RegExp): (string | undefined)[] =>
        lines.filter((line) => msg.test(String(line.msg))).map((line) => line.server);
      expect(about(/^connected to /)).toEqual([NAME]);
      expect(about(/^--header Mcp-Name is ignored/)).toEqual([NAME]);
      for (const { msg } of lines) expect(msg).not.toContain(NAME);
    }
  });
});

it('warnings are left out at error', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  expect((await healthy(server.url, ['-H', 'Mcp-Name: x'])).stderr).toMatch(/warn/);
  expect((await healthy(server.url, ['-H', 'Mcp-Name: x', '--log-level', 'error'])).stderr).toBe('');
});

it('text of a server cannot add lines or colours to the log', async () => {
  const script = legacyServer({
    initialize: JSON.stringify({
      protocolVersion: '2025-06-18\n\u001b[31mforged: line',
      capabilities: {},
      serverInfo: { name: '\u001b]0;title\u0007', version: '\r\nmcp-proxy: error: forged' },
    }),
  });
  const server = await open(startScripted('/mcp', script));
  const proxy = startProxy(server.url, ['--log-level', 'debug']);
  await proxy.rpc.initialize();
  await proxy.close();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  expect(proxy.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  for (const line of linesOf(proxy)) expect(line).toMatch(/^mcp-proxy: (debug|info): /);
});

it('a server that fails writes nothing to stdout but the protocol', async () => {
  const server = await open(startScripted('/mcp', (_, res) => answer(res, 500, 'text/html', '<html>\nError\n</html>')));
  for (const level of ['debug', 'info', 'warn', 'error']) {
    const proxy = startProxy(server.url, ['--log-level', level]);
    await expect(proxy.rpc.initialize()).rejects.toMatchObject({ code: -31003 });
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(proxy.rpc.garbage).toEqual([]);
    expect(proxy.stderr).not.toContain('    at ');
  }
});
