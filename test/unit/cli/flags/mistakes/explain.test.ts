// Explanations of mistakes: a start without mistakes loads none of them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { PROXY_BIN } from '../../../../peers/proxy.ts';
import { refusal, URL_TEXT } from '../arguments.ts';

const PROGRAM = readFileSync(path.join(path.dirname(PROXY_BIN), '..', 'dist', 'mcp-proxy.cjs'), 'utf8');

it.each([
  [['wss://host.example/mcp'], 'MCP has no WebSocket transport'],
  [['npx', 'mcp-remote', URL_TEXT], 'this is a command of mcp-remote, not a URL'],
  [[URL_TEXT, 'word'], 'put values with spaces in quotes'],
  [[URL_TEXT, '--log-levl', 'debug'], 'unknown flag'],
  [[URL_TEXT, '--transport', 'carrier-pigeon'], 'expected one of'],
  [['https://${HOST}/mcp'], 'which this program does not expand there'],
  [[URL_TEXT, '-H', '(X): value'], 'the name of a --header'],
  [[URL_TEXT, '-H', 'Authorization: Bearer'], 'has nothing after'],
  [[URL_TEXT, '--ca', 'missing.pem'], 'give the whole path'],
  [[URL_TEXT, '-H', 'X-Key: ${input:key}'], 'which is not one of'],
  [[URL_TEXT, '-H', 'X-Key: ${userHome}'], 'the host did not fill in'],
])('%j is explained on demand', (argv, words) => {
  expect(refusal(...argv)).toContain(words);
  expect(PROGRAM.includes(words)).toBe(false);
});
