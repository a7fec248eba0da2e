// The configuration of a project, which other people read too.
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { PROGRAM } from '../../peers/proxy.ts';
import { startScripted } from '../../peers/scripted.ts';
import { run } from '../sign-in/command.ts';
import { HostHome } from './host-home.ts';

const open = opened();

async function setting() {
  const server = await open(startScripted('/mcp', legacyServer()));
  const home = await open(new HostHome());
  const project = home.at('project');
  mkdirSync(project);
  const options = { home: home.folder, cwd: project };
  return { server, home, project, options };
}

/** An executable is one path, and a script is two: its own and that of Node. */
const EXIST = PROGRAM.length === 1 ? 'this path exists' : 'these paths exist';

describe.each([
  ['claude-code', '.mcp.json'],
  ['cursor', '.cursor/mcp.json'],
  ['vscode', '.vscode/mcp.json'],
  ['codex', '.codex/config.toml'],
  ['gemini', '.gemini/settings.json'],
  ['zed', '.zed/settings.json'],
  ['junie', '.junie/mcp/mcp.json'],
  ['opencode', 'opencode.json'],
])('%s', (host, name) => {
  it(`gets the server in ${name}, and no other file changes`, async () => {
    const { server, home, project, options } = await setting();
    const before = home.contents();
    const flags = ['--project', '--yes', '--name', 'mine', '-H', 'X-Key: ${MY_KEY}', '-H', 'X-Region: eu'];
    const env = { MY_KEY: 'correct-horse' };
    const installed = await run('install', [host, server.url, ...flags], { ...options, env });
    expect(installed).toMatchObject({ err: expect.stringContaining('must be started with MY_KEY in its environment') });
    expect(installed.err).toContain(`the entry works only where ${EXIST}: ${PROGRAM.join(' and ')}\n`);
    const text = readFileSync(path.join(project, name), 'utf8');
    expect(text).toContain('X-Key:${MY_KEY}');
    expect(text).toContain('X-Region:eu');
    expect(text).not.toContain('correct-horse');
    if (host === 'codex') expect(text).toContain('env_vars = ["MY_KEY"]');
    expect(server.requests.at(-1)?.headers['x-key']).toBe('correct-horse');
    const changed = Object.keys(home.contents()).filter((file) => !(file in before));
    expect(changed.every((file) => file.startsWith('project'))).toBe(true);
    expect(await run('uninstall', [host, 'mine', '--project'], options)).toMatchObject({ code: 0, err: '' });
    expect(home.contents()).toEqual(before);
  });
});

it('gets no secrets, and the error names the flag to use instead', async () => {
  const { server, project, options } = await setting();
  const args = ['vscode', server.url, '--project', '--yes', '-H', 'Authorization: Bearer correct-horse'];
  expect(await run('install', args, options)).toMatchObject({
    code: 2,
    out: [],
    err: [
      'mcp-proxy: the configuration of a project is for everyone who has the project, and "Authorization" is a secret',
      "hint: -H 'Authorization: ${MCP_PROXY_AUTHORIZATION}', with MCP_PROXY_AUTHORIZATION set here and in the environment of VS Code",
      '',
    ].join('\n'),
  });
  expect(existsSync(path.join(project, '.vscode'))).toBe(false);
});

it.skipIf(process.platform === 'win32')('has permissions that let others read it', async () => {
  const { server, project, options } = await setting();
  await run('install', ['vscode', server.url, '--project', '--yes'], options);
  expect(statSync(path.join(project, '.vscode', 'mcp.json')).mode & 0o777).toBe(0o666 & ~process.umask());
});
