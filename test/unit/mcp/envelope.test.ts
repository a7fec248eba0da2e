// The envelope of 2026-07-28 in `_meta` (specification 2026-07-28, "Base Protocol").
import { describe, expect, it } from 'vitest';
import { JsonError } from '../../../src/core/json.ts';
import { declaredCapabilities, declaredClient, declaredRevision, envelopeOf } from '../../../src/mcp/envelope.ts';

const P = 'io.modelcontextprotocol/';
const withParams = (params: string) => ({ method: 'm', params: Buffer.from(params) });

describe('the revision a call declares', () => {
  it.each([
    ['{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}', '2026-07-28'],
    ['{"a":1,"_meta":{"x":{},"io.modelcontextprotocol\\/protocolVersion" : "2099-01-01"}}', '2099-01-01'],
    ['{"\\u005fmeta":{"io.modelcontextprotocol/protocolV\\u0065rsion":"2026-07-28"}}', '2026-07-28'],
    ['{"_meta":{"io.modelcontextprotocol/protocolVersion":20260728}}', undefined],
    ['{"_meta":{"io.modelcontextprotocol/clientInfo":{}}}', undefined],
    ['{"_meta":{"progressToken":1}}', undefined],
    ['{"arguments":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}', undefined],
    ['{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}', undefined],
    ['{}', undefined],
  ])('%s', (params, revision) => {
    expect(declaredRevision(withParams(params))).toBe(revision);
  });

  it('is none without params', () => {
    expect(declaredRevision({ method: 'm' })).toBeUndefined();
  });

  it.each([
    '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol\\/protocolVersion":"2025-11-25"}}',
    '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"_meta":{}}',
  ])('is refused where it stands twice: %s', (params) => {
    expect(() => declaredRevision(withParams(params))).toThrow(JsonError);
  });
});

describe('what a call declares of its client', () => {
  const call = withParams(
    `{"_meta":{"${P}clientInfo":{"name":"c"}, "${P}clientCapabilities" : {"elicitation":{"url":{} },"roots":null}}}`,
  );

  it('is the text that it sent', () => {
    expect(declaredClient(call)?.toString()).toBe('{"name":"c"}');
    expect(declaredCapabilities(call)?.toString()).toBe('{"elicitation":{"url":{} },"roots":null}');
    expect(declaredCapabilities(call, 'elicitation', 'url')?.toString()).toBe('{}');
  });

  it('is nothing where no object stands', () => {
    expect(declaredCapabilities(call, 'roots')).toBeUndefined();
    expect(declaredCapabilities(call, 'sampling')).toBeUndefined();
    for (const params of ['{}', '[]', '{"_meta":[]}', `{"_meta":{"${P}clientInfo":"c"}}`, '{"_meta":{},"_meta":{}}']) {
      expect(declaredClient(withParams(params))).toBeUndefined();
      expect(declaredCapabilities(withParams(params))).toBeUndefined();
    }
    expect(declaredClient({ method: 'm' })).toBeUndefined();
  });
});

describe('parameters that are an envelope only', () => {
  const made = (params: string): string => envelopeOf(withParams(params)).toString();
  const [version, capabilities] = [`"${P}protocolVersion":"2026-07-28"`, `"${P}clientCapabilities":{}`];

  it('say the least that a server accepts for a call without one', () => {
    const least = `{"_meta":{${version},${capabilities}}}`;
    expect(envelopeOf({ method: 'm' }).toString()).toBe(least);
    for (const params of ['{}', '[]', '{"_meta":null}', '{"name":"x","_meta":{"progressToken":1}}'])
      expect(made(params)).toBe(least);
  });

  it('name the client of a legacy initialize', () => {
    const params = '{"protocolVersion":"2025-11-25","clientInfo":{"name":"c", "n":1e400},"capabilities":{"roots":{}}}';
    expect(made(params)).toBe(`{"_meta":{${version},${capabilities},"${P}clientInfo":{"name":"c", "n":1e400}}}`);
  });

  it('keep all that the call says under the prefix of the specification, byte for byte', () => {
    const own = `"${P}clientCapabilities":{"roots": {}},"${P}logLevel":"debug","${P}of/2030":[ 1 ]`;
    expect(made(`{"name":"x","_meta":{"progressToken":1,${own},"com.example/x":2}}`)).toBe(
      `{"_meta":{${version},${own}}}`,
    );
  });
});
