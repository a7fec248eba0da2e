import { describe, expect, it } from 'vitest';
import { rewritten } from '../../../../../src/cli/commands/install/foreign-entry.ts';
import { parseArguments } from '../../../../../src/cli/flags/args.ts';
import { readEntry } from '../../../../../src/hosts/entries.ts';
import { hostNamed } from '../../../../../src/hosts/table.ts';

const URL_TEXT = 'https://server.example/mcp';
const AUTH = 'Authorization:${AUTH}';

const wordsOf = (entry: unknown, host = 'cursor'): readonly string[] =>
  rewritten(readEntry(entry), hostNamed(host) ?? expect.unreachable(host)).words;
const words = (...args: string[]): readonly string[] => wordsOf({ command: args[0], args: args.slice(1) });

describe('the words of another program', () => {
  it.each<[string[], string[]]>([
    [['npx', 'mcp-remote', URL_TEXT], [URL_TEXT]],
    [
      ['npx', '-y', 'mcp-remote@0.1.29', URL_TEXT, '3334'],
      [URL_TEXT, '--callback-port', '3334'],
    ],
    [['cmd', '/c', 'npx', '-y', 'mcp-remote', URL_TEXT], [URL_TEXT]],
    [['C:\\node.exe', 'C:\\x\\node_modules\\mcp-remote\\dist\\proxy.js', URL_TEXT], [URL_TEXT]],
    [
      ['bunx', 'mcp-remote', URL_TEXT, '--header', AUTH],
      [URL_TEXT, '--header', AUTH],
    ],
    [
      ['npx', 'mcp-remote', URL_TEXT, '--transport=sse-only'],
      [URL_TEXT, '--transport', 'sse-only'],
    ],
    [
      ['npx', 'mcp-remote', URL_TEXT, '--debug', '--allow-http'],
      [URL_TEXT, '--log-level', 'debug', '--allow-http'],
    ],
    [
      ['npx', 'mcp-remote', URL_TEXT, '--silent', '--host', '127.0.0.1'],
      [URL_TEXT, '--quiet', '--host', '127.0.0.1'],
    ],
    [
      ['npx', 'mcp-remote', URL_TEXT, '--ping-interval', '30', '--keep-alive', '--enable-proxy'],
      [URL_TEXT, '--enable-proxy'],
    ],
    [
      ['npx', 'mcp-remote', '--allow-http', URL_TEXT],
      [URL_TEXT, '--allow-http'],
    ],
    [['npx', '-y', 'supergateway', '--sse', URL_TEXT], [URL_TEXT]],
    [
      ['npx', '-y', 'supergateway', '--streamableHttp', URL_TEXT, '--logLevel', 'none'],
      [URL_TEXT, '--quiet'],
    ],
    [
      ['npx', '-y', 'supergateway', '--stateful', '--streamable-http', URL_TEXT, '--oauth2Bearer', 'T'],
      [URL_TEXT, '--header', 'Authorization: Bearer T'],
    ],
    [['uvx', 'mcp-proxy', '--transport', 'streamablehttp', URL_TEXT], [URL_TEXT]],
    [
      ['mcp-proxy', '--headers', 'Authorization', 'Bearer T', URL_TEXT],
      [URL_TEXT, '--header', 'Authorization: Bearer T'],
    ],
    [
      ['/usr/bin/mcp-proxy', URL_TEXT, '-H', 'X', 'Y'],
      [URL_TEXT, '--header', 'X: Y'],
    ],
    [
      ['npx', '-y', '@mikluko/mcp-proxy', URL_TEXT, '-H', 'A: ${B}'],
      [URL_TEXT, '--header', 'A: ${B}'],
    ],
  ])('%j', (given, expected) => {
    const found = words(...given);
    expect(found).toEqual(expected);
    // The program accepts every result.
    expect(parseArguments(found, { AUTH: 'Bearer x', B: 'y' }, () => '').kind).toBe('run');
  });

  it('keeps the variables, and says what is left out', () => {
    const args = ['mcp-remote', URL_TEXT, '--keep-alive'];
    const env = { AUTH: 'x', MCP_REMOTE_CONFIG_DIR: '/x' };
    const found = rewritten(readEntry({ command: 'npx', args, env }), {});
    expect(found.env).toEqual({ AUTH: 'x' });
    expect(found.notes).toEqual(['--keep-alive is left out: the proxy opens a broken stream again']);
  });

  it('knows the variables of the mcp-proxy of sparfenyuk', () => {
    const env = { SSE_URL: URL_TEXT, API_ACCESS_TOKEN: 'T' };
    expect(wordsOf({ command: 'mcp-proxy', args: [], env })).toEqual([
      URL_TEXT,
      '--header',
      'Authorization: Bearer ${API_ACCESS_TOKEN}',
    ]);
  });

  it.each<[string[], string[]]>([
    [
      ['npx', '-y', 'some-server'],
      ['--', 'npx', '-y', 'some-server'],
    ],
    [
      ['npx', 'some-server', '/srv/mcp-proxy/data'],
      ['--', 'npx', 'some-server', '/srv/mcp-proxy/data'],
    ],
    [
      ['node', '/bin/mcp-proxy.js', '--quiet', '--', 'npx', 'x'],
      ['--quiet', '--', 'npx', 'x'],
    ],
  ])('of a local server: %j', (given, expected) => {
    expect(words(...given)).toEqual(expected);
    expect(parseArguments(expected, {}, () => '').kind).toBe('run-command');
  });

  it('of a local server come with its folder, and with the variables that the host passes on', () => {
    const entry = { command: 'node', args: ['$X'], cwd: '/srv', env: { A: 'b' }, env_vars: ['C'] };
    expect(rewritten(readEntry(entry), hostNamed('codex') ?? expect.unreachable())).toEqual({
      words: ['--cwd', '/srv', '--', 'node', '$X'],
      env: { A: 'b' },
      inherited: ['C'],
      notes: [],
    });
  });

  it.each([
    [['uvx', 'mcp-proxy', 'node', 'server.js']],
    [['npx', 'supergateway', '--stdio', 'node server.js']],
    [['npx', 'mcp-remote', URL_TEXT, '--header-file', 'x']],
    [['npx', 'mcp-remote', URL_TEXT, '--frobnicate']],
    [['npx', 'mcp-remote', URL_TEXT, '--header']],
    [['npx', 'supergateway', '--sse', URL_TEXT, '--port', '8000']],
    [[]],
  ])('%j is refused', (given) => {
    expect(() => words(...given)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

it.each<[string, object, string[]]>([
  ['cursor', { url: URL_TEXT }, [URL_TEXT]],
  ['vscode', { type: 'http', url: URL_TEXT, headers: { A: 'b' } }, [URL_TEXT, '--header', 'A: b']],
  ['windsurf', { serverUrl: URL_TEXT }, [URL_TEXT]],
  ['gemini', { httpUrl: URL_TEXT, headers: { A: 'Bearer $TOKEN' } }, [URL_TEXT, '--header', 'A: Bearer ${TOKEN}']],
  ['codex', { url: URL_TEXT, bearer_token_env_var: 'T' }, [URL_TEXT, '--header', 'Authorization: Bearer ${T}']],
  [
    'codex',
    { url: URL_TEXT, env_http_headers: { A: 'T' }, http_headers: { B: 'c' } },
    [URL_TEXT, '--header', 'B: c', '--header', 'A: ${T}'],
  ],
  ['opencode', { type: 'remote', url: URL_TEXT, headers: { A: '{env:TOKEN}' } }, [URL_TEXT, '--header', 'A: ${TOKEN}']],
  ['opencode', { type: 'local', command: ['npx', 'mcp-remote', URL_TEXT] }, [URL_TEXT]],
  ['zed', { command: { path: 'npx', args: ['mcp-remote', URL_TEXT], env: {} } }, [URL_TEXT]],
])('an entry of %s: %j', (host, entry, expected) => {
  expect(wordsOf(entry, host)).toEqual(expected);
});
