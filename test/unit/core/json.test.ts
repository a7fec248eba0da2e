import { describe, expect, it } from 'vitest';
import {
  arrayOf,
  asString,
  decode,
  elements,
  encode,
  isArray,
  isObject,
  JsonError,
  member,
  members,
  parseValue,
  withMember,
} from '../../../src/core/json.ts';

const json = (text: string): Buffer => Buffer.from(text);

function values(text: string): Record<string, string> {
  const bytes = json(text);
  return Object.fromEntries(members(bytes).map((m) => [m.key, bytes.toString('utf8', m.start, m.end)]));
}

describe('parseValue', () => {
  it('returns the value without the space around it, and the same bytes when there is none', () => {
    expect(parseValue(json(' \t\r\n{"a": 1 }\n')).toString()).toBe('{"a": 1 }');
    const exact = json('[1,2]');
    expect(parseValue(exact)).toBe(exact);
  });

  it.each([
    '',
    ' ',
    '\ufeff1',
    '1 2',
    '{}{}',
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    '1e',
    '0x1',
    'tru',
    'True',
    'nulll',
    'NaN',
    "'a'",
    '{a:1}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{"a":1]',
    '[1}',
    '"\t"',
    '"\\u12g4"',
    '\u00a01',
    '[1]\u0000',
    '//x\n1',
  ])('refuses %j', (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(() => parseValue(json(text))).toThrow(JsonError);
  });

  it('tells at which byte it stopped', () => {
    const caught = (): unknown => {
      try {
        return parseValue(json('{"é":tru}'));
      } catch (error) {
        return error;
      }
    };
    expect(caught()).toMatchObject({ name: 'JsonError', offset: 9, message: expect.stringMatching(/ at byte 9$/) });
  });
});

describe('numbers', () => {
  it.each([
    '12345678901234567890',
    '-0',
    '1.0',
    '1E+2',
    '1e400',
    '0.1000000000000000055511151231257827',
    `${'9'.repeat(5_000)}`,
  ])('%.30s keeps its text', (number) => {
    expect(values(`{"n":${number}}`)).toEqual({ n: number });
    expect(withMember(json(`{"n":${number},"m":1}`), 'm', json('2')).toString()).toBe(`{"n":${number},"m":2}`);
  });
});

describe('keys', () => {
  it('are decoded, so that no spelling hides one', () => {
    expect(values('{"\\u0061":1,"\\/":2,"\\ud83e\\uddea":3,"é":4}')).toEqual({ a: '1', '/': '2', '🧪': '3', é: '4' });
    expect(member(json('{"n\\u0061me":"x"}'), 'name')?.toString()).toBe('"x"');
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"\\u00e9":1,"é":2}',
    '{"/":1,"b":2,"\\/":3}',
    '{"":1,"":2}',
    '{"\\ud83e\\uddea":1,"🧪":2}',
  ])('that stand twice are refused: %s', (text) => {
    expect(() => members(json(text))).toThrow(/duplicate key/);
    expect(() => withMember(json(text), 'x', json('1'))).toThrow(JsonError);
  });

  it('may stand twice where nobody looks', () => {
    expect(values('{"a":{"b":1,"b":2}}')).toEqual({ a: '{"b":1,"b":2}' });
  });

  it('called like members of every object are ordinary', () => {
    expect(members(json('{"__proto__":1,"constructor":2,"toString":3,"hasOwnProperty":4}')).map((m) => m.key)).toEqual([
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
    ]);
    expect(member(json('{"a":1}'), 'constructor')).toBeUndefined();
  });

  it('are quoted and cut in a message', () => {
    const key = `${'k'.repeat(500)}\\u001b[31m`;
    expect(() => members(json(`{"${key}":1,"${key}":2}`))).toThrow(/^duplicate key "k{80}" at byte \d+$/);
  });
});

describe('withMember', () => {
  it.each([
    ['{}', '{"k":0}'],
    ['{ }', '{ "k":0}'],
    [' { "a" : 1 } ', ' { "a" : 1 ,"k":0} '],
    ['{"k":{"deep":[1]},"z":2}', '{"k":0,"z":2}'],
    ['{"a":"}","\\u006b" : "}" }', '{"a":"}","\\u006b" : 0 }'],
    ['{"a":"k"}', '{"a":"k","k":0}'],
  ])('%s', (before, after) => {
    expect(withMember(json(before), 'k', json('0')).toString()).toBe(after);
  });

  it('writes any key as JSON', () => {
    const text = withMember(json('{}'), 'a"\\\n\u2028é', json('true'));
    expect(JSON.parse(text.toString())).toEqual({ 'a"\\\n\u2028é': true });
  });

  it.each(['[]', '"a"', '1', '', '{"a":1', '{"a":1} x'])('refuses %j', (text) => {
    expect(() => withMember(json(text), 'k', json('0'))).toThrow(JsonError);
  });
});

describe('arrays', () => {
  it('are made of their elements, byte for byte', () => {
    expect(arrayOf([]).toString()).toBe('[]');
    expect(arrayOf([json('1.0')]).toString()).toBe('[1.0]');
    expect(arrayOf([json('{ }'), json('"\\/"'), json('null')]).toString()).toBe('[{ },"\\/",null]');
  });

  it('give their elements without the space around them', () => {
    expect(elements(json(' [ 1 ,\n{"a":[2,3]} , "x,]" ] ')).map(String)).toEqual(['1', '{"a":[2,3]}', '"x,]"']);
    expect(elements(json('[ ]'))).toEqual([]);
  });

  it.each(['{}', '1', '', '[1', '[1,]', '[1]]'])('are not found in %j', (text) => {
    expect(() => elements(json(text))).toThrow(JsonError);
  });
});

describe('kinds', () => {
  it('are told by the first byte', () => {
    expect([
      isObject(json('{}')),
      isObject(json('[]')),
      isObject(undefined),
      isArray(json('[]')),
      isArray(json('{}')),
    ]).toEqual([true, false, false, true, false]);
  });

  it.each([
    ['"a\\u0062\\n"', 'ab\n'],
    ['""', ''],
    ['1', undefined],
    ['null', undefined],
    ['["a"]', undefined],
  ])('the string in %s', (text, expected) => {
    expect(asString(json(text))).toBe(expected);
  });

  it('of absent values are none', () => {
    expect(asString(undefined)).toBeUndefined();
    expect(member(json('{"a":1}'), 'b')).toBeUndefined();
  });

  it('encode and decode are JSON', () => {
    const value = { a: [1, 'é\u2028', null], b: { c: true } };
    expect(decode(encode(value))).toEqual(value);
  });
});

describe('hostile texts', () => {
  const nested = (open: string, close: string, depth: number): Buffer => json(open.repeat(depth) + close.repeat(depth));

  it('nested to the cap pass, deeper ones are refused', () => {
    expect(parseValue(nested('[', ']', 2_000)).length).toBe(4_000);
    expect(() => parseValue(nested('[', ']', 2_001))).toThrow(/nested deeper than 2000/);
    expect(() => parseValue(json(`${'{"a":'.repeat(2_001)}1${'}'.repeat(2_001)}`))).toThrow(/nested deeper than 2000/);
  });

  it('that only ever open are refused, however long', () => {
    for (const open of ['[', '{"a":', '[{"a":[', '{'])
      expect(() => parseValue(json(open.repeat(300_000)))).toThrow(JsonError);
  });

  it('do not spoil the next one: the scanner keeps nothing', () => {
    expect(() => parseValue(json('[[[{"a":[1,'))).toThrow(JsonError);
    expect(parseValue(json('{"a":[{"b":1}]}')).length).toBe(15);
  });

  it('with very many members, elements, escapes or spaces are read to the end', () => {
    const count = 100_000;
    const keys = Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join(',');
    expect(members(json(`{${keys}}`))).toHaveLength(count);
    expect(elements(json(`[${'0,'.repeat(count)}0]`))).toHaveLength(count + 1);
    expect(asString(json(`"${'\\\\'.repeat(count)}"`))).toHaveLength(count);
    expect(asString(json(`"${'\\u0061'.repeat(count)}"`))).toBe('a'.repeat(count));
    expect(parseValue(json(`${' '.repeat(count)}1${'\n'.repeat(count)}`)).toString()).toBe('1');
    expect(() => parseValue(json(`"${'\\'.repeat(count + 1)}`))).toThrow(JsonError);
  });

  it('with keys that collide are refused among very many others', () => {
    const keys = Array.from({ length: 50_000 }, (_, i) => `"k${i}":${i}`).join(',');
    expect(() => members(json(`{${keys},"\\u006b7":0}`))).toThrow(/duplicate key "k7"/);
  });
});

describe('reading the same text again', () => {
  it('gives the same members and values, also after another text', () => {
    const text = json('{"params":{"a":1}}');
    const params = member(text, 'params');
    const inside = members(params as Buffer);
    expect(member(text, 'params')).toBe(params);
    expect(members(params as Buffer)).toBe(inside);
  });

  it('keeps nothing of a part of a large message', () => {
    const large = json(`{"a":{"b":1},"c":"${'x'.repeat(70_000)}"}`);
    const part = large.subarray(5, 12);
    expect(members(part)).not.toBe(members(part));
    expect(members(part)).toEqual(members(part));
  });
});
