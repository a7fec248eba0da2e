// What a request is about.
import { expect, it } from 'vitest';
import { JsonError } from '../../../../src/core/json.ts';
import type { Call } from '../../../../src/core/jsonrpc.ts';
import { renamed, type Subject, subjectOf } from '../../../../src/layers/join/routes.ts';

const callOf = (method: string, params?: string): Call =>
  params === undefined ? { method } : { method, params: Buffer.from(params) };

it.each([
  ['tools/call', '{"name":"a"}', 'tools/list', 'a', false, false],
  ['tools/call', '{"arguments":{"name":"b","task":{},"_meta":{}},"name":"a"}', 'tools/list', 'a', false, false],
  ['tools/call', '{"n\\u0061me":"\\u0061"}', 'tools/list', 'a', false, false],
  ['tools/call', '{"name":"a","_meta":{}}', 'tools/list', 'a', true, false],
  ['tools/call', '{"name":"a","task":{}}', 'tools/list', 'a', false, true],
  ['tools/call', '{"t\\u0061sk":{},"name":"a","\\u005fmeta":{}}', 'tools/list', 'a', true, true],
  ['tools/call', '{"name":"a","x":1,"task":null}', 'tools/list', 'a', false, true],
  ['prompts/get', '{"name":"a","uri":"b"}', 'prompts/list', 'a', false, false],
  ['resources/read', '{"uri":"x://1","name":"a"}', 'resources/list', 'x://1', false, false],
  ['completion/complete', '{"ref":{"type":"ref/prompt","name":"a"}}', 'prompts/list', 'a', true, false],
  ['completion/complete', '{"ref":{"type":"ref/resource","uri":"x://{a}"}}', 'resources/list', 'x://{a}', true, false],
])('%s with %s', (method, params, list, text, hasMeta, hasTask) => {
  expect(subjectOf(callOf(method, params))).toMatchObject({ list, text, hasMeta, hasTask });
});

it.each([
  ['tools/call', undefined, 'name'],
  ['tools/call', '[]', 'name'],
  ['tools/call', '{}', 'name'],
  ['tools/call', '{"name":1}', 'name'],
  ['tools/call', '{"uri":"a"}', 'name'],
  ['resources/subscribe', '{"name":"a"}', 'uri'],
  ['completion/complete', '{"ref":"a"}', 'ref names'],
])('%s with %s names nothing', (method, params, what) => {
  const { error } = subjectOf(callOf(method, params)) as { error: Buffer };
  expect(error.toString()).toContain(`Invalid params: ${what}`);
});

it.each(['{"name":"a","name":"b"}', '{"name":"a","n\\u0061me":"b"}', '{"name":"a","x":1,"x":2}'])(
  '%s is refused, whatever other readers take from it',
  (params) => {
    expect(() => subjectOf(callOf('tools/call', params))).toThrow(JsonError);
  },
);

it.each([
  ['tools/call', '{"name": "a" , "x":1}', '{"name": "own" , "x":1}'],
  ['tools/call', '{"x":1,"n\\u0061me":"a"}', '{"x":1,"n\\u0061me":"own"}'],
  ['resources/read', '{"uri":"a"}', '{"uri":"own"}'],
  [
    'completion/complete',
    '{"argument":{"name":"a"},"ref":{"name":"a","type":"ref/prompt"}}',
    '{"argument":{"name":"a"},"ref":{"name":"own","type":"ref/prompt"}}',
  ],
])('%s with %s gets the name of its server, and every other byte stays', (method, params, expected) => {
  const call = callOf(method, params);
  const subject = subjectOf(call) as Subject;
  expect(renamed(call, subject, 'own').params?.toString()).toBe(expected);
  expect(renamed(call, subject, subject.text)).toBe(call);
});

it('a request about nothing has no subject', () => {
  expect(subjectOf(callOf('tools/list', '{"name":"a"}'))).toBeUndefined();
});
