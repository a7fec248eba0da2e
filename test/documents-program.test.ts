// What README.md and docs/flags.md say of the program is so: every flag, command and file that they name.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../src/cli/flags/args.ts';
import { OPTIONS, SUBCOMMANDS } from '../src/cli/flags/options.ts';

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

  it.each(OPTIONS)('says of --$name what --help says', (option) => {
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

const DOCUMENTS = ['README.md', 'docs/flags.md', 'docs/http-mode.md', 'docs/local-servers.md', 'docs/sign-in.md'];

describe.each(DOCUMENTS)('%s', (document) => {
  const text = read(document);
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const lines = blocks
    .flatMap((block) => block.replace(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/\s+#.*/, ''));
  const code = [
    ...lines,
    ...[...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, c = '']) => c),
  ];

  it('shows commands that the program takes', () => {
    const commands = lines
      .map((line) => /(?:^|\bmcp-proxy )mcp-proxy (.*)$/.exec(line)?.[1])
      .filter((c) => c !== undefined);
    for (const command of commands) {
      const action = parseArguments(command.split(' '), {}, () => 'token');
      expect(action.kind, command).toMatch(/^(run|run-command|login|logout|status)$/);
    }
    if (document === 'README.md') expect(commands.length).toBeGreaterThan(4);
  });

  it('names flags and subcommands of the program', () => {
    const own = code.filter((words) => !/^(npm|docker|openssl)\b/.test(words) || / mcp-proxy /.test(words));
    const flags = own.flatMap((words) => {
      const ours = words.startsWith('docker') ? words.slice(words.indexOf(' mcp-proxy ')) : words;
      return [...ours.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, name]) => name);
    });
    const known = new Set(OPTIONS.map(({ name }) => name));
    expect(flags.filter((name = '') => !known.has(name) && !OTHERS.has(name))).toEqual([]);
    const words = [...text.matchAll(/mcp-proxy (login|logout|status|completion|doctor|install|replay)\b/g)].map(
      ([, name]) => name,
    );
    const built = new Set(SUBCOMMANDS.filter(({ action }) => action).map(({ name }) => name));
    expect(words.filter((name = '') => !built.has(name))).toEqual([]);
  });

  it('names npm commands and files that exist', () => {
    for (const [, name = ''] of text.matchAll(/\bnpm run ([a-z]+)/g)) expect(Object.keys(scripts)).toContain(name);
    const files = code.flatMap(
      (words) => words.match(/(?<![\w/.@])(?:bin|docs|examples|scripts|src|test)\/[\w./-]+/g) ?? [],
    );
    for (const file of files) expect(existsSync(path.join(ROOT, file)), file).toBe(true);
    if (document === 'README.md') expect(files.length).toBeGreaterThan(1);
  });
});

/** Flags of npm, of the demo, and of Docker in the text; and `--flag value`. */
const OTHERS = new Set(['silent', 'demo', 'node', 'health-cmd', 'flag']);
