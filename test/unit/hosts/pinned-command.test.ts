import path from 'node:path';
import { expect, it } from 'vitest';
import { pinnedCommand } from '../../../src/hosts/pinned-command.ts';

/** Links by name; every other file is no link, and those in `missing` do not exist. */
const links =
  (to: Readonly<Record<string, string>>, missing: readonly string[] = []) =>
  (file: string): string => {
    if (missing.includes(file)) throw new Error('ENOENT');
    return to[file] ?? file;
  };

const NODE = '/opt/homebrew/Cellar/node/24.1.0/bin/node';

it('is Node and the script, with the links to it resolved', () => {
  const resolve = links({
    '/usr/local/bin/mcp-proxy': '/usr/local/lib/node_modules/@mikluko/mcp-proxy/bin/mcp-proxy.js',
  });
  expect(pinnedCommand({ execPath: '/usr/bin/node', script: '/usr/local/bin/mcp-proxy', path: '' }, resolve)).toEqual({
    command: '/usr/bin/node',
    args: ['/usr/local/lib/node_modules/@mikluko/mcp-proxy/bin/mcp-proxy.js'],
    warning: undefined,
  });
});

it.each([
  ['/opt/homebrew/bin', { '/opt/homebrew/bin/node': NODE }, '/opt/homebrew/bin/node'],
  ['/usr/bin', { '/usr/bin/node': '/usr/bin/nodejs' }, NODE],
  ['/run/fnm_multishells/1/bin', { '/run/fnm_multishells/1/bin/node': NODE }, NODE],
  ['relative:', {}, NODE],
])('is a link that outlives an update of Node, with PATH=%s', (folders, to, expected) => {
  const searched = folders.replaceAll(':', path.delimiter);
  expect(pinnedCommand({ execPath: NODE, script: '/p.js', path: searched }, links(to)).command).toBe(expected);
});

it('passes over folders without Node', () => {
  const resolve = links({}, ['/none/node']);
  expect(pinnedCommand({ execPath: '/usr/bin/node', script: '/p.js', path: '/none' }, resolve).command).toBe(
    '/usr/bin/node',
  );
});

it('is the link in PATH of an executable, which an update replaces', () => {
  const execPath = '/opt/homebrew/Cellar/mcp-proxy/1.0.0/bin/mcp-proxy';
  const resolve = links({ '/opt/homebrew/bin/mcp-proxy': execPath });
  expect(pinnedCommand({ execPath, script: undefined, path: '/opt/homebrew/bin' }, resolve)).toMatchObject({
    command: '/opt/homebrew/bin/mcp-proxy',
    args: [],
  });
});

it('is the executable alone where there is no script', () => {
  expect(pinnedCommand({ execPath: '/opt/mcp-proxy', script: undefined, path: '' })).toMatchObject({
    command: '/opt/mcp-proxy',
    args: [],
  });
});

it.each(['/home/u/.npm/_npx/1a/node_modules/x/bin/mcp-proxy.js', '/home/u/.cache/pnpm/dlx/1/bin.js'])(
  'warns of a copy that may vanish: %s',
  (script) => {
    expect(pinnedCommand({ execPath: '/usr/bin/node', script, path: '' }, links({})).warning).toContain(
      'npm install -g',
    );
  },
);
