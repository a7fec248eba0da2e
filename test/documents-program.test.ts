// What the pages say of the program is so: every flag, command and file that they name.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SUBCOMMANDS } from '../src/cli/flags/options.ts';
import { DESCRIBED as OPTIONS } from '../src/cli/help/described-options.ts';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

const plain = (cell: string): string =>
  cell
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`\\]/g, '')
    .trim();

describe('docs/flags.md', () => {
  const rows = [...read('docs/flags.md').matchAll(/^\| (`--.*) \|$/gm)].map(([, row = '']) =>
    row.split(/(?<!\\)\|/).map(plain),
  );

  it('has one row for each flag, and none for anything else', () => {
    const names = rows.map(([flag = '']) => /^--([a-z-]+)/.exec(flag)?.[1]);
    expect(names.sort()).toEqual(OPTIONS.map(({ name }) => name).sort());
  });

  it.each(OPTIONS)('describes --$name as --help does', (option) => {
    const [flag = '', meaning = '', standard] =
      rows.find(([name = '']) => name.split(/[ ,]/)[0] === `--${option.name}`) ?? [];
    expect(meaning.startsWith(option.help), `"${meaning}" and "${option.help}"`).toBe(true);
    expect(meaning.includes('; repeatable')).toBe(option.repeatable === true);
    if (option.choices) expect(meaning).toContain(`: ${option.choices.join(', ')}`);
    expect(standard).toBe(option.default ?? '');
    if (option.short) expect(flag).toContain(`-${option.short}`);
    expect(
      flag.replaceAll("'", '').endsWith(option.value ? ` ${option.value}` : option.name) || option.short,
    ).toBeTruthy();
  });
});

/** The pages that people write; test/documents/blocks.test.ts checks the blocks in them. */
const PAGES = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  ...['flags', 'hosts', 'http-mode', 'local-servers', 'providers', 'sign-in', 'team', 'troubleshooting'].map(
    (n) => `docs/${n}.md`,
  ),
];

/** The code within the sentences of a page. */
const codeIn = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

const filesIn = (text: string): string[] =>
  codeIn(text).flatMap((words) => words.match(/(?<![\w/.@…])(?:bin|docs|examples|scripts|src|test)\/[\w./-]+/g) ?? []);

describe.each(PAGES)('%s', (document) => {
  const text = read(document);

  it('names flags and subcommands of the program', () => {
    const flags = codeIn(text)
      .filter((words) => !/^(npm|npx|claude|gemini|opencode|node) /.test(words))
      .flatMap((words) => [...words.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, name = '']) => name));
    const known = new Set(OPTIONS.map(({ name }) => name));
    expect(flags.filter((name) => !known.has(name) && !OTHERS.has(name))).toEqual([]);
    const words = [...text.matchAll(/mcp-proxy (login|logout|status|completion|doctor|install|replay)\b/g)].map(
      ([, name]) => name,
    );
    const built = new Set(SUBCOMMANDS.map(({ name }) => name));
    expect(words.filter((name = '') => !built.has(name))).toEqual([]);
  });

  it('names npm commands and files that exist', () => {
    for (const [, name = ''] of text.matchAll(/\bnpm run ([a-z:]+)/g)) expect(Object.keys(scripts)).toContain(name);
    for (const file of filesIn(text)) expect(existsSync(path.join(ROOT, file)), file).toBe(true);
  });
});

it('the pages have flags and files to check', () => {
  const code = PAGES.flatMap((page) => codeIn(read(page)));
  expect(code.filter((words) => words.startsWith('--')).length).toBeGreaterThan(50);
  expect(PAGES.flatMap((page) => filesIn(read(page))).length).toBeGreaterThan(5);
});

/** Flags of npm and of Docker, and of the project scope of Claude Code, in the text; and `--flag value`. */
const OTHERS = new Set(['silent', 'health-cmd', 'scope', 'flag', 'write', 'write-docs', 'minutes', 'docs', 'targets']);
