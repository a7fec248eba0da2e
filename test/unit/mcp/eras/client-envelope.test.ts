// The envelope for a client that introduced itself only once, and its place in the parameters of a request.
import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../../src/errors.ts';
import { clientEnvelope, stamped, withLogLevel } from '../../../../src/mcp/eras/client-envelope.ts';
import { objectText, seeded, valueText } from '../../core/random.ts';

const P = 'io.modelcontextprotocol/';
const json = (text: string): Buffer => Buffer.from(text);
const envelope = (params: string): unknown =>
  JSON.parse(clientEnvelope({ method: 'initialize', params: json(params) }).toString());

describe('clientEnvelope', () => {
  const CASES: [string, string, object][] = [
    ['nothing', '{}', {}],
    [
      'capabilities of every kind',
      '{"sampling":{"tools":{}},"elicitation":{},"experimental":{"x":1}}',
      { sampling: { tools: {} }, elicitation: {}, experimental: { x: 1 } },
    ],
    ['roots that may change', '{"roots":{"listChanged":true,"x":1}}', { roots: {} }],
    ['roots that are null', '{"roots":null}', { roots: null }],
    ['tasks', '{"tasks":{"list":{}},"sampling":{}}', { sampling: {} }],
    ['extensions', '{"extensions":{"io.modelcontextprotocol/tasks":{},"acme/x":{}}}', { extensions: { 'acme/x': {} } }],
  ];
  it.each(CASES)('with %s', (_, capabilities, expected) => {
    expect(envelope(`{"capabilities":${capabilities},"clientInfo":{"name":"n"}}`)).toEqual({
      [`${P}protocolVersion`]: '2026-07-28',
      [`${P}clientCapabilities`]: expected,
      [`${P}clientInfo`]: { name: 'n' },
    });
  });

  it.each(['{}', '{"capabilities":null,"clientInfo":"x"}', '{"capabilities":[1],"clientInfo":[]}'])(
    'of %s has no capabilities and no client',
    (params) => {
      expect(envelope(params)).toEqual({ [`${P}protocolVersion`]: '2026-07-28', [`${P}clientCapabilities`]: {} });
    },
  );

  it('keeps numbers as they are', () => {
    const text = clientEnvelope({ method: 'initialize', params: json('{"capabilities":{"x":12345678901234567890}}') });
    expect(text.toString()).toContain('{"x":12345678901234567890}');
  });
});

describe('stamped', () => {
  const own = clientEnvelope({ method: 'initialize', params: json('{}') });
  const told = own.toString().slice(1, -1);

  it.each([
    ['{}', `{"_meta":{${told}}}`],
    ['{ }', `{ "_meta":{${told}}}`],
    ['{"a":1}', `{"a":1,"_meta":{${told}}}`],
    ['{"_meta":{},"a":1}', `{"_meta":{${told}},"a":1}`],
    ['{"_meta":{"progressToken":1.0 }}', `{"_meta":{${told},"progressToken":1.0}}`],
    [`{"_meta":{"${P}logLevel":"debug","${P}protocolVersion":"x","y":[]}}`, `{"_meta":{${told},"y":[]}}`],
    [`{"_meta":{"\\u0069o.modelcontextprotocol/protocolVersion":"x"}}`, `{"_meta":{${told}}}`],
    ['{"_meta":null}', `{"_meta":{${told}}}`],
  ])('%s', (params, expected) => {
    expect(stamped(json(params), own).toString()).toBe(expected);
  });

  it('makes parameters where there are none, and has no place in a list', () => {
    expect(stamped(undefined, own).toString()).toBe(`{"_meta":{${told}}}`);
    expect(() => stamped(json('[1]'), own)).toThrow(ProxyError);
  });

  it('has the last log level', () => {
    const text = withLogLevel(withLogLevel(own, 'info'), 'error').toString();
    expect(JSON.parse(text)[`${P}logLevel`]).toBe('error');
  });

  it('leaves every other byte of any parameters as it is', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = seeded(seed);
      const value = valueText(random);
      const meta = objectText(random);
      const params = `{"first":${value},"_meta":${meta},"last":${value}}`;
      const text = stamped(json(params), own).toString();
      expect(text.startsWith(`{"first":${value},"_meta":{${told}`), `seed ${seed}`).toBe(true);
      expect(text.endsWith(`,"last":${value}}`), `seed ${seed}`).toBe(true);
      const expected = { ...(JSON.parse(params)._meta as object), ...JSON.parse(own.toString()) };
      expect(JSON.parse(text)._meta, `seed ${seed}`).toEqual(expected);
    }
  });
});
