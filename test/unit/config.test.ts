import { expect, it } from 'vitest';
import { HTTP_SERVER_DEFAULTS, httpServer, serverName } from '../../src/config.ts';

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
