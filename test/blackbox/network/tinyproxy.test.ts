// --enable-proxy with a real proxy. tinyproxy resolves no names here: it passes everything on to the scripted proxy,
// which leads every name to this machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { INSIDE, NAMES } from '../../peers/names.ts';
import { opened } from '../../peers/opened.ts';
import { startOutboundProxy } from '../../peers/outbound-proxy.ts';
import { startProxy } from '../../peers/proxy.ts';
import { startScripted } from '../../peers/scripted.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startTinyproxy } from '../../peers/tinyproxy.ts';
import { createAuthority } from '../../peers/tls.ts';

const CREDENTIALS = { user: 'employee', password: 's3cret' };
const authority = createAuthority('Corporate Root');
const open = opened();

let folder: string;
let trusted: Record<string, string>;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-ca-'));
  trusted = { NODE_EXTRA_CA_CERTS: path.join(folder, 'authority.pem') };
  writeFileSync(path.join(folder, 'authority.pem'), authority.pem);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a whole session with a real server works, with its event stream', async () => {
  const server = await open(startSdkV1Stateful());
  const resolver = await open(startOutboundProxy());
  const tinyproxy = await open(startTinyproxy({ parent: resolver }));
  const url = server.url.replace('127.0.0.1', INSIDE);
  const env = { HTTP_PROXY: tinyproxy.url };
  const program = startProxy(url, ['--enable-proxy', '--allow-http'], { ...NAMES, env });
  await program.rpc.initialize('2025-11-25');
  const progress = program.rpc.next('notifications/progress');
  const params = { name: 'progress', arguments: {}, _meta: { progressToken: 1 } };
  expect((await program.rpc.request('tools/call', params)).content[0].text).toBe('token present');
  expect((await progress).message.params.progressToken).toBe(1);
  expect((await program.rpc.request('tools/call', { name: 'await-stream', arguments: {} })).content[0].text).toBe(
    'streaming',
  );
  expect(await program.close()).toEqual({ code: 0, signal: null });
  expect(server.sessions.size).toBe(0);
  expect(new Set(resolver.requests.map(({ method }) => method))).toEqual(new Set(['POST', 'GET', 'DELETE']));
  expect(tinyproxy.log()).toContain(INSIDE);
});

it('an https: server works, with a password and a private authority', async () => {
  const server = await open(startScripted('/mcp', legacyServer(), authority.issue({ hosts: [INSIDE] })));
  const resolver = await open(startOutboundProxy());
  const tinyproxy = await open(startTinyproxy({ parent: resolver, credentials: CREDENTIALS }));
  const { user, password } = CREDENTIALS;
  const env = { ...trusted, HTTPS_PROXY: `${user}:${password}@127.0.0.1:${tinyproxy.port}` };
  const args = ['--enable-proxy', '--log-level', 'debug'];
  const program = startProxy(`https://${INSIDE}:${server.port}/mcp`, args, { ...NAMES, env });
  await program.rpc.initialize();
  await program.rpc.request('ping');
  expect(await program.close()).toEqual({ code: 0, signal: null });
  expect(server.lines).toEqual(expect.arrayContaining(['POST initialize', 'POST ping', 'DELETE']));
  expect(new Set(resolver.requests.map(({ method }) => method))).toEqual(new Set(['CONNECT']));
  expect(program.stderr).not.toContain(password);
});

it('without the password, the error names the outbound proxy', async () => {
  const resolver = await open(startOutboundProxy());
  const tinyproxy = await open(startTinyproxy({ parent: resolver, credentials: CREDENTIALS }));
  for (const scheme of ['http', 'https']) {
    const env = { ALL_PROXY: tinyproxy.url };
    const program = startProxy(`${scheme}://${INSIDE}/mcp`, ['--enable-proxy', '--allow-http'], { ...NAMES, env });
    await expect(program.rpc.initialize()).rejects.toMatchObject({
      code: -31001,
      message: expect.stringMatching(/proxy/i),
    });
    await program.close();
  }
  expect(resolver.requests).toEqual([]);
});
