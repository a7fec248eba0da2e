// Members with known keys are the same as those that the reader of any object finds.
import { describe, expect, it } from 'vitest';
import { type Json, JsonError, members, scanKnown } from '../../../src/core/json.ts';
import { objectText, seeded } from './random.ts';

const KEYS = ['a', 'name', '_meta', 'nAme', 'k1'];

/** The texts of the members, by their keys. */
function scanned(text: Json): Record<string, string> {
  const spans = new Int32Array(2 * KEYS.length).fill(7);
  const others = scanKnown(text, KEYS, spans) ?? [];
  const known = KEYS.flatMap((key, place) => {
    const end = spans[2 * place + 1] as number;
    return end === 0 ? [] : [[key, text.toString('utf8', spans[2 * place], end)]];
  });
  return Object.fromEntries([
    ...known,
    ...others.map(({ key, start, end }) => [key, text.toString('utf8', start, end)]),
  ]);
}

const read = (text: Json): Record<string, string> =>
  Object.fromEntries(members(text).map(({ key, start, end }) => [key, text.toString('utf8', start, end)]));

/** What a reader says of a text, or why it refuses it. */
function said(reader: (text: Json) => Record<string, string>, text: string): unknown {
  try {
    return reader(Buffer.from(text));
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
}

describe('scanKnown', () => {
  it.each([
    '{}',
    ' { } ',
    '{"name":"x"}',
    '{"name":"x","_meta":{},"a":[1]}',
    ' {"a" : 1 , "name" : null } ',
    '{"nAme":1,"name":2}',
    '{"n\\u0061me":"x","a":1}',
    '{"a":1,"other":2,"name":3}',
    '{"longer than any known key":1,"a":2}',
    '{"":1,"b":2}',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"other":1,"other":2}',
    '{"a":1} 2',
    '{"a":1,}',
    '{"a" 1}',
    '{"a":1;"name":2}',
    '{"name":tru}',
    '[]',
    '',
  ])('finds the same in %j as the reader of any object', (text) => {
    expect(said(scanned, text)).toEqual(said(read, text));
  });

  it('finds the same in objects of any kind', () => {
    const random = seeded(7);
    for (let i = 0; i < 500; i++) {
      const text = objectText(random).replace('{"', '{"name":0,"');
      expect(said(scanned, text), text).toEqual(said(read, text));
    }
  });
});
