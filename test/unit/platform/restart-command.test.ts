import { expect, it } from 'vitest';
import { isSingleExecutable, ownCommand } from '../../../src/platform/restart-command.ts';

const NODE = {
  execPath: '/usr/bin/node',
  execArgv: ['--use-system-ca'],
  argv: ['node', '/app/bin/mcp-proxy.js', 'URL'],
};

it('node is started with its own arguments and the script', () => {
  expect(ownCommand(NODE, false)).toEqual({
    file: '/usr/bin/node',
    args: ['--use-system-ca', '/app/bin/mcp-proxy.js'],
  });
});

it('a command that is kept has no arguments of node', () => {
  expect(ownCommand({ ...NODE, execArgv: [] }, false)).toEqual({
    file: '/usr/bin/node',
    args: ['/app/bin/mcp-proxy.js'],
  });
});

it('a process without a script is started as node alone', () => {
  expect(ownCommand({ ...NODE, argv: ['node'] }, false).args).toEqual(['--use-system-ca']);
});

it('a single executable is started without the path that stands where a script would', () => {
  const path = '/usr/local/bin/mcp-proxy';
  expect(ownCommand({ execPath: path, execArgv: ['--no-warnings'], argv: [path, path, 'URL'] }, true)).toEqual({
    file: path,
    args: [],
  });
});

it('node with a script is not a single executable', () => {
  expect(isSingleExecutable()).toBe(false);
  expect(ownCommand().file).toBe(process.execPath);
});
