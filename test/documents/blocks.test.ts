// Every fenced block of the documents is checked by a test: the commands exist, the program accepts the entries, and it
// writes the messages.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { at, BLOCKS, type Block, ROOT } from './blocks.ts';
import { anyValues, checkArguments, checkCommand } from './commands.ts';
import { dataOf, entriesIn, isStarting, ownArguments } from './entries.ts';
import { commandsIn } from './shell.ts';

type Check = (block: Block) => void;

const MESSAGES = readFileSync(path.join(ROOT, 'docs/mistakes.md'), 'utf8');

/** Blocks of a language that only one document has, because another test knows them there. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['docs/library.md js', 'test/blackbox/stdio/library.test.ts'],
  ['docs/mistakes.md text', 'test/cli/mistakes/mistakes.test.ts'],
  ['docs/several-servers.md jsonc', 'test/documents/several-servers.test.ts'],
  ['docs/architecture.md ', 'a picture'],
  ['docs/recordings.md jsonl', 'test/unit/wire/recording.test.ts'],
]);

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['sh', ({ text }) => commandsIn(text).forEach(checkCommand)],
  ['json', checkConfiguration],
  ['toml', checkConfiguration],
  ['yaml', ({ text }) => expect(parseYaml(text)).toBeTypeOf('object')],
  // Texts of the program, word for word.
  ['text', ({ text }) => text.split('\n').forEach((line) => void expect(MESSAGES).toContain(line))],
]);

function checkConfiguration(block: Block): void {
  const data = dataOf(block);
  const entries = entriesIn(data);
  if (entries.length === 0) {
    // The file of a registered client.
    expect(data).toHaveProperty('client_id');
    checkArguments(['https://server.example/mcp', '--static-oauth-client-info', block.text], anyValues(block.text));
  }
  for (const entry of entries) {
    if (!isStarting(entry)) {
      expect(new URL(entry.url).pathname).toMatch(/^\/(mcp|sse)$/);
      continue;
    }
    const args = ownArguments(entry.command);
    expect(args, entry.command.join(' ')).toBeDefined();
    checkArguments(args ?? [], entry.env);
  }
}

it('finds the blocks', () => {
  expect(BLOCKS.filter(({ document }) => document === 'docs/hosts.md').length).toBeGreaterThan(11);
  expect(BLOCKS.filter(({ document }) => document === 'README.md').length).toBeGreaterThan(5);
});

describe.each(BLOCKS.map((block) => [at(block), block] as const))('%s', (_, block) => {
  it(`is checked as ${block.language || 'a block without a language'}`, () => {
    if (ELSEWHERE.has(`${block.document} ${block.language}`)) return;
    const check = CHECKS.get(block.language);
    if (!check) throw new Error(`no test checks blocks of "${block.language}" in ${block.document}`);
    check(block);
  });
});

describe('what the checks find', () => {
  const block = (language: string, text: string): Block => ({
    document: 'x.md',
    line: 1,
    language,
    text,
    headings: [],
  });
  const entry = (args: string[], more: object = {}): string =>
    JSON.stringify({ mcpServers: { x: { command: 'mcp-proxy', args, ...more } } });

  it.each([
    ['an unknown command', 'sh', 'mcp-remote https://server.example/mcp'],
    ['an unknown flag', 'sh', 'mcp-proxy https://server.example/mcp --colour'],
    ['a script that package.json does not have', 'sh', 'npm run nothing'],
    ['a file that is not there', 'sh', 'docker build -t mcp-proxy -f examples/Dockerfile .'],
    ['an unknown flag behind the command of a host', 'sh', 'claude mcp add x -- mcp-proxy https://a.example --colour'],
    ['a quote without an end', 'sh', "mcp-proxy 'https://server.example/mcp"],
    ['JSON with a comma too many', 'json', '{"mcpServers":{},}'],
    ['an entry without a URL', 'json', entry(['--allow-http'])],
    ['a variable that the entry does not set', 'json', entry(['https://a.example', '-H', 'A: ${X}'])],
    ['an entry of another program', 'json', '{"mcpServers":{"x":{"command":"npx","args":["mcp-remote"]}}}'],
    ['a message that the program does not write', 'text', 'mcp-proxy: something is wrong'],
  ])('%s', (_, language, text) => {
    expect(() => CHECKS.get(language)?.(block(language, text))).toThrow();
  });
});
