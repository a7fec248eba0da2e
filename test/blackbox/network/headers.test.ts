// The headers that the user gives: on every request to the server, and on no other request.
import { describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { legacyServer, modernServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { startRecorder } from '../../peers/recorder.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV2Dual } from '../../peers/sdk-v2-dual.ts';
import { startServerEverythingSse } from '../../peers/server-everything.ts';

const open = opened();

async function opening(
  args: string[],
  env = {},
  change = (url: string): string => url,
): Promise<[ScriptedPeer, ProxyProcess]> {
  const server = await open(startScripted('/mcp', legacyServer()));
  const proxy = startProxy(change(server.url), args, { env });
  await proxy.rpc.initialize();
  await proxy.rpc.request('tools/list');
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(server.lines).toEqual(expect.arrayContaining(['POST initialize', 'POST tools/list', 'DELETE']));
  return [server, proxy];
}

describe('go with every request', () => {
  const SERVERS: [string, () => Promise<Peer>, string[]][] = [
    ['SDK v1 with sessions', startSdkV1Stateful, ['POST', 'GET', 'DELETE']],
    ['server-everything over HTTP+SSE', startServerEverythingSse, ['POST', 'GET']],
    ['SDK v2', startSdkV2Dual, ['POST']],
  ];
  it.each(SERVERS)('%s', async (_, start, methods) => {
    const server = await open(start());
    const recorder = await open(startRecorder(server.url));
    const proxy = startProxy(recorder.url, ['-H', 'X-Tenant: blue', '--header=Authorization:Bearer token-1']);
    await proxy.rpc.initialize();
    if (methods.includes('DELETE')) await recorder.request(({ method }) => method === 'GET');
    await proxy.rpc.request('tools/list');
    await proxy.close();
    for (const { method, path, headers } of recorder.requests) {
      const got = { tenant: headers['x-tenant'], authorization: headers.authorization };
      expect([method, path, got]).toEqual([method, path, { tenant: 'blue', authorization: 'Bearer token-1' }]);
    }
    expect(recorder.requests.map(({ method }) => method)).toEqual(expect.arrayContaining(methods));
  });

  it('a modern server', async () => {
    const server = await open(startScripted('/mcp', modernServer()));
    const proxy = startProxy(server.url, ['-H', 'X-Tenant: blue']);
    await proxy.rpc.modern('server/discover');
    await proxy.rpc.modern('tools/list');
    await proxy.close();
    expect(server.requests.map(({ headers }) => headers['x-tenant'])).toEqual(['blue', 'blue']);
  });
});

describe('values', () => {
  it('come from the environment', async () => {
    const args = ['-H', 'X-Key: ${KEY}', '-H', 'X-Both: ${KEY}-${OTHER_1}', '-H', 'X-Plain: $KEY {KEY}'];
    const [server] = await opening(args, { KEY: ' from-the-environment\n', OTHER_1: 'b' });
    for (const { headers } of server.requests) {
      expect(headers['x-key']).toBe('from-the-environment');
      expect(headers['x-both']).toBe('from-the-environment-b');
      expect(headers['x-plain']).toBe('$KEY {KEY}');
    }
  });

  it('are not expanded twice', async () => {
    const [server] = await opening(['-H', 'X-Key: ${A}'], { A: '${B}', B: 'never' });
    expect(server.requests[0]?.headers['x-key']).toBe('${B}');
  });

  it.each([
    ['X-A:b', 'b'],
    ['X-A :  b  ', 'b'],
    ['X-A: b: c, "d"', 'b: c, "d"'],
    ['x-a: ünï', 'ünï'],
  ])('%j', async (header, expected) => {
    const [server] = await opening(['-H', header]);
    const value = server.requests[0]?.headers['x-a'];
    expect(value).toBe(expected);
  });

  it('of a User-Agent replace our own', async () => {
    const [own] = await opening([]);
    expect(own.requests[0]?.headers['user-agent']).toMatch(/^mcp-proxy\/\d/);
    const [other] = await opening(['-H', 'User-Agent: mine/1']);
    expect(other.requests[0]?.headers['user-agent']).toBe('mine/1');
  });
});

describe('headers of the protocol', () => {
  const RESERVED = [
    'Host',
    'Content-Length',
    'Content-Type',
    'Accept',
    'Transfer-Encoding',
    'Connection',
    'Mcp-Session-Id',
    'MCP-Protocol-Version',
    'Mcp-Method',
    'Mcp-Name',
    'Mcp-Param-Region',
    'Last-Event-ID',
  ];
  it.each(RESERVED)('%s is ignored, with a warning', async (name) => {
    const [server, proxy] = await opening(['-H', `${name}: 77`]);
    for (const { headers } of server.requests) expect(headers[name.toLowerCase()]).not.toBe('77');
    expect(proxy.stderr).toMatch(new RegExp(`warn.*--header ${name} .*ignored`));
  });
});

describe('credentials in the URL', () => {
  const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
  it.each([
    ['user:pass', 'user:pass'],
    ['user', 'user:'],
    ['a%40b.example:p%3A%C3%BC%2F', 'a@b.example:p:ü/'],
    ['100%25:50%25', '100%:50%'],
  ])('%s become Basic authentication', async (userInfo, pair) => {
    const [server] = await opening([], {}, (url) => url.replace('//', `//${userInfo}@`));
    for (const { headers, path } of server.requests) {
      expect(headers.authorization).toBe(basic(pair));
      expect(path).toBe('/mcp');
    }
  });

  it('yield to an Authorization header', async () => {
    const [server] = await opening(['-H', 'authorization: Bearer t'], {}, (url) => url.replace('//', '//user:pass@'));
    expect(server.requests[0]?.headers.authorization).toBe('Bearer t');
  });

  it('that are not percent-encoded properly are a usage error', async () => {
    const proxy = startProxy('https://user:50%@server.test/mcp');
    expect(await proxy.exit()).toEqual({ code: 2, signal: null });
    expect(proxy.stderr).not.toMatch(/ at .*:\d+/);
    expect(proxy.stderr).not.toContain('50%');
  });
});
