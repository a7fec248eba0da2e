// The scanner and JSON.parse must accept the same texts, and read the same from them.
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
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
import { arrayText, damaged, objectText, valueText } from './json-arbitraries.ts';

const RUNS = { numRuns: 1_000 };
const MORE_RUNS = { numRuns: 3_000 };

function accepts(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof JsonError || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The place where the scanner reads something else than JSON.parse; undefined if there is none. */
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
    const isSame = (text: string): void => {
      expect(difference(parseValue(Buffer.from(` ${text}\n`)), JSON.parse(text))).toBeUndefined();
    };
    fc.assert(fc.property(valueText, isSame), RUNS);
  });

  it('come back byte for byte when taken apart and put together', () => {
    const comeBack = (texts: string[]): void => {
      const items = texts.map((text) => Buffer.from(text));
      expect(elements(arrayOf(items)).map(String)).toEqual(texts);
    };
    fc.assert(fc.property(fc.array(valueText, { maxLength: 4 }), comeBack), RUNS);
  });

  it('keep every other byte when one member is set', () => {
    const keeps = (object: string, which: number, own: string): void => {
      const text = Buffer.from(object);
      const before = members(text);
      // In half of the cases, a member that exists.
      const known = which % 2 === 0 ? before[which % (before.length || 1)] : undefined;
      const key = known?.key ?? 'a key that no object has';
      const result = withMember(text, key, Buffer.from(own));
      const texts = (of: Buffer) => members(of).map((m) => [m.key, of.toString('utf8', m.start, m.end)]);
      const kept = texts(text).map(([name, value]) => (name === key ? [name, own] : [name, value]));
      expect(texts(result)).toEqual(
        known ? kept : kept.length === 0 ? [[key, own]] : expect.arrayContaining([...kept, [key, own]]),
      );
      const added = known ? 0 : JSON.stringify(key).length + (before.length > 0 ? 2 : 1);
      const removed = known ? known.end - known.start : 0;
      expect(result.length).toBe(text.length + Buffer.byteLength(own) - removed + added);
    };
    fc.assert(fc.property(objectText, fc.nat(), valueText, keeps), RUNS);
  });
});

describe('texts that were damaged', () => {
  it('are accepted exactly when JSON.parse accepts them', () => {
    const seen = { accepted: 0, refused: 0 };
    const isSame = (text: Buffer): void => {
      fc.pre(isUtf8(text));
      const expected = accepts(() => JSON.parse(text.toString('utf8')));
      seen[expected ? 'accepted' : 'refused']++;
      expect(accepts(() => parseValue(text))).toBe(expected);
    };
    fc.assert(fc.property(damaged(valueText), isSame), MORE_RUNS);
    // A generator that only makes one of the two kinds would prove nothing.
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(MORE_RUNS.numRuns / 10);
  });

  it('have members exactly when JSON.parse finds an object in them, and no key twice', () => {
    let duplicates = 0;
    const isSame = (text: Buffer): void => {
      fc.pre(isUtf8(text));
      let parsed: unknown;
      const isAnObject =
        accepts(() => {
          parsed = JSON.parse(text.toString('utf8'));
        }) &&
        typeof parsed === 'object' &&
        parsed !== null &&
        !Array.isArray(parsed);
      try {
        expect(members(text)).toHaveLength(isAnObject ? Object.keys(parsed as object).length : -1);
      } catch (error) {
        if (!(error instanceof JsonError)) throw error;
        const isDuplicate = /^duplicate key/.test(error.message);
        if (isDuplicate) duplicates++;
        expect(isAnObject && !isDuplicate).toBe(false);
      }
    };
    const twice = fc.tuple(objectText, objectText).map(([one, other]) => `${one.slice(0, -1)},${other.slice(1)}`);
    fc.assert(fc.property(damaged(fc.oneof(objectText, twice)), isSame), MORE_RUNS);
    expect(duplicates).toBeGreaterThan(0);
  });

  it('have elements exactly when JSON.parse finds an array in them', () => {
    const isSame = (text: Buffer): void => {
      fc.pre(isUtf8(text));
      let count: number | undefined;
      accepts(() => {
        const parsed: unknown = JSON.parse(text.toString('utf8'));
        if (Array.isArray(parsed)) count = parsed.length;
      });
      let found: number | undefined;
      accepts(() => {
        found = elements(text).length;
      });
      expect(found).toBe(count);
    };
    fc.assert(fc.property(damaged(arrayText), isSame), RUNS);
  });
});
