// `--help` is complete, compared with the table that parses the flags.
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../../src/cli/flags/args.ts';
import { SUBCOMMANDS } from '../../../../src/cli/flags/options.ts';
import { DESCRIBED as OPTIONS } from '../../../../src/cli/help/described-options.ts';
import { usageText } from '../../../../src/cli/help/usage.ts';

const usage = (all: boolean): string =>
  usageText({ version: '1.2.3', options: OPTIONS, subcommands: SUBCOMMANDS, all });

/** The text about each flag, on one line, by the flag's name. */
function explained(text: string): Map<string, string> {
  const entries = text.replace(/\n {28}/g, ' ').matchAll(/^ {2}(?:-\w, )?--([a-z-]+)(?: ([A-Z]\S*))? +(.*)$/gm);
  return new Map([...entries].map(([, name = '', value, meaning]) => [name, `${value ?? ''}|${meaning}`]));
}

describe.each([false, true])('with all: %s', (all) => {
  const text = usage(all);

  it('fits a terminal of 80 columns', () => {
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('begins with three examples, each of which the program takes', () => {
    expect(text.split('\n').slice(1, 3)).toEqual(['', 'Examples:']);
    const commands = [...text.matchAll(/^ {2}mcp-proxy (.*)$/gm)].map(([, words = '']) => words);
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
      const read = parseArguments(words, { TOKEN: 'secret' }, () => '');
      expect(read.kind).toBe('run');
    }
  });

  it('names every flag, and no other one', () => {
    const named = new Set([...text.matchAll(/--([a-z][a-z-]*)/g)].map(([, name]) => name));
    expect([...named].sort()).toEqual(OPTIONS.map(({ name }) => name).sort());
  });

  it('lists every command, rare ones only with all', () => {
    for (const { name, rare } of SUBCOMMANDS) expect(text.includes(`  ${name} `), name).toBe(all || !rare);
    expect(text).not.toMatch(/not available/);
  });

  it('explains flags with their values, meanings and defaults', () => {
    const entries = explained(text);
    const expected = OPTIONS.filter(({ rare }) => all || !rare).map((option) => {
      const choices = option.choices ? ` (${option.choices.join(', ')})` : '';
      const repeatable = option.repeatable ? '; repeatable' : '';
      const standard = option.default ? ` [${option.default}]` : '';
      return [option.name, `${option.value ?? ''}|${option.help}${choices}${repeatable}${standard}`];
    });
    expect(Object.fromEntries(entries)).toEqual(Object.fromEntries(expected));
  });
});

it('is short, unless all is asked for', () => {
  expect(usage(false).split('\n').length).toBeLessThan(60);
  expect(usage(false)).toContain('--help all explains every flag');
  expect(usage(true)).not.toMatch(/^ *also:/m);
});

it.each([
  [['--help'], false],
  [['-h'], false],
  [['--help', 'login'], false],
  [['https://server.example/mcp', '--help'], false],
  [['--help', 'all'], true],
  [['-h', 'all'], true],
  [['--help=all'], true],
])('%j asks for all: %s', (words, all) => {
  expect(parseArguments(words, {}, () => '')).toEqual({ kind: 'help', all, command: words[0] });
});
