// The headers of a modern request (specification 2026-07-28, "Streamable HTTP").
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/core/jsonrpc.ts';
import { checkModern } from '../../../src/downstream/http/stateless/header-check.ts';
import { headerValue, type MirroredParameter, parameterHeaders, standardHeaders } from '../../../src/mcp/headers.ts';

const call = (method: string, params?: string): Call => ({
  method,
  ...(params !== undefined && { params: Buffer.from(params) }),
});
/** Text of every kind, and of the few kinds that decide how it is encoded. */
const anyValue = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n', '\u0000', '!', '~', '\u007f', 'a', 'é') }),
  fc.string().map((text) => `=?base64?${text}?=`),
);

/** A header can hold the value, and it decodes to the text. */
function comesBack(header: string, text: string): void {
  expect(header).toMatch(/^[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?$/);
  const inner = /^=\?base64\?(.*)\?=$/.exec(header)?.[1];
  expect(inner === undefined ? header : Buffer.from(inner, 'base64').toString()).toBe(text);
}

const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

describe('headerValue', () => {
  it.each([
    // The table of encoding examples in the specification.
    ['us-west1', 'us-west1'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    // Its rules, one by one.
    ['a b\tc', 'a b\tc'],
    ['!~', '!~'],
    ['x', 'x'],
    ['', base64('')],
    [' lead', base64(' lead')],
    ['trail\t', base64('trail\t')],
    ['a\r\nEvil: 1', base64('a\r\nEvil: 1')],
    ['a\u0000b', base64('a\u0000b')],
    ['\u007f', base64('\u007f')],
    ['é', base64('é')],
    ['=?base64??=', base64('=?base64??=')],
    ['=?base64?a\nb?=', base64('=?base64?a\nb?=')],
    ['=?base64?not closed', '=?base64?not closed'],
    ['=?BASE64?x?=', '=?BASE64?x?='],
    ['x=?base64?x?=', 'x=?base64?x?='],
  ])('%j', (value, header) => {
    expect(headerValue(value)).toBe(header);
  });

  it('is never anything that a header may not hold, and always says what the value was', () => {
    fc.assert(
      fc.property(anyValue, (value) => comesBack(headerValue(value), value)),
      { numRuns: 5_000 },
    );
  });
});

describe('parameters in headers', () => {
  const mirrored: MirroredParameter[] = [{ path: ['outer', 'inner'], header: 'mcp-param-inner' }];
  const argument = fc.oneof(anyValue, fc.boolean(), fc.maxSafeInteger());

  it('say what any value was, and nothing but the parameter that is annotated', () => {
    const says = (inner: string | boolean | number, other: string): void => {
      const args = { outer: { inner, other }, inner: other };
      const headers = parameterHeaders(call('tools/call', JSON.stringify({ name: 'a', arguments: args })), mirrored);
      expect(Object.keys(headers)).toEqual(['mcp-param-inner']);
      comesBack(headers['mcp-param-inner'] as string, String(inner));
    };
    fc.assert(fc.property(argument, anyValue, says), { numRuns: 2_000 });
  });

  it('with the name of the tool pass the check of a server, and no other name does', () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const request = (name: string): Call => call('tools/call', JSON.stringify({ name, arguments: {}, _meta: meta }));
    const passes = (name: string, other: string): void => {
      const headers = standardHeaders(request(name));
      expect(checkModern(request(name), '2026-07-28', headers)).toBeUndefined();
      if (other !== name) expect(checkModern(request(other), '2026-07-28', headers)).toHaveProperty('error');
    };
    fc.assert(fc.property(anyValue, anyValue, passes), { numRuns: 2_000 });
  });
});

describe('standardHeaders', () => {
  const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';

  it.each([
    [call('tools/list', `{${meta}}`), { 'mcp-method': 'tools/list', 'mcp-protocol-version': '2026-07-28' }],
    [
      call('tools/call', `{"name":"get_weather",${meta}}`),
      { 'mcp-method': 'tools/call', 'mcp-name': 'get_weather', 'mcp-protocol-version': '2026-07-28' },
    ],
    [call('prompts/get', '{"name":"世界"}'), { 'mcp-method': 'prompts/get', 'mcp-name': base64('世界') }],
    [
      call('resources/read', '{"uri":"file:///projects/myapp/config.json","name":"x"}'),
      { 'mcp-method': 'resources/read', 'mcp-name': 'file:///projects/myapp/config.json' },
    ],
    [call('tasks/get', '{"taskId":"t 1"}'), { 'mcp-method': 'tasks/get', 'mcp-name': 't 1' }],
    [call('tasks/update', '{"taskId":"t"}'), { 'mcp-method': 'tasks/update', 'mcp-name': 't' }],
    [call('tasks/cancel', '{"taskId":"t"}'), { 'mcp-method': 'tasks/cancel', 'mcp-name': 't' }],
    [call('tools/call', '{"n\\u0061me":"a\\/b"}'), { 'mcp-method': 'tools/call', 'mcp-name': 'a/b' }],
    [call('tools/call', '{"name":7}'), { 'mcp-method': 'tools/call' }],
    [call('tools/call'), { 'mcp-method': 'tools/call' }],
    [call('vendor/thing', '{"name":"x"}'), { 'mcp-method': 'vendor/thing' }],
    [call('a\nb'), { 'mcp-method': base64('a\nb') }],
    [call('constructor', '{"name":"x"}'), { 'mcp-method': 'constructor' }],
  ])('%j', (request, headers) => {
    expect(standardHeaders(request)).toEqual(headers);
  });

  it('are the same object for equal requests, and never those of another request', () => {
    const request = (method: string, name: string) => call(method, `{"name":${JSON.stringify(name)},${meta}}`);
    const first = standardHeaders(request('tools/call', 'one'));
    expect(standardHeaders(request('tools/call', 'one'))).toBe(first);
    for (const [method, name] of [
      ['tools/call', 'two'],
      ['tools/call', ''],
      ['prompts/get', 'one'],
      ['tools/call one', ''],
      ['tools/call', 'x'.repeat(5_000)],
    ] as const) {
      const headers = standardHeaders(request(method, name));
      expect(headers).not.toBe(first);
      expect(headers['mcp-method']).toBe(method);
      if (method !== 'tools/call one') expect(headers['mcp-name']).toBe(headerValue(name));
    }
  });

  it('does not say one name where the body may say another', () => {
    expect(() => standardHeaders(call('tools/call', '{"name":"a","name":"b"}'))).toThrow(/duplicate key/);
  });
});

describe('parameterHeaders', () => {
  const mirrored: MirroredParameter[] = [
    { path: ['region'], header: 'mcp-param-region' },
    { path: ['where', 'zone'], header: 'mcp-param-zone' },
  ];
  const headers = (args: string): Record<string, string> =>
    parameterHeaders(call('tools/call', `{"name":"t","arguments":${args}}`), mirrored);

  it.each([
    ['{"region":"us-west1","query":"x"}', { 'mcp-param-region': 'us-west1' }],
    ['{"region":"a","where":{"zone":"b"}}', { 'mcp-param-region': 'a', 'mcp-param-zone': 'b' }],
    ['{"region":"世界"}', { 'mcp-param-region': base64('世界') }],
    ['{"region":""}', { 'mcp-param-region': base64('') }],
    ['{"region":42}', { 'mcp-param-region': '42' }],
    ['{"region":-7}', { 'mcp-param-region': '-7' }],
    ['{"region":0}', { 'mcp-param-region': '0' }],
    ['{"region":-0}', { 'mcp-param-region': '0' }],
    ['{"region":1.0}', { 'mcp-param-region': '1' }],
    ['{"region":1e3}', { 'mcp-param-region': '1000' }],
    ['{"region":9007199254740991}', { 'mcp-param-region': '9007199254740991' }],
    ['{"region":-9007199254740991}', { 'mcp-param-region': '-9007199254740991' }],
    ['{"region":true,"where":{"zone":false}}', { 'mcp-param-region': 'true', 'mcp-param-zone': 'false' }],
    // A parameter without a value has no header; integers that a double cannot distinguish are not sent as something
    // else.
    ['{"region":null}', {}],
    ['{}', {}],
    ['{"region":9007199254740993}', {}],
    ['{"region":12345678901234567890}', {}],
    ['{"region":{"a":1},"where":"zone"}', {}],
    ['{"region":["a"],"where":[{"zone":"b"}]}', {}],
    ['{"where":null}', {}],
    ['[]', {}],
    ['null', {}],
    ['"region"', {}],
  ])('%s', (args, expected) => {
    expect(headers(args)).toEqual(expected);
  });

  it('are none without arguments or without annotations', () => {
    expect(parameterHeaders(call('tools/call', '{"name":"t"}'), mirrored)).toEqual({});
    expect(parameterHeaders(call('tools/call'), mirrored)).toEqual({});
    expect(parameterHeaders(call('tools/call', '{"arguments":{"region":"a"}}'), [])).toEqual({});
  });

  it('take members of the arguments only, not those every object has', () => {
    const inherited = [
      { path: ['constructor'], header: 'a' },
      { path: ['__proto__', 'x'], header: 'b' },
      { path: ['toString', 'name'], header: 'c' },
    ];
    expect(parameterHeaders(call('tools/call', '{"arguments":{}}'), inherited)).toEqual({});
    expect(parameterHeaders(call('tools/call', '{"arguments":{"constructor":"x"}}'), inherited)).toEqual({ a: 'x' });
  });
});
