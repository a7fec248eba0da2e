// Results of legacy servers, as clients of 2026-07-28 get them.
import { expect, it } from 'vitest';
import { modernResult } from '../../../../src/mcp/eras/modern-result.ts';

const INFO = Buffer.from('{"name":"s"}');
const OWN = '"io.modelcontextprotocol/serverInfo":{"name":"s"}';

it.each([
  ['tools/call', '{}', `{"resultType":"complete","_meta":{${OWN}}}`],
  ['tools/call', '{"a":1}', `{"a":1,"resultType":"complete","_meta":{${OWN}}}`],
  [
    'tools/call',
    '{ "a" : 12345678901234567890 }',
    `{ "a" : 12345678901234567890 ,"resultType":"complete","_meta":{${OWN}}}`,
  ],
  ['tools/call', '{"_meta":{"x":1},"a":1}', `{"_meta":{"x":1,${OWN}},"a":1,"resultType":"complete"}`],
  ['tools/call', '{"_meta":null}', `{"_meta":{${OWN}},"resultType":"complete"}`],
  ['tools/call', `{"_meta":{"io.modelcontextprotocol/serverInfo":1}}`, `{"_meta":{${OWN}},"resultType":"complete"}`],
  // If a legacy server has such a member, it means something else.
  ['tools/call', '{"resultType":"input_required"}', `{"resultType":"complete","_meta":{${OWN}}}`],
  ['tools/call', '{"resultType":7}', `{"resultType":"complete","_meta":{${OWN}}}`],
  [
    'tools/list',
    '{"tools":[]}',
    `{"tools":[],"resultType":"complete","ttlMs":0,"cacheScope":"private","_meta":{${OWN}}}`,
  ],
  [
    'tools/list',
    '{"tools":[{"name":"a","execution":{"taskSupport":"optional"},"x":1},{"name":"execution"}]}',
    `{"tools":[{"name":"a","x":1},{"name":"execution"}],"resultType":"complete","ttlMs":0,"cacheScope":"private","_meta":{${OWN}}}`,
  ],
  [
    'prompts/list',
    '{"ttlMs":5,"cacheScope":"public"}',
    `{"ttlMs":5,"cacheScope":"public","resultType":"complete","_meta":{${OWN}}}`,
  ],
])('%s %s', (method, result, expected) => {
  expect(modernResult(method, Buffer.from(result), INFO).toString()).toBe(expected);
});

it.each(['null', '""', '[]', '{}', '-1', 'true', '"7"'])('a list gets cache hints in the place of %s', (value) => {
  const list = `{"tools":[],"ttlMs":${value},"cacheScope":${value}}`;
  expect(modernResult('tools/list', Buffer.from(list), undefined).toString()).toBe(
    '{"tools":[],"ttlMs":0,"cacheScope":"private","resultType":"complete"}',
  );
});

it.each(['{"a":1,"a":2}', '[]', '"x"', 'null'])('%s stays as it is', (result) => {
  expect(modernResult('tools/list', Buffer.from(result), INFO).toString()).toBe(result);
});

it('a list whose tools could be read in two ways keeps them', () => {
  const list = '{"tools":[{"execution":1,"execution":2}]}';
  expect(modernResult('tools/list', Buffer.from(list), undefined).toString()).toContain(list.slice(0, -1));
});
