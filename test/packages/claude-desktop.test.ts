// The bundle for Claude Desktop, unpacked and started as the host does: `getMcpConfigForManifest` is the host's own code.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getMcpConfigForManifest } from '@anthropic-ai/mcpb';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mcpbBundle } from '../../scripts/release/mcpb.mjs';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../peers/proxy.ts';
import { startScripted } from '../peers/scripted.ts';

const open = opened();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-bundle-'));
  for (const [name, content] of Object.entries(unzipSync(mcpbBundle()))) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(userConfig: Record<string, string>): Promise<ProxyProcess> {
  const { default: manifest } = await import(path.join(folder, 'manifest.json'), { with: { type: 'json' } });
  const config = await getMcpConfigForManifest({
    manifest,
    extensionPath: folder,
    systemDirs: {},
    userConfig,
    pathSeparator: path.sep,
  });
  expect(config?.command).toBe('node');
  const [script = ''] = config?.args ?? [];
  return startProxy(undefined, [], { program: [process.execPath, script], env: config?.env ?? {} });
}

it('sends the header of the form', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const proxy = await start({ url: server.url, header: 'Authorization: Bearer the-key' });
  await proxy.rpc.initialize();
  expect(server.requests[0]?.headers.authorization).toBe('Bearer the-key');
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
});

it.each([[{}], [{ header: '' }]])('sends no header if the form is empty: %j', async (typed) => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const proxy = await start({ url: server.url, ...typed });
  await proxy.rpc.initialize();
  expect(server.requests[0]?.headers.authorization).toBeUndefined();
  await proxy.close();
});

it('says what a header looks like, and does not show a possible key', async () => {
  const proxy = await start({ url: 'https://server.example/mcp', header: 'the-key' });
  expect(await proxy.exit()).toEqual({ code: 2, signal: null });
  expect(proxy.stderr).toMatch(/^mcp-proxy: the header in the settings has no name\nhint: /);
  expect(proxy.stderr).not.toContain('the-key');
});
