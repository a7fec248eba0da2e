// JSON-RPC errors: which of them are answers, what they contain, and how the proxy writes its own.
import { describe, expect, it } from 'vitest';
import { errorCode, errorReply, parseMessage, type Reply } from '../../../src/core/jsonrpc.ts';

const json = (text: string): Buffer => Buffer.from(text);

describe('parseMessage', () => {
  // Clients fail on errors of any other shape, so none of these may count as an answer.
  it.each([
    ['an error that is null', '"id":1,"error":null', '1'],
    ['an error that is a text', '"id":"a","error":"oops"', '"a"'],
    ['an error that is a number', '"id":1,"error":-32600', '1'],
    ['an error that is a list', '"id":1,"error":[{"code":-1,"message":"m"}]', '1'],
    ['an error without a code', '"id":1,"error":{"message":"m"}', '1'],
    ['an error whose code is a text', '"id":1,"error":{"code":"-1","message":"m"}', '1'],
    ['an error whose code is null', '"id":1,"error":{"code":null,"message":"m"}', '1'],
    ['an error whose code is a list', '"id":1,"error":{"code":[1],"message":"m"}', '1'],
    ['an error whose code is no integer', '"id":1,"error":{"code":1.5,"message":"m"}', '1'],
    ['an error whose code is beyond every number', '"id":1,"error":{"code":1e400,"message":"m"}', '1'],
    ['an error with two codes', '"id":1,"error":{"code":1,"c\\u006fde":2,"message":"m"}', '1'],
    ['an error without a message', '"id":1,"error":{"code":-1}', '1'],
    ['an error whose message is no text', '"id":1,"error":{"code":-1,"message":{"a":1}}', '1'],
    ['an error whose message is null', '"id":1,"error":{"code":-1,"message":null}', '1'],
    ['such an error beside a result', '"id":1,"error":{},"result":1', '1'],
    ['such an error without an id', '"error":{}', 'null'],
    ['nothing but an id', '"id":"7"', '"7"'],
    ['an id and what nobody knows', '"id":7,"reply":{}', '7'],
    ['such an error under an id that is none', '"id":{"a":1},"error":{}', 'null'],
  ])('calls %s malformed, under the id it came with', (_, rest, id) => {
    expect(parseMessage(json(`{"jsonrpc":"2.0",${rest}}`))).toEqual({
      kind: 'malformed',
      id,
      reason: expect.stringMatching(/error/),
    });
  });

  it.each([
    '{"code":-32601,"message":"m"}',
    '{"c\\u006fde":1.0,"m\\u0065ssage":""}',
    '{"message":"\\u0041","code":1e3,"data":null}',
    '{"code":-0,"message":"m","more":[]}',
  ])('takes %s for an error all the same', (error) => {
    const message = parseMessage(json(`{"jsonrpc":"2.0","id":1,"error":${error}}`));
    expect(message).toEqual({ kind: 'response', id: '1', reply: { error: json(error) } });
  });
});

describe('errorCode', () => {
  it.each([
    ['{"code":-32601,"message":"m"}', -32601],
    ['{"message":"m","c\\u006fde":-32020}', -32020],
    ['{"code":1e3}', 1000],
    ['{"code":"-32601"}', undefined],
    ['{"code":1.5}', undefined],
    ['{"code":null}', undefined],
    ['{}', undefined],
    ['null', undefined],
    ['"text"', undefined],
    ['{"code":1,"code":2}', undefined],
  ])('of %s', (error, code) => {
    expect(errorCode({ error: json(error) })).toBe(code);
  });

  it('of a result is none', () => {
    expect(errorCode({ result: json('{"code":1}') })).toBeUndefined();
  });
});

describe('errorReply', () => {
  it('writes own errors with their data, and without it when there is none', () => {
    const decoded = (reply: Reply): unknown => JSON.parse(('error' in reply ? reply.error : reply.result).toString());
    expect(decoded(errorReply(-1, 'no', { hint: 'h' }))).toEqual({ code: -1, message: 'no', data: { hint: 'h' } });
    expect(decoded(errorReply(-1, 'no', {}))).toEqual({ code: -1, message: 'no' });
    expect(decoded(errorReply(-1, 'no'))).toEqual({ code: -1, message: 'no' });
  });
});
