// The scanner against JSON.parse, the reference everybody agrees on: the same texts are accepted, and the same is
// read from them.
import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import {
  arrayOf,
  asString,
  elements,
  isArray,
  isObject,
  type Json,
  JsonError,
  members,
  parseValue,
  withMember,
} from '../../../src/core/json.ts';
import { mutated, objectText, seeded, valueText } from './random.ts';

const ROUNDS = 2_000;

function accepts(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof JsonError || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Where the scanner reads something else than JSON.parse, or undefined when nowhere. */
function difference(text: Json, expected: unknown, at = '$'): string | undefined {
  if (isObject(text)) {
    if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) return `${at}: an object`;
    const all = members(text);
    if (all.length !== Object.keys(expected).length) return `${at}: ${all.length} members`;
    for (const m of all) {
      if (!Object.hasOwn(expected, m.key)) return `${at}: key ${JSON.stringify(m.key)}`;
      const value = (expected as Record<string, unknown>)[m.key];
      const found = difference(text.subarray(m.start, m.end), value, `${at}.${m.key}`);
      if (found) return found;
    }
    return undefined;
  }
  if (isArray(text)) {
    const items = elements(text);
    if (!Array.isArray(expected) || items.length !== expected.length) return `${at}: ${items.length} elements`;
    for (const [i, item] of items.entries()) {
      const found = difference(item, expected[i], `${at}[${i}]`);
      if (found) return found;
    }
    return undefined;
  }
  const value = asString(text) ?? (JSON.parse((text as Buffer).toString('utf8')) as unknown);
  return Object.is(value, expected) ? undefined : `${at}: ${JSON.stringify(value)}`;
}

describe('texts that are JSON', () => {
  it('are read as JSON.parse reads them, member by member', () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const text = valueText(seeded(seed));
      const found = difference(parseValue(Buffer.from(` ${text}\n`)), JSON.parse(text));
      if (found) wrong.push(`seed ${seed}: ${found} in ${text}`);
    }
    expect(wrong).toEqual([]);
  });

  it('come back byte for byte when taken apart and put together', () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = seeded(seed);
      const items = Array.from({ length: random.int(4) }, () => Buffer.from(valueText(random)));
      const joined = arrayOf(items);
      const again = elements(joined);
      if (again.length !== items.length || !again.every((item, i) => item.equals(items[i] as Buffer)))
        wrong.push(`seed ${seed}`);
    }
    expect(wrong).toEqual([]);
  });

  it('keep every other byte when one member is set', () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = seeded(seed);
      const text = Buffer.from(objectText(random));
      const before = members(text);
      const known = before.length > 0 && random.chance(0.7) ? random.pick(before) : undefined;
      const key = known?.key ?? 'a key that no object has';
      const value = Buffer.from(valueText(random, 1));
      const result = withMember(text, key, value);
      const after = members(result);
      const textOf = (m: { start: number; end: number }, of: Buffer): string => of.toString('utf8', m.start, m.end);
      const ok =
        after.length === before.length + (known ? 0 : 1) &&
        after.every((m, i) => {
          const old = before[i];
          if (m.key === key) return textOf(m, result) === value.toString();
          return old?.key === m.key && textOf(m, result) === textOf(old, text);
        }) &&
        result.length ===
          text.length +
            value.length -
            (known ? known.end - known.start : 0) +
            (known ? 0 : JSON.stringify(key).length + (before.length > 0 ? 2 : 1));
      if (!ok) wrong.push(`seed ${seed}: ${text} -> ${result}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('texts that were damaged', () => {
  it('are accepted exactly when JSON.parse accepts them', () => {
    const wrong: string[] = [];
    let accepted = 0;
    let refused = 0;
    for (let seed = 1; seed <= ROUNDS * 5; seed++) {
      const random = seeded(seed);
      const text = mutated(random, Buffer.from(valueText(random)));
      if (!isUtf8(text)) continue;
      const expected = accepts(() => JSON.parse(text.toString('utf8')));
      if (expected) accepted++;
      else refused++;
      if (accepts(() => parseValue(text)) !== expected)
        wrong.push(`seed ${seed}: ${JSON.stringify(text.toString('utf8'))}`);
    }
    expect(wrong).toEqual([]);
    // A generator that only ever makes one of the two would prove nothing.
    expect(accepted).toBeGreaterThan(ROUNDS / 2);
    expect(refused).toBeGreaterThan(ROUNDS);
  });

  it('have members exactly when JSON.parse finds an object in them, and no key twice', () => {
    const wrong: string[] = [];
    let duplicates = 0;
    for (let seed = 1; seed <= ROUNDS * 5; seed++) {
      const random = seeded(seed);
      const text = mutated(random, Buffer.from(objectText(random)));
      if (!isUtf8(text)) continue;
      let parsed: unknown;
      const valid = accepts(() => {
        parsed = JSON.parse(text.toString('utf8'));
      });
      const isAnObject = valid && typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
      try {
        const found = members(text);
        if (!isAnObject || found.length !== Object.keys(parsed as object).length) wrong.push(`seed ${seed}: ${text}`);
      } catch (error) {
        if (!(error instanceof JsonError)) throw error;
        const duplicate = /^duplicate key/.test(error.message);
        if (duplicate) duplicates++;
        if (isAnObject && !duplicate) wrong.push(`seed ${seed}: ${text}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(duplicates).toBeGreaterThan(0);
  });

  it('have elements exactly when JSON.parse finds an array in them', () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = seeded(seed);
      const text = mutated(random, Buffer.from(`[${valueText(random, 2)},${valueText(random, 2)}]`));
      if (!isUtf8(text)) continue;
      let count: number | undefined;
      accepts(() => {
        const parsed: unknown = JSON.parse(text.toString('utf8'));
        if (Array.isArray(parsed)) count = parsed.length;
      });
      let found: number | undefined;
      accepts(() => {
        found = elements(text).length;
      });
      if (found !== count) wrong.push(`seed ${seed}: ${text}`);
    }
    expect(wrong).toEqual([]);
  });
});
