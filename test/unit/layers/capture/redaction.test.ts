// What a recording leaves out of a message, and what it keeps byte for byte.
import { describe, expect, it } from 'vitest';
import { redactor } from '../../../../src/core/redact.ts';
import { redacted } from '../../../../src/layers/capture/redaction.ts';
import type { RecordedEvent } from '../../../../src/wire/recording.ts';

const OF = { time: 0, leg: 'client', session: 1 } as const;
const redact = redactor(['topsecret-1']);

function request(method: string, params: string, keepsArguments = false): string {
  const event: RecordedEvent = {
    ...OF,
    from: 'client',
    kind: 'request',
    id: 'c1',
    method,
    params: Buffer.from(params),
  };
  const safe = redacted(event, redact, keepsArguments);
  return 'params' in safe ? String(safe.params) : '';
}

function result(from: 'client' | 'server', payload: string, keepsArguments = false): string {
  const event: RecordedEvent = { ...OF, from, kind: 'result', id: 'c1', payload: Buffer.from(payload) };
  const safe = redacted(event, redact, keepsArguments);
  return 'payload' in safe ? String(safe.payload) : '';
}

describe('arguments', () => {
  it.each<[method: string, params: string, kept: string]>([
    [
      'tools/call',
      '{"name":"a","arguments":{"x":"y","n":12,"ok":true,"none":null}}',
      '{"name":"a","arguments":{"x":"[redacted]","n":"[redacted]","ok":"[redacted]","none":"[redacted]"}}',
    ],
    ['tools/call', '{"name":"a","arguments":["x"]}', '{"name":"a","arguments":["[redacted]"]}'],
    ['prompts/get', '{"name":"p","arguments":{"x":"y"}}', '{"name":"p","arguments":{"x":"[redacted]"}}'],
    [
      'completion/complete',
      '{"ref":{"name":"p"},"argument":{"name":"x","value":"y"},"context":{"arguments":{"z":"w"}}}',
      '{"ref":{"name":"p"},"argument":{"name":"x","value":"[redacted]"},"context":{"arguments":{"z":"[redacted]"}}}',
    ],
    [
      'tools/call',
      '{"name":"a","inputResponses":{"q":{"action":"accept","content":{"x":1}}},"requestState":"s"}',
      '{"name":"a","inputResponses":{"q":{"action":"[redacted]","content":{"x":"[redacted]"}}},"requestState":"[redacted]"}',
    ],
    ['resources/read', '{"uri":"file:///a"}', '{"uri":"file:///a"}'],
    ['initialize', '{ "protocolVersion" : "2025-11-25" }', '{"protocolVersion" : "2025-11-25"}'],
  ])('of %s %s', (method, params, kept) => {
    expect(request(method, params)).toBe(kept);
  });

  it('stay with --capture-arguments, with the numbers as they were', () => {
    const params = '{"name":"a","arguments":{"n":12345678901234567890.10,"s":"\\u00e9"}}';
    expect(request('tools/call', params, true)).toBe(params);
  });

  it('are the answers of a client too, but not those of a server', () => {
    const answer = '{"action":"accept","content":{"name":"Ada"}}';
    expect(result('client', answer)).toBe('{"action":"accept","content":{"name":"[redacted]"}}');
    expect(result('client', answer, true)).toBe(answer);
    expect(result('server', answer)).toBe(answer);
  });
});

describe('secrets', () => {
  it.each<[what: string, value: string, kept: string]>([
    ['one of the command line', '"a topsecret-1 b"', '"a *** b"'],
    ['one that is spelled with escapes', '"topsecret\\u002d1"', '"***"'],
    ['a bearer token', '"Bearer abcdefghijkl"', '"***"'],
    ['a JSON Web Token', '"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sflKxwRJ"', '"***"'],
    ['keys of well-known providers', '"ghp_abcdefghijklmnopqrstuvwx sk-ant-abcdefghijklmnopqrst"', '"*** ***"'],
    ['user info of a URL', '"https://ada:pw@host.example/"', '"https://***@host.example/"'],
    [
      'the query of a URL',
      '"https://host.example/?access_token=abc&page=2"',
      '"https://host.example/?access_token=***&page=2"',
    ],
    ['an ordinary text', '"the token is not here; basic maths"', '"the token is not here; basic maths"'],
  ])('%s', (_what, value, kept) => {
    expect(result('server', `{"content":[{"text":${value}}]}`)).toBe(`{"content":[{"text":${kept}}]}`);
  });

  it.each(['password', 'apiKey', 'api_key', 'client_secret', 'accessToken', 'Authorization', 'cookie', 'requestState'])(
    'the member %s',
    (name) => {
      expect(result('server', `{"${name}":"x"}`)).toBe(`{"${name}":"[redacted]"}`);
    },
  );

  it.each(['{"progressToken":"p"}', '{"nextCursor":"c"}', '{"maxTokens":10}', '{"token":5}'])('not %s', (text) => {
    expect(result('server', text)).toBe(text);
  });
});

describe('names', () => {
  it.each<[what: string, text: string, kept: string]>([
    ['a secret', '{"a":{"topsecret-1" : 5}}', '{"a":{"***":5}}'],
    [
      'a part of one',
      '{"x-topsecret-1":{"topsecret\\u002d1":[{"ghp_abcdefghijklmnopqrstuvwx":1}]}}',
      '{"x-***":{"***":[{"***":1}]}}',
    ],
    [
      'several secrets',
      '{"a topsecret-1":1,"*** 2":2,"topsecret-1":3,"***":4}',
      '{"a ***":1,"*** 2":2,"***":3,"*** 3":4}',
    ],
    ['no secret', '{ "a" : 1 , "\\u0062":2}', '{ "a" : 1 ,"\\u0062":2}'],
  ])('of members: %s', (_what, text, kept) => {
    const own = result('server', text);
    expect(JSON.parse(own)).toEqual(JSON.parse(kept));
    expect(Object.keys(JSON.parse(own))).toHaveLength(Object.keys(JSON.parse(text)).length);
  });

  it('of methods', () => {
    for (const kind of ['notification', 'request'] as const) {
      const of = { ...OF, from: 'server', id: 's1', method: 'vendor/topsecret-1' } as const;
      expect(redacted({ ...of, kind }, redact, true)).toMatchObject({ kind, method: 'vendor/***' });
      expect(redacted({ ...of, kind, params: Buffer.from('{}') }, redact, true)).toMatchObject({
        method: 'vendor/***',
      });
    }
  });

  it('that the protocol has stay, although a secret is such a word', () => {
    const words = redactor(['server', 'cursor', 'context', 'content', '2025-11-25']);
    const kept = '{"serverInfo":{},"_meta":{"io.modelcontextprotocol/serverInfo":1},"content":[],"nextCursor":1}';
    const payload = Buffer.from(kept);
    const answer = redacted({ ...OF, from: 'server', kind: 'result', id: 'c1', payload }, words, true);
    expect('payload' in answer && String(answer.payload)).toBe(kept);
    const told = { ...OF, from: 'server', kind: 'notification', method: 'notifications/content/list_changed' } as const;
    expect(redacted(told, words, true)).toEqual(told);
  });
});

it.each([
  ['dots', 'a.'],
  ['beginnings of tokens', 'eyJabcdefgh-'],
  ['schemes', 'Bearer '],
  ['queries', '?a-b&'],
  ['addresses', 'https://a:'],
])('a long text of %s is read in about as many steps as it has characters', (_what, part) => {
  const text = part.repeat(400_000);
  expect(result('server', JSON.stringify({ text, [text]: 1 }))).toBe(JSON.stringify({ text, [text]: 1 }));
});

it.each(['{"a":1,"a":2}', '['.repeat(70) + ']'.repeat(70)])('a value that cannot be read is left out: %s', (text) => {
  expect(result('server', text)).toContain('[redacted]');
});
