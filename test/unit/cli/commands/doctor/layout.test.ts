import { describe, expect, it } from 'vitest';
import type { Check } from '../../../../../src/cli/commands/doctor/examination.ts';
import { checksLines, coloured, grouped, nextLines, plain } from '../../../../../src/cli/commands/doctor/layout.ts';

const check = (more: Partial<Check> = {}): Check => ({
  number: 1,
  id: 'x',
  title: 'Settings',
  mark: 'ok',
  text: 'fine',
  ms: 12,
  ...more,
});
const skipped = (number: number, text = 'not needed'): Check =>
  check({ number, mark: 'skip', text, title: `Check ${number}`, ms: undefined });

describe('a check', () => {
  it('is a line with its columns, and the time at the end', () => {
    const [line = '', ...rest] = checksLines([check()], plain);
    expect(line).toBe(`${' 1  ok    Settings       fine'.padEnd(75)}12 ms`);
    expect(rest).toEqual([]);
  });

  it.each([0.4, undefined])('shows no time for %s', (ms) => {
    expect(checksLines([check({ ms })], plain)).toEqual([' 1  ok    Settings       fine']);
  });

  it('never has a line of more than 80 characters, however long its texts are', () => {
    const text = 'word '.repeat(60);
    const lines = checksLines([check({ text, details: [text, text], ms: 123_456 })], plain);
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(checksLines([check({ text, ms: undefined, mark: 'skip' })], plain).map((l) => l.length <= 80)).not.toContain(
      false,
    );
  });

  it('shows nothing that a terminal would act on', () => {
    const [line] = checksLines([check({ text: 'a\u001b[31mb\nc' })], plain);
    expect(line).toContain('a [31mb c');
  });

  it('has its mark in colour, and nothing else of its words', () => {
    expect(checksLines([check({ mark: 'fail' })], coloured)[0]).toContain('\u001b[31mFAIL\u001b[0m  Settings');
  });
});

describe('checks that were skipped', () => {
  it('are written together from three on, if the reason is the same', () => {
    const groups = grouped([
      check(),
      skipped(2),
      skipped(3),
      skipped(4),
      skipped(5, 'another reason'),
      check({ number: 6 }),
    ]);
    expect(groups.map((group) => group.map(({ number }) => number))).toEqual([[1], [2, 3, 4], [5], [6]]);
    expect(checksLines(groups[1] ?? [], plain)).toEqual([
      '    skip  2 to 4         not needed',
      '                           Check 2, Check 3, Check 4',
    ]);
  });

  it('have lines of their own when there are two', () => {
    expect(checksLines([skipped(2), skipped(3)], plain)).toHaveLength(2);
  });
});

it('the next step keeps its command on one line, to be copied', () => {
  const command = `mcp-proxy login https://server.example/${'x'.repeat(100)}`;
  expect(nextLines({ say: 'Sign in:', command }, plain)).toEqual(['Next step', '  Sign in:', '', `    ${command}`]);
});
