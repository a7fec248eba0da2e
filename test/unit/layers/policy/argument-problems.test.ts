// What call_tool says about wrong arguments.
import { expect, it } from 'vitest';
import { problemsIn } from '../../../../src/layers/policy/tool-search/argument-problems.ts';

const check = (args: unknown, schema: unknown): string[] =>
  problemsIn(Buffer.from(JSON.stringify(args)), Buffer.from(JSON.stringify(schema)));
const object = (properties: object, others: object = {}): object => ({ type: 'object', properties, ...others });

it.each([
  [{}, object({ a: {} }, { required: ['a'] }), ['a is missing']],
  [{ a: '1' }, object({ a: { type: 'number' } }), ['a must be a number, but is a string']],
  [{ a: 1 }, object({ a: { type: ['string', 'null'] } }), ['a must be a string or null, but is an integer']],
  [{ a: 1.5 }, object({ a: { type: 'integer' } }), ['a must be an integer, but is a number']],
  [{ a: 'x' }, object({ a: { enum: ['y', 1] } }), ['a must be one of "y", 1']],
  [{ a: 'x' }, object({ a: { const: 'y' } }), ['a must be "y"']],
  [{ a: 0 }, object({ a: { minimum: 1 } }), ['a must be at least 1']],
  [{ a: 'abc' }, object({ a: { maxLength: 2 } }), ['a must be at most 2 characters']],
  [{ a: [] }, object({ a: { minItems: 1 } }), ['a must be at least 1 items']],
  [
    { a: [{ b: 1 }] },
    object({ a: { items: object({ b: { type: 'string' } }) } }),
    ['a[0].b must be a string, but is an integer'],
  ],
  [{ b: 1 }, object({ a: {} }, { additionalProperties: false }), ['b is not a parameter; there are: a']],
  [
    { a: 1 },
    { properties: { a: { $ref: '#/$defs/t' } }, $defs: { t: { type: 'string' } } },
    ['a must be a string, but is an integer'],
  ],
  [
    { a: 1 },
    object({ a: { anyOf: [{ type: 'string' }, { type: 'null' }] } }),
    ['a must be a string, but is an integer'],
  ],
])('%j by %j', (args, schema, expected) => {
  expect(check(args, schema)).toEqual(expected);
});

it.each([
  [{ a: 1 }, {}],
  [{ a: 1 }, object({ a: { type: 'number' } })],
  [{ b: 1 }, object({ a: {} })],
  [{ a: 'x' }, object({ a: { pattern: '^(a+)+$', format: 'email' } })],
  [{ a: 1 }, object({ a: { $ref: 'https://elsewhere.example/schema' } })],
  [{ a: 1 }, object({ a: { $ref: '#/$defs/none' } })],
  [{ a: 1 }, object({ a: { oneOf: [{ type: 'string' }, { type: 'integer' }] } })],
  [{ x_1: 1 }, object({}, { patternProperties: { '^x_': {} }, additionalProperties: false })],
  [{ a: null }, object({ a: { type: 'null' } })],
])('%j passes %j', (args, schema) => {
  expect(check(args, schema)).toEqual([]);
});

it('a schema that refers to itself, and one without end, end', () => {
  expect(check({ a: 1 }, { $ref: '#' })).toEqual([]);
  const wide = { allOf: Array.from({ length: 50 }, () => ({ $ref: '#' })) };
  expect(check({ a: 1 }, wide)).toEqual([]);
});

it('names of the prototype are names', () => {
  expect(check({}, object({}, { required: ['constructor'] }))).toEqual(['constructor is missing']);
  expect(check({ a: 1 }, object({ a: { $ref: '#/constructor' } }))).toEqual([]);
});
