// `uninstall` after the configuration has changed in other ways.
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../src/platform/folders.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { proxyEnvironment } from '../../peers/proxy.ts';
import { startScripted } from '../../peers/scripted.ts';
import { run } from '../sign-in/command.ts';
import { HOST_FILES, HostHome } from './host-home.ts';

const open = opened();
const HOSTS = Object.keys(HOST_FILES);

async function setting(host: string, content?: string | null) {
  const server = await open(startScripted('/mcp', legacyServer()));
  const home = await open(new HostHome());
  const file = home.add(host, content);
  const before = home.contents();
  const install = async (name: string, ...flags: string[]) => {
    const outcome = await run('install', [host, server.url, '--yes', '--name', name, ...flags], { home: home.folder });
    expect(outcome).toMatchObject({ code: 0, err: '' });
  };
  const uninstall = (name: string, ...flags: string[]) =>
    run('uninstall', [host, name, ...flags], { home: home.folder });
  return { home, file, before, install, uninstall };
}

describe.each(HOSTS)('%s', (host) => {
  it.each(['first', 'second'])(
    'has its old bytes again after two servers, with the %s one uninstalled first',
    async (one) => {
      const { home, before, install, uninstall } = await setting(host);
      await install('first');
      await install('second', '--log-level', 'debug');
      await uninstall(one);
      expect(home.text(host)).not.toContain(one);
      await uninstall(one === 'first' ? 'second' : 'first');
      expect(home.contents()).toEqual(before);
    },
  );
});

it.each(['cursor', 'codex'])('has no file left of %s after two servers', async (host) => {
  const { home, before, install, uninstall } = await setting(host, null);
  await install('first');
  await install('second');
  await uninstall('first');
  await uninstall('second');
  expect(home.contents()).toEqual(before);
});

it('a server that was installed twice is removed at once', async () => {
  const { home, before, install, uninstall } = await setting('cursor');
  await install('mine');
  await install('mine', '--log-level', 'debug');
  expect(home.entry('cursor', 'mine').args).toContain('debug');
  await uninstall('mine');
  expect(home.contents()).toEqual(before);
});

it('what other programs wrote after the installation stays', async () => {
  const { home, file, install, uninstall } = await setting('cursor');
  await install('mine');
  writeFileSync(file, home.text('cursor').replace('"mcpServers"', '"new": true,\n  "mcpServers"'));
  expect(await uninstall('mine')).toMatchObject({ code: 0, err: '' });
  expect(home.text('cursor')).toBe(
    (HOST_FILES.cursor?.content ?? '').replace('"mcpServers"', '"new": true,\n  "mcpServers"'),
  );
});

it('an entry that was edited after the installation is removed only with consent', async () => {
  const { home, file, before, install, uninstall } = await setting('cursor');
  await install('mine');
  const edited = home.text('cursor').replace('/mcp"', '/mcp", "--log-level", "debug"');
  writeFileSync(file, edited);
  const { code, err } = await uninstall('mine');
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('nothing was written') });
  expect(readFileSync(file, 'utf8')).toBe(edited);
  expect(await uninstall('mine', '--yes')).toMatchObject({ code: 0, err: '' });
  expect(home.contents()).toEqual(before);
});

it('an entry that was only formatted does not count as edited', async () => {
  const { home, file, install, uninstall } = await setting('cursor');
  await install('mine');
  writeFileSync(file, JSON.stringify(JSON.parse(home.text('cursor')), null, 4));
  expect(await uninstall('mine')).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(home.text('cursor'))).toEqual(JSON.parse(HOST_FILES.cursor?.content ?? ''));
});

it('an entry of another program is removed only with consent', async () => {
  const { home, uninstall } = await setting('cursor');
  const { code, out, err } = await uninstall('other');
  expect(code).toBe(2);
  expect(err).toContain('"other" was not written by this program; remove it?');
  expect(out.join('\n')).toContain('-     "other": {');
  expect(home.text('cursor')).toBe(HOST_FILES.cursor?.content);
  expect(await uninstall('other', '--yes')).toMatchObject({ code: 0 });
  expect(JSON.parse(home.text('cursor'))).toEqual({ mcpServers: {} });
});

it('an entry without a record of its installation is recognised', async () => {
  const { home, file, install, uninstall } = await setting('cursor');
  await install('mine');
  await rm(cacheFolder(proxyEnvironment(home.folder), process.platform, () => home.folder) as string, {
    recursive: true,
  });
  const { code, err } = await uninstall('mine');
  const question = 'there is no record of the installation of "mine" (the cache folder was emptied); remove it?';
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(question) });
  const { out } = await uninstall('mine', '--yes');
  expect(out.slice(-2)).toEqual([
    'removed "mine" from Cursor',
    `the file from before the installation stays: ${file}.before-mine.bak`,
  ]);
  expect(home.text('cursor')).toBe(HOST_FILES.cursor?.content);
});

it('with --print, the output shows what would be removed, and nothing changes', async () => {
  const { home, install, uninstall } = await setting('cursor');
  await install('mine');
  const before = home.contents();
  const { code, out } = await uninstall('mine', '--print');
  expect({ code, text: out.join('\n') }).toEqual({ code: 0, text: expect.stringContaining('-     "mine": {') });
  expect(home.contents()).toEqual(before);
});

it('a server that is not there is an error that names the others', async () => {
  const { uninstall } = await setting('cursor');
  expect(await uninstall('none')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^mcp-proxy: Cursor has no server "none" in .+\nhint: it has other\n$/),
  });
});
