import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { JsonError } from '../../../../../src/core/json.ts';
import type { Call } from '../../../../../src/core/jsonrpc.ts';
import { checkModern, mirroredParameters } from '../../../../../src/downstream/http/stateless/header-check.ts';

const MODERN = '2026-07-28';
const PREFIX = 'io.modelcontextprotocol/';
const ENVELOPE = `"_meta":{"${PREFIX}protocolVersion":"${MODERN}","${PREFIX}clientCapabilities":{}}`;

const call = (method: string, members = ''): Call => ({
  method,
  params: Buffer.from(`{${members}${members === '' ? '' : ','}${ENVELOPE}}`),
});
/** A call with members in its `_meta`. */
const called = (members: string): Call => ({
  method: 'tools/call',
  params: Buffer.from(`{"name":"echo",${ENVELOPE.slice(0, -1)},${members}}}`),
});
const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

/** The code and data of the refusal; undefined when there is none. */
function refused(asked: Call, headers: IncomingHttpHeaders, revision = MODERN): { code: number } | undefined {
  const reply = checkModern(asked, revision, headers);
  if (reply === undefined) return undefined;
  if ('result' in reply) throw new Error('no error');
  return JSON.parse(reply.error.toString());
}

const TOOL = call('tools/call', '"name":"echo","arguments":{"name":"other"}');
const HEADERS = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };

describe('headers that say what the body says', () => {
  it.each<[string, Call, IncomingHttpHeaders]>([
    ['a tool', TOOL, HEADERS],
    ['a tool, its name encoded', TOOL, { ...HEADERS, 'mcp-name': base64('echo') }],
    [
      'a prompt',
      call('prompts/get', '"name":"p"'),
      { 'mcp-protocol-version': MODERN, 'mcp-method': 'prompts/get', 'mcp-name': 'p' },
    ],
    [
      'a resource, by its URI',
      call('resources/read', '"uri":"file:///a b","name":"x"'),
      { 'mcp-protocol-version': MODERN, 'mcp-method': 'resources/read', 'mcp-name': 'file:///a b' },
    ],
    [
      'a name that no header can hold as it is',
      call('tools/call', '"name":"é世🧪"'),
      { ...HEADERS, 'mcp-name': base64('é世🧪') },
    ],
    [
      'a name that looks encoded',
      call('tools/call', '"name":"=?base64?ZWNobw==?="'),
      { ...HEADERS, 'mcp-name': base64('=?base64?ZWNobw==?=') },
    ],
    ['a name in another spelling', call('tools/call', '"n\\u0061me":"\\u0065cho"'), HEADERS],
    ['a method without a name', call('tools/list'), { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/list' }],
    ['a name that nobody asked for', call('tools/list'), { ...HEADERS, 'mcp-method': 'tools/list' }],
  ])('%s', (_, asked, headers) => {
    expect(refused(asked, headers)).toBeUndefined();
  });
});

describe('a body that could be read in two ways', () => {
  it.each<[string, Call]>([
    ['Name beside the name', call('tools/call', '"name":"echo","Name":"other"')],
    ['_Meta', call('tools/call', '"name":"echo","_Meta":{}')],
    ['ProgressToken in _meta', called('"progressToken":1,"ProgressToken":2')],
    ['PROGRESSTOKEN alone in _meta', called('"PROGRESSTOKEN":2')],
    ['a progress token with a long s', called('"progre\u017f\u017fToken":2')],
    ['Method beside the method', { ...TOOL, extra: Buffer.from('"Method":"tools/list"') }],
  ])('is refused: %s', (_, asked) => {
    expect(() => checkModern(asked, MODERN, HEADERS)).toThrow('could be taken for another key');
  });
});

describe('headers that say something else', () => {
  it.each<[string, IncomingHttpHeaders]>([
    ['no revision', { 'mcp-method': 'tools/call', 'mcp-name': 'echo' }],
    ['another revision', { ...HEADERS, 'mcp-protocol-version': '2025-11-25' }],
    ['no method', { 'mcp-protocol-version': MODERN, 'mcp-name': 'echo' }],
    ['another method', { ...HEADERS, 'mcp-method': 'tools/list' }],
    ['a method in other letters', { ...HEADERS, 'mcp-method': 'Tools/Call' }],
    ['two methods', { ...HEADERS, 'mcp-method': 'tools/call, tools/call' }],
    ['no name', { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call' }],
    ['another name', { ...HEADERS, 'mcp-name': 'other' }],
    ['a name in other letters', { ...HEADERS, 'mcp-name': 'Echo' }],
    ['an empty name', { ...HEADERS, 'mcp-name': '' }],
    ['another name, encoded', { ...HEADERS, 'mcp-name': base64('other') }],
    ['a name that is encoded twice', { ...HEADERS, 'mcp-name': base64(base64('echo')) }],
    ['a name that cannot be decoded', { ...HEADERS, 'mcp-name': '=?base64?###?=' }],
    ['a name of which the code has no end', { ...HEADERS, 'mcp-name': '=?base64?ZWNobw==' }],
  ])('%s: -32020', (_, headers) => {
    expect(refused(TOOL, headers)?.code).toBe(-32_020);
  });

  it('as the bare text of a name that looks encoded: -32020', () => {
    const asked = call('tools/call', '"name":"=?base64?ZWNobw==?="');
    expect(refused(asked, { ...HEADERS, 'mcp-name': '=?base64?ZWNobw==?=' })?.code).toBe(-32_020);
    expect(refused(asked, HEADERS)?.code).toBe(-32_020);
  });
});

describe('a revision that is not known', () => {
  const future = '2099-01-01';
  const asked: Call = {
    method: 'tools/list',
    params: Buffer.from(`{"_meta":{"${PREFIX}protocolVersion":"${future}"}}`),
  };

  it.each([future, '2025-11-25', ''])('%j: -32022, and which ones are', (revision) => {
    const params = Buffer.from(`{"_meta":{"${PREFIX}protocolVersion":"${revision}"}}`);
    // An empty value can only be sent in its encoded form.
    const header = revision === '' ? base64('') : revision;
    const error = refused({ ...asked, params }, { 'mcp-protocol-version': header }, revision);
    expect(error).toMatchObject({ code: -32_022, data: { supported: [MODERN], requested: revision } });
  });

  it('is nobody’s fault but that of the headers when these name another one', () => {
    expect(refused(asked, { 'mcp-protocol-version': MODERN }, future)?.code).toBe(-32_020);
    expect(refused(asked, {}, future)?.code).toBe(-32_020);
  });
});

describe('an envelope', () => {
  const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/list' };
  const enveloped = (capabilities: string): Call => ({
    method: 'tools/list',
    params: Buffer.from(`{"_meta":{"${PREFIX}protocolVersion":"${MODERN}"${capabilities}}}`),
  });

  it.each(['{}', '{"sampling":{}}'])('with the capabilities %s is whole', (capabilities) => {
    expect(refused(enveloped(`,"${PREFIX}clientCapabilities":${capabilities}`), headers)).toBeUndefined();
  });

  it.each(['', 'null', '[]', '"x"', '1'])('with the capabilities %j is not: -32602', (capabilities) => {
    const members = capabilities === '' ? '' : `,"${PREFIX}clientCapabilities":${capabilities}`;
    expect(refused(enveloped(members), headers)?.code).toBe(-32_602);
  });

  it('is looked at after the headers', () => {
    expect(refused(enveloped(''), { ...headers, 'mcp-method': 'tools/call' })?.code).toBe(-32_020);
  });
});

it('a body of which two readers could read two names is none', () => {
  const asked = call('tools/call', '"name":"echo","n\\u0061me":"other"');
  expect(() => checkModern(asked, MODERN, HEADERS)).toThrow(JsonError);
});

describe('mirrored parameters', () => {
  it('are taken as they came, and nothing else is', () => {
    const headers: IncomingHttpHeaders = {
      host: 'localhost',
      authorization: 'Bearer x',
      'mcp-name': 'echo',
      'mcp-method': 'tools/call',
      'x-mcp-param-a': 'no',
      'mcp-params': 'no',
      'mcp-param-region': 'eu',
      'mcp-param-text': base64('é'),
      'mcp-param-empty': '',
    };
    expect(mirroredParameters(headers)).toEqual({
      'mcp-param-region': 'eu',
      'mcp-param-text': base64('é'),
      'mcp-param-empty': '',
    });
  });

  it('may be none', () => {
    expect(mirroredParameters({})).toEqual({});
  });
});
