// `x-mcp-header` in tool definitions: what is mirrored, and which definitions a client must refuse
// (specification 2026-07-28, "Constraints on x-mcp-header values").
import { describe, expect, it } from 'vitest';
import { annotationsOf } from '../../../src/mcp/headers.ts';

const annotated = (name: unknown, type: unknown = 'string'): object => ({ type, 'x-mcp-header': name });
const found = (schema: unknown): unknown => annotationsOf(Buffer.from(JSON.stringify(schema)));
const object = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more });

/** A keyword of JSON Schema that would make one of our objects look like a promise. */
const THEN = 'then';

describe('valid annotations', () => {
  it.each([
    ['none at all', object({ a: { type: 'string' } }), []],
    ['no properties', { type: 'object' }, []],
    [
      'one of several parameters',
      object({ region: annotated('Region'), query: { type: 'string' } }),
      [{ path: ['region'], header: 'mcp-param-region' }],
    ],
    [
      'every type that is allowed',
      object({ a: annotated('A'), b: annotated('B', 'integer'), c: annotated('C', 'boolean') }),
      [
        { path: ['a'], header: 'mcp-param-a' },
        { path: ['b'], header: 'mcp-param-b' },
        { path: ['c'], header: 'mcp-param-c' },
      ],
    ],
    [
      'every character of a token',
      object({ a: annotated("!#$%&'*+-.^_`|~0Az") }),
      [{ path: ['a'], header: "mcp-param-!#$%&'*+-.^_`|~0az" }],
    ],
    [
      'nested properties',
      object({ a: object({ b: object({ c: annotated('Deep') }) }) }),
      [{ path: ['a', 'b', 'c'], header: 'mcp-param-deep' }],
    ],
    [
      'a parent without a type',
      { properties: { a: { properties: { b: annotated('B') } } } },
      [{ path: ['a', 'b'], header: 'mcp-param-b' }],
    ],
    [
      'a parameter that is called properties',
      object({ properties: object({ a: annotated('A') }) }),
      [{ path: ['properties', 'a'], header: 'mcp-param-a' }],
    ],
    [
      'a parameter that is called like the annotation',
      object({ 'x-mcp-header': annotated('A') }),
      [{ path: ['x-mcp-header'], header: 'mcp-param-a' }],
    ],
    [
      'a parameter that is called items',
      object({ items: annotated('A') }),
      [{ path: ['items'], header: 'mcp-param-a' }],
    ],
    [
      'a parameter that is called constructor',
      object({ constructor: annotated('A') }),
      [{ path: ['constructor'], header: 'mcp-param-a' }],
    ],
    [
      'values that only look like it',
      object({
        a: {
          type: 'object',
          default: { 'x-mcp-header': 'A' },
          enum: [{ 'x-mcp-header': 'B' }],
          const: { 'x-mcp-header': 'C' },
          examples: [{ 'x-mcp-header': 'D' }],
        },
      }),
      [],
    ],
    ['a definition with that name', object({}, { $defs: { 'x-mcp-header': { type: 'string' } } }), []],
    [
      'composition beside the properties',
      object({ a: annotated('A') }, { oneOf: [{ required: ['a'] }, { required: [] }] }),
      [{ path: ['a'], header: 'mcp-param-a' }],
    ],
    ['an annotation that is null, which is none', object({ a: annotated(null) }), []],
  ])('%s', (_, schema, parameters) => {
    expect(found(schema)).toEqual({ parameters });
  });
});

describe('invalid annotations', () => {
  it.each([
    ['an empty name', object({ a: annotated('') })],
    ['a name with a space', object({ a: annotated('My Region') })],
    ['a name with a colon', object({ a: annotated('A:B') })],
    ['a name with a line end', object({ a: annotated('A\r\nX') })],
    ['a name that ends with a line end', object({ a: annotated('A\n') })],
    ['a name with a control character', object({ a: annotated('A\u0001') })],
    ['a name that is not ASCII', object({ a: annotated('Région') })],
    ['a name that is a number', object({ a: annotated(1) })],
    ['a name that is a list', object({ a: annotated(['A']) })],
    ['the same name twice', object({ a: annotated('Region'), b: annotated('Region') })],
    ['the same name in another case', object({ a: annotated('Region'), b: annotated('REGION') })],
    ['the same name at another depth', object({ a: annotated('Region'), b: object({ c: annotated('region') }) })],
    ['the type number', object({ a: annotated('A', 'number') })],
    ['the type object', object({ a: annotated('A', 'object') })],
    ['the type array', object({ a: annotated('A', 'array') })],
    ['the type null', object({ a: annotated('A', 'null') })],
    ['several types', object({ a: annotated('A', ['string', 'integer']) })],
    ['no type', object({ a: { 'x-mcp-header': 'A' } })],
    ['the root itself', { ...object({}), 'x-mcp-header': 'A' }],
    ['items', object({ a: { type: 'array', items: annotated('A') } })],
    ['properties below items', object({ a: { type: 'array', items: object({ b: annotated('A') }) } })],
    ['prefixItems', object({ a: { type: 'array', prefixItems: [annotated('A')] } })],
    ['contains', object({ a: { type: 'array', contains: annotated('A') } })],
    ['oneOf', object({ a: { oneOf: [annotated('A'), { type: 'null' }] } })],
    ['oneOf at the root', object({}, { oneOf: [object({ a: annotated('A') })] })],
    ['anyOf', object({}, { anyOf: [object({ a: annotated('A') })] })],
    ['allOf', object({}, { allOf: [object({ a: annotated('A') })] })],
    ['not', object({}, { not: object({ a: annotated('A') }) })],
    ['if', object({}, { if: object({ a: annotated('A') }) })],
    ['then', object({}, { [THEN]: object({ a: annotated('A') }) })],
    ['else', object({}, { else: object({ a: annotated('A') }) })],
    ['$defs, which $ref reaches', object({ a: { $ref: '#/$defs/a' } }, { $defs: { a: annotated('A') } })],
    ['definitions', object({}, { definitions: { a: annotated('A') } })],
    ['dependentSchemas', object({}, { dependentSchemas: { a: object({ b: annotated('A') }) } })],
    ['additionalProperties', object({}, { additionalProperties: annotated('A') })],
    ['patternProperties', object({}, { patternProperties: { '^a': annotated('A') } })],
    ['propertyNames', object({}, { propertyNames: annotated('A') })],
    ['a valid one beside an invalid one', object({ a: annotated('A'), b: { oneOf: [annotated('B')] } })],
    [
      'properties that are no list of schemas',
      object({ a: { type: 'array', items: [{ 'x-mcp-header': 'A', type: 'string' }] } }),
    ],
    ['a definition called like a keyword of values', object({}, { $defs: { default: annotated('A') } })],
  ])('%s', (_, schema) => {
    expect(found(schema)).toEqual({ invalid: expect.stringMatching(/./) });
  });

  it('are found however deep they stand', () => {
    let schema: object = annotated('A');
    for (let i = 0; i < 500; i++) schema = i % 2 ? { items: schema } : { anyOf: [schema] };
    expect(found(object({ a: schema }))).toHaveProperty('invalid');
    let chain: object = annotated('A');
    for (let i = 0; i < 500; i++) chain = object({ p: chain });
    expect(found(chain)).toEqual({
      parameters: [{ path: Array.from({ length: 500 }, () => 'p'), header: 'mcp-param-a' }],
    });
  });
});
