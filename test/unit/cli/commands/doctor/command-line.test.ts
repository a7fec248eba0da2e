import { describe, expect, it } from 'vitest';
import { again, shellWords } from '../../../../../src/cli/commands/doctor/command-line.ts';
import { readTokens } from '../../../../../src/cli/flags/words.ts';

const typed = (...argv: string[]) => {
  const { flags, positionals, command } = readTokens(argv);
  return { url: positionals[0], flags, command };
};

describe('a command to type again', () => {
  it('has the URL, the flags about the server, and the placeholders as they were', () => {
    const words = [
      'https://x.test/mcp',
      '-H',
      'Authorization: Bearer ${TOKEN}',
      '--enable-proxy',
      '--json',
      '--log-level',
      'debug',
    ];
    expect(again('login', typed(...words))).toBe(
      "mcp-proxy login https://x.test/mcp --header 'Authorization: Bearer ${TOKEN}' --enable-proxy",
    );
  });

  it('has further flags before the command of a local server', () => {
    expect(again('doctor', typed('--cwd', '/a b', '--', 'npx', "it's"), ['--report'])).toBe(
      "mcp-proxy doctor --cwd '/a b' --report -- npx 'it'\\''s'",
    );
  });
});

it.each([
  ['', "''"],
  ['$(touch x)', "'$(touch x)'"],
  ['a;b', "'a;b'"],
  ['https://x.test/mcp?a=b&c', "'https://x.test/mcp?a=b&c'"],
])('a shell takes %j as it is', (word, quoted) => expect(shellWords([word])).toBe(quoted));
