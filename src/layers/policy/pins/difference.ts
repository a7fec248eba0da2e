/** How two definitions of a tool differ, as people read it. Pure. */
import { printable } from '../../../core/redact.ts';

/** How much of a difference to show. */
export interface DifferenceLimits {
  /** About one tool. */
  readonly lines: number;
  /** Of one value. */
  readonly characters: number;
}

export interface Difference {
  /** One for each value that was there, and one for each that is there now. */
  readonly lines: readonly string[];
  /** How many changes are not among the lines. */
  readonly left: number;
  /** Whether every character that differs is in the lines. */
  readonly isWhole: boolean;
}

/** One value that differs. */
interface DifferingValue {
  readonly lines: readonly string[];
  readonly isWhole: boolean;
}

/** On stderr. */
export const FEW: DifferenceLimits = { lines: 20, characters: 300 };
/** Where the user decides. */
export const MANY: DifferenceLimits = { lines: 60, characters: 1_000 };
/** Levels of members that are compared one by one. */
const DEEPEST = 8;
/** Characters in front of the first difference of a value. */
const LEAD = 40;

/** The values that differ. Both texts are valid JSON. */
export function differenceOf(before: string, after: string, limits: DifferenceLimits): Difference {
  const lines: string[] = [];
  let [left, isWhole] = [0, true];
  for (const change of changesOf('', JSON.parse(before), JSON.parse(after), limits.characters)) {
    if (left > 0 || lines.length + change.lines.length > limits.lines) {
      left++;
      continue;
    }
    lines.push(...change.lines);
    isWhole &&= change.isWhole;
  }
  return { lines, left, isWhole: isWhole && left === 0 };
}

/** What a difference leaves out, in words; undefined when that is nothing. */
export function leftOut({ left, isWhole }: Difference): string | undefined {
  if (isWhole) return undefined;
  if (left === 0) return 'some values differ in more than is shown here';
  return `${left} more ${left === 1 ? 'change is' : 'changes are'} not shown here`;
}

function* changesOf(
  path: string,
  before: unknown,
  after: unknown,
  characters: number,
  depth = 0,
): Generator<DifferingValue> {
  if (isRecord(before) && isRecord(after) && depth < DEEPEST) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const inner = path === '' ? key : `${path}.${key}`;
      yield* changesOf(inner, own(before, key), own(after, key), characters, depth + 1);
    }
    return;
  }
  const [old, edited] = [spelled(before), spelled(after)];
  if (old === edited) return;
  const place = printable(path, 120);
  const { start, isWhole } = windowOn(old, edited, characters);
  const line = (sign: string, text: string): string => `  ${sign} ${place}: ${part(text, start, characters)}`;
  yield {
    lines: [...(before === undefined ? [] : [line('-', old)]), ...(after === undefined ? [] : [line('+', edited)])],
    isWhole,
  };
}

/** Where to begin to show two texts, and whether so many characters from there include all that differs. */
function windowOn(old: string, edited: string, characters: number): { start: number; isWhole: boolean } {
  const shorter = Math.min(old.length, edited.length);
  let first = 0;
  while (first < shorter && old[first] === edited[first]) first++;
  let same = 0;
  while (same < shorter - first && old.at(-1 - same) === edited.at(-1 - same)) same++;
  const isShort = Math.max(old.length, edited.length) <= characters;
  const start = isShort ? 0 : Math.max(0, first - LEAD);
  return { start, isWhole: Math.max(old.length, edited.length) - same <= start + characters };
}

function part(text: string, start: number, characters: number): string {
  const end = start + characters;
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Non-ASCII letters are escaped, because a change may hide in letters that look alike or are not shown at all. */
function spelled(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
