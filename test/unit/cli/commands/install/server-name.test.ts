import { expect, it } from 'vitest';
import { freeName, nameFor } from '../../../../../src/cli/commands/install/server-name.ts';
import { checkServerName } from '../../../../../src/cli/flags/value-checks.ts';

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

it.each([
  ['http://localhost:38999/mcp', [], 'localhost-38999'],
  ['https://gateway.example/servers/slack/mcp', [], 'gateway-slack'],
  ['https://gateway.example/servers/slack/mcp', ['gateway-slack'], 'gateway-2'],
  ['https://linear.app/mcp', ['linear-2'], 'linear-3'],
  ['["npx","-y","some-server"]', [], 'local-2'],
])('a free name for %s beside %j is %s', (target, taken, name) => {
  const own = URL.canParse(target) ? nameFor(new URL(target)) : 'local';
  expect(freeName(own, target, (candidate) => (taken as string[]).includes(candidate))).toBe(name);
  expect(checkServerName(name)).toBeUndefined();
});
