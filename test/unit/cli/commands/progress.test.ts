// The line about what a command is doing: when it appears, what it says, and when it disappears.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { canRewrite, fitted, Progress } from '../../../../src/cli/commands/progress.ts';
import { redactor } from '../../../../src/core/redact.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ERASE = '\r\u001b[2K';

function progressOn(columns = 80) {
  const written: string[] = [];
  const logged: string[] = [];
  const options = { after: 500, columns: () => columns, redact: redactor(['topsecret']) };
  const log = { info: (line: string) => void logged.push(line) };
  return {
    written,
    logged,
    line: new Progress({ ...options, write: (text) => void written.push(text), log }),
    plain: new Progress({ ...options, write: undefined, log }),
  };
}

describe('on a line that can be rewritten', () => {
  it('a step is shown after half a second, and then with its seconds', () => {
    const { line, written } = progressOn();
    line.step('signing out');
    vi.advanceTimersByTime(499);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual([`${ERASE}signing out …`]);
    vi.advanceTimersByTime(1_000);
    expect(written.slice(1)).toEqual([`${ERASE}signing out … 1 s`]);
  });

  it('a step that ends in time is never shown', () => {
    const { line, written } = progressOn();
    line.step('signing out');
    line.end();
    vi.advanceTimersByTime(10_000);
    expect(written).toEqual([]);
  });

  it('the next step takes the place of one that is shown, at once', () => {
    const { line, written } = progressOn();
    line.step('asking');
    vi.advanceTimersByTime(500);
    line.step('checking');
    expect(written).toEqual([`${ERASE}asking …`, `${ERASE}checking …`]);
  });

  it('a step names the host that it waits for', () => {
    const { line, written } = progressOn();
    line.step('asking');
    const answered = line.waitFor('server.example');
    vi.advanceTimersByTime(500);
    answered();
    expect(written).toEqual([`${ERASE}asking: waiting for server.example …`, `${ERASE}asking …`]);
  });

  it('a host is named outside of any step, too, until it has answered', () => {
    const { line, written } = progressOn();
    const [first, second] = [line.waitFor('one.example'), line.waitFor('two.example')];
    vi.advanceTimersByTime(500);
    first();
    second();
    second();
    vi.advanceTimersByTime(10_000);
    expect(written).toEqual([`${ERASE}waiting for one.example …`, `${ERASE}waiting for two.example …`, ERASE]);
  });

  it('other output stands above it', () => {
    const { line, written } = progressOn();
    line.above(() => written.push('early\n'));
    line.step('asking');
    vi.advanceTimersByTime(500);
    line.above(() => written.push('late\n'));
    line.end();
    line.end();
    expect(written).toEqual(['early\n', `${ERASE}asking …`, ERASE, 'late\n', `${ERASE}asking …`, ERASE]);
  });

  it('secrets are hidden, and controls are gone', () => {
    const { line, written } = progressOn();
    line.step('a\u001b[31m\r\ntopsecret');
    vi.advanceTimersByTime(500);
    expect(written).toEqual([`${ERASE}a [31m *** …`]);
  });

  it('the line does not wrap', () => {
    const { line, written } = progressOn(20);
    line.step('0123456789'.repeat(3));
    vi.advanceTimersByTime(12_500);
    expect(written.at(0)).toBe(`${ERASE}01234567890123456 …`);
    expect(written.at(-1)).toBe(`${ERASE}012345678901 … 12 s`);
  });
});

describe('elsewhere', () => {
  it('each step that takes its time is one line of the log, once', () => {
    const { plain, logged } = progressOn();
    plain.step('fast');
    plain.step('asking');
    vi.advanceTimersByTime(5_000);
    plain.step('checking');
    vi.advanceTimersByTime(5_000);
    plain.step('asking');
    vi.advanceTimersByTime(5_000);
    plain.end();
    expect(logged).toEqual(['asking', 'checking']);
  });

  it('so is each host', () => {
    const { plain, logged } = progressOn();
    plain.step('asking');
    for (const host of ['one.example', 'two.example', 'one.example']) {
      const answered = plain.waitFor(host);
      vi.advanceTimersByTime(500);
      answered();
    }
    expect(logged).toEqual(['asking: waiting for one.example', 'asking: waiting for two.example']);
  });
});

it.each([
  ['short', ' …', 80, 'short …'],
  ['0123456789', ' …', 12, '012345678 …'],
  ['漢字漢字漢字', ' …', 10, '漢字漢 …'],
  ['😀😀😀', ' …', 8, '😀😀 …'],
  ['text', ' …', 2, ''],
  ['text', ' …', 1, ''],
])('%s and %s fit into %i columns', (text, end, columns, expected) => {
  expect(fitted(text, end, columns)).toBe(expected);
});

it.each<[boolean, Record<string, string>, boolean]>([
  [true, { TERM: 'xterm' }, true],
  [true, {}, true],
  [true, { NO_COLOR: '', CI: '' }, true],
  [true, { CI: 'false' }, true],
  [false, { TERM: 'xterm' }, false],
  [true, { TERM: 'dumb' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { CI: 'true' }, false],
  [true, { CI: '1' }, false],
])('a terminal: %s, %j: rewrites lines: %s', (isTTY, env, expected) => {
  expect(canRewrite({ isTTY, env })).toBe(expected);
});
