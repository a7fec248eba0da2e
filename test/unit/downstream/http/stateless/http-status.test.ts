import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../../../src/core/jsonrpc.ts';
import { modernStatus } from '../../../../../src/downstream/http/stateless/http-status.ts';
import { type ErrorCode, type ErrorData, ProxyError } from '../../../../../src/errors.ts';
import { replyFrom } from '../../../../../src/wire/replies.ts';

function error(code: number | string): Reply {
  return { error: Buffer.from(`{"code":${code},"message":"m"}`) };
}

describe('an error', () => {
  it.each<[code: number, status: number]>([
    // Codes of JSON-RPC and of the protocol: 2026-07-28 has statuses for some of them.
    [-32700, 400],
    [-32600, 400],
    [-32601, 404],
    [-32602, 200],
    [-32603, 200],
    [-32020, 400],
    [-32021, 400],
    [-32022, 400],
    [-32019, 200],
    [-32023, 200],
    [-32000, 200],
    [-32001, 200],
    [-32002, 200],
    [-32042, 200],
    [-32099, 200],
    // Codes that servers have chosen themselves.
    [0, 200],
    [1, 200],
    [404, 200],
    [502, 200],
    [-1, 200],
    // Codes that the proxy uses itself: a server with an error of that number has answered.
    [-31001, 200],
    [-31003, 200],
    [-31008, 200],
  ])('%d: %d', (code, status) => {
    expect(modernStatus(error(code))).toBe(status);
  });

  it.each<[string, Reply]>([
    ['a code that is no number', error('"x"')],
    ['a code that is no whole number', error('-32601.5')],
    ['no code', { error: Buffer.from('{"message":"m"}') }],
    ['two codes', { error: Buffer.from('{"code":-32601,"code":-31001,"message":"m"}') }],
    ['nothing readable at all', { error: Buffer.from('"-31001"') }],
  ])('with %s is an answer like any other', (_, reply) => {
    expect(modernStatus(reply)).toBe(200);
  });
});

it.each(['{}', '{"isError":true}', '{"code":-32601}', 'null', '{"error":{"code":-31001}}'])(
  'the result %s is an answer, and nothing else',
  (text) => {
    const reply: Reply = { result: Buffer.from(text) };
    expect(modernStatus(reply)).toBe(200);
  },
);

describe('a failure of the proxy', () => {
  it.each<[ErrorCode, ErrorData, number]>([
    ['unreachable', {}, 200],
    ['unreachable', { hint: 'is it running?' }, 200],
    ['failed', { httpStatus: 503, retryAfter: 5 }, 200],
    ['failed', { outcome: 'unknown' }, 200],
    ['timeout', { outcome: 'unknown' }, 200],
    ['timeout', {}, 200],
    ['unauthorized', { signIn: 'https://a.example/' }, 200],
    ['port-taken', {}, 200],
    ['no-common-version', { supported: ['2025-11-25'] }, 200],
    ['cannot-bridge', {}, 200],
    ['bad-result', {}, 200],
    ['limit', {}, 200],
    ['limit', { outcome: 'unknown' }, 200],
    ['invalid-request', {}, 400],
    ['invalid-params', {}, 200],
    ['internal', {}, 200],
  ])('%s with %j: %d', (code, data, status) => {
    expect(modernStatus(replyFrom(new ProxyError(code, 'what happened', data)))).toBe(status);
  });
});
