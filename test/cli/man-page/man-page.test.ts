// man/mcp-proxy.1 agrees with the table of flags; `npm run man` writes it again.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SUBCOMMANDS } from '../../../src/cli/flags/options.ts';
import { DESCRIBED as OPTIONS } from '../../../src/cli/help/described-options.ts';
import { manPage } from './page.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FILE = path.join(ROOT, 'man', 'mcp-proxy.1');

const stored = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
// The day on which the page changed.
const [, date = ''] = /^\.TH MCP-PROXY 1 (\S+) /m.exec(stored) ?? [];
const page = manPage(OPTIONS, SUBCOMMANDS, date);
const isWriting = process.env.WRITE_MAN_PAGE === '1';

if (isWriting) {
  it('exists', () => {
    const today = new Date().toISOString().slice(0, 10);
    if (page !== stored) writeFileSync(FILE, manPage(OPTIONS, SUBCOMMANDS, today));
  });
} else {
  it('is up to date; if not: npm run man', () => expect(stored).toBe(page));
}

it('is part of the package', () => {
  const { files, man } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  expect(man).toEqual(['./man/mcp-proxy.1']);
  expect(files).toContain('man');
});

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['mandoc', ['-T', 'lint', '-W', 'warning']],
  ['groff', ['-ww', '-man', '-T', 'utf8', '-z']],
  ['man', ['--warnings', '-E', 'UTF-8', '-l']],
];
const isInstalled = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;

it.runIf(!isWriting).each(CHECKS.filter(([command]) => isInstalled(command)))(
  '%s finds nothing wrong',
  (command, args) => {
    const { stdout, stderr } = spawnSync(command, [...args, FILE], { encoding: 'utf8' });
    expect(command === 'man' ? stderr : stdout + stderr).toBe('');
  },
);

it.runIf(!isWriting && isInstalled('mandoc'))('shows every flag as users type it', () => {
  const { stdout } = spawnSync('mandoc', ['-T', 'ascii', FILE], { encoding: 'utf8' });
  // The formatter prints bold and underlined characters over each other.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a backspace stands between them
  const shown = stdout.replace(/.\u0008/g, '').replace(/\s+/g, ' ');
  for (const { name, short, value } of OPTIONS) {
    const flag = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`} `;
    expect(shown).toContain(flag);
  }
});
