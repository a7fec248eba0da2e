import { expect, it } from 'vitest';
import { HTTP_SERVER_DEFAULTS, httpServer, programName, serverName } from '../../src/config.ts';

it.each([
  ['https://mcp.example.com/mcp', 'mcp-example-com'],
  ['https://MCP.Example.com:8443/a/b?key=topsecret#x', 'mcp-example-com'],
  ['https://user:topsecret@mcp.example.com/', 'mcp-example-com'],
  ['http://localhost:3000/mcp', 'localhost'],
  ['http://127.0.0.1:3000/mcp', '127-0-0-1'],
  ['http://[2001:db8::1]/mcp', '2001-db8-1'],
  ['http://[::]/mcp', 'default'],
  ['https://bücher.example/', 'xn-bcher-kva-example'],
  ['https://a_b--c.example./', 'a-b-c-example'],
  [`https://${'a'.repeat(62)}.example/`, 'a'.repeat(62)],
  [`https://${'a'.repeat(63)}.example/`, 'a'.repeat(63)],
])('the server at %s is called %s', (url, name) => {
  expect(serverName(new URL(url))).toBe(name);
  expect(name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  expect(httpServer(new URL(url), HTTP_SERVER_DEFAULTS)).toMatchObject({ kind: 'http', name });
});

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
