import { expect, it } from 'vitest';
import { nameFor } from '../../../../../src/cli/commands/install/server-name.ts';
import { checkServerName } from '../../../../../src/cli/flags/checks.ts';

it.each([
  ['https://mcp.linear.app/mcp', 'linear'],
  ['https://linear.app/mcp', 'linear'],
  ['https://api.githubcopilot.com/mcp/', 'githubcopilot'],
  ['https://docs.mcp.cloudflare.com/sse', 'cloudflare'],
  ['https://mcp.example.co.uk/mcp', 'example'],
  ['https://mcp.io/', 'mcp'],
  ['https://server.example/mcp', 'server'],
  ['http://localhost:3000/mcp', 'localhost'],
  ['http://127.0.0.1:3000/mcp', 'server'],
  ['http://[::1]:3000/mcp', 'server'],
  ['https://bücher.example/mcp', 'xn--bcher-kva'],
  ['https://a_b.example/mcp', 'a-b'],
])('%s is %s', (url, name) => {
  expect(nameFor(new URL(url))).toBe(name);
  expect(checkServerName(name)).toBeUndefined();
});
