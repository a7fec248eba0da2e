import { expect, it } from 'vitest';
import { ownTarget } from '../../../src/hosts/own-entry.ts';

const PROGRAM = ['/usr/bin/node', '/opt/mcp-proxy/bin/mcp-proxy.js'];
const URL_TEXT = 'https://server.example/mcp';

it.each([
  [[...PROGRAM, URL_TEXT], URL_TEXT],
  [[...PROGRAM, '--log-level', 'debug', URL_TEXT], URL_TEXT],
  [['/other/node', '/lib/node_modules/@mikluko/mcp-proxy/bin/mcp-proxy.js', URL_TEXT], URL_TEXT],
  [['node.exe', 'C:\\mcp-proxy\\bin\\mcp-proxy.js', URL_TEXT], URL_TEXT],
  [[...PROGRAM, '--', 'npx', '-y', 'some-server'], '["npx","-y","some-server"]'],
  [['npx', '-y', 'mcp-remote', URL_TEXT], undefined],
  [['node', '/lib/node_modules/mcp-proxy/dist/bin/mcp-proxy.js', URL_TEXT], undefined],
  [['/home/me/.local/bin/mcp-proxy', URL_TEXT], undefined],
  [[], undefined],
])('%j connects to %s', (words, target) => {
  expect(ownTarget(words, PROGRAM)).toBe(target);
});

it('an executable is recognised by its own path', () => {
  expect(ownTarget(['/opt/mcp-proxy', URL_TEXT], ['/opt/mcp-proxy'])).toBe(URL_TEXT);
});
