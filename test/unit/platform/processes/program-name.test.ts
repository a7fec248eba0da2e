import { expect, it } from 'vitest';
import { programName } from '../../../../src/platform/processes/program-name.ts';

it.each([
  ['npx', ['-y', '@acme/files-server@1.2.3', '/srv'], 'files-server'],
  ['npx', ['--yes', 'some-server@latest'], 'some-server'],
  ['uvx', ['mcp-server-fetch'], 'mcp-server-fetch'],
  ['uv', ['run', 'server.py'], 'uv'],
  ['C:\\Program Files\\nodejs\\npx.cmd', ['-y', 'Some_Server'], 'some-server'],
  ['node', ['/opt/weather/dist/index.js', 'stdio'], 'weather'],
  ['python3', ['-m', 'mcp_server_git'], 'mcp-server-git'],
  ['/usr/local/bin/github-mcp-server', ['stdio'], 'github-mcp-server'],
  ['docker', ['run', '-i', 'image'], 'docker'],
  ['./server', [], 'server'],
  ['node', [], 'node'],
  ['???', [], 'default'],
])('the server that %s %j starts is called %s', (command, args, name) => {
  expect(programName({ command, args })).toBe(name);
});
