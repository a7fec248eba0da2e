// Compiled code is kept between starts where Node can do that. Older versions of Node start as before, so each test
// says what holds under the Node that runs it.
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheFolder } from '../../src/platform/folders.ts';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { closeProxies, privateHome, proxyEnvironment, startProxy } from '../peers/proxy.ts';
import { type ScriptedPeer, startScripted } from '../peers/scripted.ts';

/** Since Node 22.8. */
const canKeep = 'enableCompileCache' in module;

const open = opened();
let server: ScriptedPeer;
let home: string;
let folder: string;
beforeEach(async () => {
  server = await open(startScripted('/mcp', legacyServer()));
  home = privateHome();
  folder = path.join(cacheFolder(proxyEnvironment(home), process.platform, () => home) ?? '', 'compiled');
});
afterEach(async () => {
  await closeProxies();
  rmSync(home, { recursive: true, force: true });
});

/** A whole session of a host: stdout must have the two answers and nothing else. */
async function session(env: Record<string, string> = {}): Promise<void> {
  const proxy = startProxy(server.url, ['--log-level', 'warn'], { home, env });
  await proxy.rpc.initialize();
  expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(proxy.stderr).toBe('');
  expect(proxy.lines).toHaveLength(2);
}

/** The names of the files with compiled code. */
function kept(place = folder): string[] {
  if (!existsSync(place)) return [];
  const entries = readdirSync(place, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** In one step, even while another program is writing there. */
function remove(place: string): void {
  if (existsSync(place)) renameSync(place, path.join(home, `removed ${randomUUID()}`));
}

it('compiled code is kept in the cache folder, for this user alone', async () => {
  await session();
  expect(kept().length > 0).toBe(canKeep);
  if (process.platform !== 'win32' && canKeep) {
    const below = readdirSync(folder).map((name) => path.join(folder, name));
    for (const place of [folder, ...below]) expect([place, statSync(place).mode & 0o777]).toEqual([place, 0o700]);
  }
  await session();
});

it('a folder that other users could read becomes private', async () => {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  await session();
  if (process.platform !== 'win32') expect(statSync(folder).mode & 0o777).toBe(canKeep ? 0o700 : 0o777);
});

it('deleting the folder is safe, while the program runs too', async () => {
  await session();
  remove(path.dirname(folder));
  const proxy = startProxy(server.url, ['--log-level', 'warn'], { home });
  await proxy.rpc.initialize();
  remove(path.dirname(folder));
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(proxy.stderr).toBe('');
  await session();
  expect(kept().length > 0).toBe(canKeep);
});

it('damaged files change nothing', async () => {
  await session();
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) writeFileSync(path.join(entry.parentPath, entry.name), 'not compiled code');
  }
  await session();
});

it('a folder that cannot be made changes nothing', async () => {
  // A file where the folder should be: not even root can make a folder there.
  mkdirSync(path.dirname(folder), { recursive: true });
  writeFileSync(folder, 'a file');
  await session();
  expect(statSync(folder).size).toBe(6);
});

it('NODE_DISABLE_COMPILE_CACHE leaves no folder', async () => {
  await session({ NODE_DISABLE_COMPILE_CACHE: '1' });
  expect(existsSync(folder)).toBe(false);
});

it('NODE_COMPILE_CACHE names another folder', async () => {
  const other = path.join(home, 'other');
  await session({ NODE_COMPILE_CACHE: other });
  expect(kept(other).length > 0).toBe(canKeep);
  expect(existsSync(folder)).toBe(false);
});
