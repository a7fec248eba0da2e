// Local servers in the configuration of a host: `install HOST -- <command>`, and the entries that a host has already.
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { run } from '../sign-in/command.ts';
import { argumentsIn, callEcho, HostHome } from './host-home.ts';

const open = opened();
const SECRET = 'correct-horse-battery-staple';

async function setting(env: Record<string, string> = {}) {
  const server = await open(scripted());
  const home = await open(new HostHome());
  const install = (...args: string[]) => run('install', args, { home: home.folder, env });
  return { server, home, install };
}

describe.each(['cursor', 'codex', 'opencode', 'zed', 'claude-desktop'])('%s', (host) => {
  it('starts the local server that install wrote, and has its old file after uninstall', async () => {
    const { server, home, install } = await setting();
    home.add(host);
    const before = home.contents();
    const flags = ['--yes', '--name', 'mine', '--env', `API_KEY=${SECRET}`, '--env', 'REGION=eu', '--cwd', '.'];
    const installed = await install(host, ...flags, '--', ...server.command);
    expect(installed).toMatchObject({ code: 0, err: '' });
    expect(installed.out.join('\n')).toMatch(/^connected to .+, revision 2025-11-25, 1 tool$/m);
    expect(installed.out.join('\n')).not.toContain(SECRET);

    const entry = home.entry(host, 'mine');
    const words = ['--env', 'API_KEY=${MCP_PROXY_API_KEY}', '--env', 'REGION=eu', '--cwd', process.cwd()];
    expect(argumentsIn(entry)).toEqual([...words, '--', ...server.command]);
    expect(entry.env).toEqual({ MCP_PROXY_API_KEY: SECRET });
    expect(await callEcho(entry, home.folder)).toContain('hello');
    const variables = JSON.parse(await callEcho(entry, home.folder, 'environment'));
    expect(variables).toMatchObject({ API_KEY: SECRET, REGION: 'eu' });

    expect(await run('uninstall', [host, 'mine'], { home: home.folder })).toMatchObject({ code: 0, err: '' });
    expect(home.contents()).toEqual(before);
  });
});

describe('what is written', () => {
  it('has the name of the program, and a variable of the environment in its env', async () => {
    const { home, install } = await setting({ MY_KEY: SECRET });
    home.add('cursor');
    const { code, out } = await install(
      'cursor',
      '--print',
      '--clean-env',
      '--env',
      'KEY=${MY_KEY}',
      '--',
      'npx',
      '-y',
      '@example/some-server@1.2',
    );
    expect(code).toBe(0);
    const { 'some-server': entry } = JSON.parse(out.join('\n')).mcpServers;
    const flags = ['--clean-env', '--env', 'KEY=${MY_KEY}'];
    expect(argumentsIn(entry)).toEqual([...flags, '--', 'npx', '-y', '@example/some-server@1.2']);
    expect(entry.env).toEqual({ MY_KEY: SECRET });
  });

  it.each([
    [[], './bin/server', path.resolve('bin/server')],
    [['--cwd', 'sub'], './bin/server', path.resolve('sub/bin/server')],
    [[], 'server', 'server'],
    [[], path.resolve('server'), path.resolve('server')],
  ])('after %j, has the program %s as %s', async (flags, program, written) => {
    const { home, install } = await setting();
    home.add('cursor');
    const { out } = await install('cursor', '--print', '--name', 'a', ...flags, '--', program, './argument');
    expect(JSON.parse(out.join('\n')).mcpServers.a.args.slice(-3)).toEqual(['--', written, './argument']);
  });

  it('comes with a note about a file in this folder', async () => {
    const { home, install } = await setting();
    home.add('cursor');
    const told = 'the command names a file of this folder, and the host may start it in another one';
    expect((await install('cursor', '--print', '--', 'node', 'package.json')).err).toContain(told);
    expect((await install('cursor', '--print', '--cwd', '.', '--', 'node', 'package.json')).err).toBe(
      `to add to ${home.fileOf('cursor')}:\n`,
    );
  });

  it('holds no secret for a project', async () => {
    const { home, install } = await setting();
    home.add('cursor');
    const { code, err } = await install('cursor', '--project', '--print', '--env', `API_KEY=${SECRET}`, '--', 'node');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('"API_KEY" is a secret') });
    expect(err).not.toContain(SECRET);
  });
});

it.each([
  [['--', 'no-such-program-here'], 1, 'the program "no-such-program-here" is in no folder of PATH'],
  [['--', './no-such-program'], 1, `the program ${JSON.stringify(path.resolve('no-such-program'))} does not exist`],
  [['--cwd', 'no-such-folder', '--', 'node'], 1, 'does not exist\nhint: check --cwd'],
  [['--'], 2, 'there is no command after --'],
  [['--header', 'A: b', '--', 'node'], 2, '--header belongs to a server at a URL'],
  [['--profile', 'work', '--', 'node'], 2, '--profile belongs to a server at a URL'],
  [['--listen', ':0', '--', 'node'], 2, 'hosts start servers on stdio'],
  [['--env', 'KEY', '--', 'node'], 2, 'invalid value for --env'],
  [['https://server.example/mcp', '--', 'node'], 2, 'both a URL and a command are given'],
  [['--from', 'codex', '--', 'node'], 2, '--from takes over a server'],
])('%j is an error, and install writes nothing', async (args, code, message) => {
  const { home, install } = await setting();
  home.add('cursor');
  const before = home.contents();
  const { code: exit, err } = await install('cursor', '--yes', ...args);
  expect({ exit, err }).toEqual({ exit: code, err: expect.stringContaining(message) });
  expect(home.contents()).toEqual(before);
});

describe('--from', () => {
  it('rewrites the entry of a local server in place, and restores it', async () => {
    const { server, home, install } = await setting();
    const [command, ...args] = server.command;
    const theirs = { command, args, env: { API_KEY: SECRET }, cwd: home.folder };
    const content = `${JSON.stringify({ mcpServers: { theirs } }, undefined, 2)}\n`;
    home.add('cursor', content);
    const { code, err, out } = await install('--from', 'cursor', 'theirs', '--yes');
    expect({ code, err, text: out.join('\n') }).toEqual({
      code: 0,
      err: '',
      text: expect.not.stringContaining(SECRET),
    });
    const entry = home.entry('cursor', 'theirs');
    expect(argumentsIn(entry)).toEqual(['--cwd', home.folder, '--', ...server.command]);
    expect(entry.env).toEqual({ API_KEY: SECRET });
    expect(JSON.parse(await callEcho(entry, home.folder, 'environment'))).toMatchObject({ API_KEY: SECRET });
    expect(await run('uninstall', ['cursor', 'theirs'], { home: home.folder })).toMatchObject({ code: 0 });
    expect(home.text('cursor')).toBe(content);
  });

  it('copies it to another host, with flags of the command line', async () => {
    const { server, home, install } = await setting();
    const theirs = { type: 'local', command: server.command, environment: { API_KEY: SECRET }, enabled: true };
    home.add('opencode', JSON.stringify({ mcp: { theirs } }));
    home.add('codex');
    expect(await install('codex', '--from', 'opencode', 'theirs', '--yes', '--clean-env')).toMatchObject({ code: 0 });
    const entry = home.entry('codex', 'theirs');
    const flags = ['--clean-env', '--env', 'API_KEY=${API_KEY}'];
    expect(argumentsIn(entry).sort()).toEqual([...flags, '--', ...server.command].sort());
    expect(JSON.parse(await callEcho(entry, home.folder, 'environment'))).toMatchObject({ API_KEY: SECRET });
  });

  it('copies what install wrote', async () => {
    const { server, home, install } = await setting();
    home.add('cursor');
    home.add('zed');
    await install('cursor', '--yes', '--name', 'mine', '--env', 'REGION=eu', '--', ...server.command);
    expect(await install('zed', '--from', 'cursor', 'mine', '--yes')).toMatchObject({ code: 0, err: '' });
    expect(home.entry('zed', 'mine')).toEqual(home.entry('cursor', 'mine'));
  });
});
