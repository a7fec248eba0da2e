// Output of tools that is not an object, for clients that know only objects.
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { describe, expect, it } from 'vitest';
import { readResult } from '../../../../src/mcp/eras/legacy-result.ts';
import { legacyTool, legacyToolResult } from '../../../../src/mcp/eras/structured-content.ts';

function schemaOf(outputSchema: unknown): { schema: object | undefined; wraps: boolean } {
  const { tool, wraps } = legacyTool(Buffer.from(JSON.stringify({ name: 't', outputSchema, after: 1 })));
  const { outputSchema: schema, ...rest } = JSON.parse(tool.toString());
  expect(rest).toEqual({ name: 't', after: 1 });
  return { schema, wraps };
}

describe('legacyTool', () => {
  it.each([{ type: 'object' }, { type: 'object', properties: { a: { $ref: '#/$defs/x' } } }])(
    'leaves %j as it is',
    (schema) => {
      expect(schemaOf(schema)).toEqual({ schema, wraps: false });
    },
  );

  it.each([{ type: 'array' }, { type: ['object', 'null'] }, { oneOf: [] }, {}, true, false])('wraps %j', (schema) => {
    expect(schemaOf(schema)).toEqual({
      schema: { type: 'object', required: ['result'], properties: { result: schema } },
      wraps: true,
    });
  });

  it.each([null, 7, 'object', []])('drops %j, which is no schema', (schema) => {
    expect(schemaOf(schema)).toEqual({ schema: undefined, wraps: false });
  });

  it('drops a schema that is too deep to be moved, and wraps nevertheless', () => {
    let deep: object = { $ref: '#' };
    for (let i = 0; i < 100; i++) deep = { items: deep };
    expect(schemaOf({ type: 'array', ...deep })).toEqual({ schema: undefined, wraps: true });
  });

  const moved = (schema: object): unknown => {
    const wrapped = schemaOf(schema).schema as { properties: { result: unknown } };
    return wrapped.properties.result;
  };

  it.each([
    [
      { anyOf: [{ $ref: '#' }, { $ref: '#/$defs/a' }] },
      { anyOf: [{ $ref: '#/properties/result' }, { $ref: '#/properties/result/$defs/a' }] },
    ],
    // References to anchors and to other documents stay.
    [{ items: { $ref: '#anchor' } }, { items: { $ref: '#anchor' } }],
    [{ items: { $ref: 'https://a.example/s#/x' } }, { items: { $ref: 'https://a.example/s#/x' } }],
    // A text that only looks like a reference is a value, or the name of a property.
    [
      { const: { $ref: '#/a' }, enum: [{ $ref: '#/a' }], default: { $ref: '#/a' } },
      { const: { $ref: '#/a' }, enum: [{ $ref: '#/a' }], default: { $ref: '#/a' } },
    ],
    [
      { items: { properties: { $ref: { $ref: '#/a' } } } },
      { items: { properties: { $ref: { $ref: '#/properties/result/a' } } } },
    ],
    [
      { items: { properties: { const: { $ref: '#/a' } } } },
      { items: { properties: { const: { $ref: '#/properties/result/a' } } } },
    ],
    // A schema with an identifier is a document of its own.
    [
      { $id: 'https://a.example/s', items: { $ref: '#/a' } },
      { $id: 'https://a.example/s', items: { $ref: '#/a' } },
    ],
    [
      { items: { $id: 'https://a.example/s', not: { $ref: '#/a' } } },
      { items: { $id: 'https://a.example/s', not: { $ref: '#/a' } } },
    ],
  ])('moves the references of %j', (schema, expected) => {
    expect(moved(schema)).toEqual(expected);
  });

  it('accepts wrapped, in a client of SDK v1, what the schema accepts', () => {
    const schema = {
      type: 'array',
      items: { $ref: '#/$defs/tree' },
      $defs: { tree: { type: 'object', properties: { kids: { $ref: '#' }, n: { type: 'integer' } }, required: ['n'] } },
    };
    const { schema: wrapped } = schemaOf(schema);
    const validator = new AjvJsonSchemaValidator();
    const accepting = (one: object) => {
      const check = validator.getValidator(one);
      return (value: unknown): boolean => check(value).valid;
    };
    const [own, theirs] = [accepting(schema), accepting(wrapped as object)];
    for (const value of [[], [{ n: 1 }], [{ n: 1, kids: [{ n: 2 }] }], [{ n: 1, kids: [{}] }], [{}], {}, null]) {
      expect([value, theirs({ result: value })]).toEqual([value, own(value)]);
    }
    expect(theirs({})).toBe(false);
  });
});

describe('legacyToolResult', () => {
  const legacy = (text: string, wraps = false): string =>
    legacyToolResult(readResult(Buffer.from(text)), wraps).toString();

  it.each<[string, boolean | undefined, string]>([
    ['{"structuredContent":{"a":1}}', undefined, '{"structuredContent":{"a":1}}'],
    ['{"structuredContent":{"a":1}}', false, '{"structuredContent":{"a":1}}'],
    [
      '{"structuredContent":[1],"content":[{"type":"text"}]}',
      false,
      '{"structuredContent":{"result":[1]},"content":[{"type":"text"}]}',
    ],
    ['{"content":[]}', true, '{"content":[]}'],
    [
      '{"structuredContent":{"a":1},"content":[{"type":"text","text":"t"}]}',
      true,
      '{"structuredContent":{"result":{"a":1}},"content":[{"type":"text","text":"t"}]}',
    ],
    [
      '{"structuredContent":1.0}',
      undefined,
      '{"structuredContent":{"result":1.0},"content":[{"type":"text","text":"1.0"}]}',
    ],
    [
      '{"content":[{"type":"image"}],"structuredContent":"é\\n"}',
      undefined,
      '{"content":[{"type":"image"},{"type":"text","text":"\\"é\\\\n\\""}],"structuredContent":{"result":"é\\n"}}',
    ],
  ])('%s, wrapped: %s', (text, wraps, expected) => {
    expect(legacy(text, wraps)).toBe(expected);
  });
});
