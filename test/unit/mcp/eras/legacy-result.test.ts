// Results and notifications of 2026-07-28 in the form of older revisions.
import { describe, expect, it } from 'vitest';
import { JsonError } from '../../../../src/core/json.ts';
import { legacyNote, legacyResult, readResult } from '../../../../src/mcp/eras/legacy-result.ts';
import { objectText, seeded, valueText } from '../../core/random.ts';

const INFO = '"io.modelcontextprotocol/serverInfo":{"name":"s"}';
const ID = '"io.modelcontextprotocol/subscriptionId":1';

const legacy = (method: string, text: string): string => legacyResult(method, readResult(Buffer.from(text))).toString();

describe('legacyResult', () => {
  it.each([
    ['tools/call', '{"resultType":"complete"}', '{}'],
    ['tools/call', '{}', '{}'],
    ['tools/call', '{"a":1 , "resultType":"complete" ,"b":1e2 }', '{"a":1,"b":1e2}'],
    ['tools/call', '{"ttlMs":1,"cacheScope":"public"}', '{"ttlMs":1,"cacheScope":"public"}'],
    ['tools/list', '{"ttlMs":1,"cacheScope":"public","tools":[ ]}', '{"tools":[ ]}'],
    ['resources/read', '{"contents":[],"ttlMs":1}', '{"contents":[]}'],
    ['acme/x', '{"ttlMs":1}', '{"ttlMs":1}'],
    ['tools/call', `{"_meta":{${INFO}},"a":1}`, '{"a":1}'],
    ['tools/call', `{"_meta":{${INFO},"x":1.0},"a":1}`, '{"_meta":{"x":1.0},"a":1}'],
    ['tools/call', `{"_meta":{${ID}}}`, '{}'],
    ['tools/call', '{"_meta":{}}', '{"_meta":{}}'],
    ['tools/call', '{"_meta":null}', '{"_meta":null}'],
    ['tools/call', '{"\\u0072esultType":"complete","a":1}', '{"a":1}'],
  ])('%s: %s', (method, text, expected) => {
    expect(legacy(method, text)).toBe(expected);
  });

  it.each(['[]', '1', '"s"', '{"a":1,"a":2}', '{"_meta":{"x":1,"x":2}}'])('cannot read %s', (text) => {
    expect(() => legacy('tools/call', text)).toThrow(JsonError);
  });

  it('leaves every other byte of any result as it is', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = seeded(seed);
      const [value, other] = [valueText(random), objectText(random)];
      const text = `{"value":${value},"resultType":"complete","other":${other},"ttlMs":0}`;
      expect(legacy('tools/list', text), `seed ${seed}`).toBe(`{"value":${value},"other":${other}}`);
    }
  });
});

describe('readResult', () => {
  it.each([
    ['{}', undefined],
    ['{"resultType":"input_required"}', 'input_required'],
    ['{"resultType":7}', ''],
    ['{"resultType":[]}', ''],
    ['{"resultType":null}', undefined],
    ['{"resultType":""}', undefined],
  ])('%s has the type %j', (text, type) => {
    expect(readResult(Buffer.from(text)).type).toBe(type);
  });
});

describe('legacyNote', () => {
  it.each([
    [`{"_meta":{${ID}}}`, undefined],
    [`{"uri":"a:b","_meta":{${ID}}}`, '{"uri":"a:b"}'],
    [`{"_meta":{${ID},"x":1}}`, '{"_meta":{"x":1}}'],
    ['[1]', '[1]'],
    ['{"a":1,"a":2}', '{"a":1,"a":2}'],
  ])('%s', (params, expected) => {
    const note = legacyNote({ method: 'notifications/x', params: Buffer.from(params) });
    expect(note.params?.toString()).toBe(expected);
    expect(note.method).toBe('notifications/x');
  });
});
