/** What the doctor writes for people: aligned columns, at most 80 characters a line. Pure. */
import { printable } from '../../../core/redact.ts';
import type { Check, Mark, NextStep } from './examination.ts';

const WIDTH = 80;
/** The column of the text: after the number, the mark and the title. */
const COLUMN = 25;
/** Skipped checks are written together from this many on. */
const TOGETHER = 3;
/** Room for the time at the end of the first line. */
const TIME = 9;
/** Longer texts of servers and configurations are cut, in UTF-16 units. */
const LONGEST = 600;

/** Puts an SGR sequence (ECMA-48) around a text, or leaves it as it is. */
export type Paint = (text: string, colour: Colour) => string;
type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

const CODES: Readonly<Record<Colour, number>> = { green: 32, yellow: 33, red: 31, dim: 2, bold: 1 };

export const plain: Paint = (text) => text;
export const coloured: Paint = (text, colour) => `\u001b[${CODES[colour]}m${text}\u001b[0m`;

const MARKS: Readonly<Record<Mark, readonly [word: string, colour: Colour]>> = {
  ok: ['ok', 'green'],
  warn: ['warn', 'yellow'],
  fail: ['FAIL', 'red'],
  skip: ['skip', 'dim'],
};

/** Several checks in a row. Those that were skipped for the same reason are written together. */
export function checksLines(checks: readonly Check[], paint: Paint): string[] {
  const [first] = checks;
  const last = checks.at(-1);
  if (!first || !last || checks.length < TOGETHER) return checks.flatMap((check) => checkLines(check, paint));
  const numbers = `${first.number} to ${last.number}`;
  const head = `    ${paint('skip', 'dim')}  ${numbers.padEnd(COLUMN - 10)}`;
  const names = checks.map(({ title }) => title).join(', ');
  return [head + paint(first.text, 'dim'), ...below(names).map((line) => paint(line, 'dim'))];
}

/** One check: its line, and the lines of its details below. */
function checkLines({ number, mark, title, text, details = [], ms }: Check, paint: Paint): string[] {
  const [word, colour] = MARKS[mark];
  const [first = '', ...rest] = wrapped(printable(text, LONGEST), WIDTH - COLUMN - (ms === undefined ? 0 : TIME));
  const head = `${String(number).padStart(2)}  ${paint(word.padEnd(4), colour)}  ${title.padEnd(COLUMN - 10)}`;
  const time = ms === undefined ? '' : timeOf(ms);
  const shown = mark === 'skip' ? paint(first, 'dim') : first;
  const line = head + shown + (time === '' ? '' : paint(time.padStart(WIDTH - COLUMN - first.length), 'dim'));
  return [line, ...rest.map((more) => ' '.repeat(COLUMN) + more), ...details.flatMap(below)];
}

function below(text: string): string[] {
  return wrapped(printable(text, LONGEST), WIDTH - COLUMN - 2).map((line) => ' '.repeat(COLUMN + 2) + line);
}

/** Whether a check belongs together with those before it. */
export function continues(before: readonly Check[], { mark, text }: Check): boolean {
  const [first] = before;
  return first === undefined || (mark === 'skip' && first.mark === 'skip' && first.text === text);
}

/** The checks in groups, each of which is written together. */
export function grouped(checks: readonly Check[]): Check[][] {
  const groups: Check[][] = [];
  for (const check of checks) {
    const last = groups.at(-1);
    if (last && continues(last, check)) last.push(check);
    else groups.push([check]);
  }
  return groups;
}

/** `12 ms`, `3.4 s`; nothing for what took no time. */
function timeOf(ms: number): string {
  if (ms < 1) return '';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** The end: what to do, with the command on lines of its own. */
export function nextLines({ say, command }: NextStep, paint: Paint): string[] {
  const said = wrapped(printable(say, LONGEST), WIDTH - 2).map((line) => `  ${line}`);
  return [
    paint('Next step', 'bold'),
    ...said,
    ...(command === undefined ? [] : ['', `    ${printable(command, 2_000)}`]),
  ];
}

/** Lines of at most `width` characters, broken at spaces; a longer word has a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
