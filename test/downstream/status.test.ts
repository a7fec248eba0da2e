import { describe, expect, it } from 'vitest';
import type { Reply } from '../../src/core/jsonrpc.ts';
import { legacyStatus, modernStatus } from '../../src/downstream/status.ts';
import { type ErrorCode, type ErrorData, ProxyError } from '../../src/errors.ts';
import { replyFrom } from '../../src/wire/replies.ts';

const UNKNOWN = '{"outcome":"unknown"}';

function error(code: number | string, data?: string): Reply {
  return { error: Buffer.from(`{"code":${code},"message":"m"${data === undefined ? '' : `,"data":${data}`}}`) };
}

describe('an error', () => {
  it.each<[code: number, data: string | undefined, legacy: number, modern: number]>([
    // Of JSON-RPC and of the protocol: the modern revision has statuses for some of them.
    [-32700, undefined, 200, 400],
    [-32600, undefined, 200, 400],
    [-32601, undefined, 200, 404],
    [-32602, undefined, 200, 200],
    [-32603, undefined, 200, 200],
    [-32020, undefined, 200, 400],
    [-32021, undefined, 200, 400],
    [-32022, undefined, 200, 400],
    [-32019, undefined, 200, 200],
    [-32023, undefined, 200, 200],
    [-32000, undefined, 200, 200],
    [-32001, undefined, 200, 200],
    [-32002, undefined, 200, 200],
    [-32042, undefined, 200, 200],
    [-32099, undefined, 200, 200],
    // Of servers, by their own choice.
    [0, undefined, 200, 200],
    [1, undefined, 200, 200],
    [404, undefined, 200, 200],
    [502, undefined, 200, 200],
    [-1, undefined, 200, 200],
    // Those that the proxy uses itself: a server that has an error of that number has answered all the same.
    [-31001, undefined, 200, 200],
    [-31003, undefined, 200, 200],
    [-31003, UNKNOWN, 200, 200],
    [-31008, undefined, 200, 200],
  ])('%d with data %s: %d with a handshake, %d without', (code, data, legacy, modern) => {
    expect(legacyStatus(error(code, data))).toBe(legacy);
    expect(modernStatus(error(code, data))).toBe(modern);
  });

  it.each<[string, Reply]>([
    ['a code that is no number', error('"x"')],
    ['a code that is no whole number', error('-32601.5')],
    ['no code', { error: Buffer.from('{"message":"m"}') }],
    ['two codes', { error: Buffer.from('{"code":-32601,"code":-31001,"message":"m"}') }],
    ['nothing readable at all', { error: Buffer.from('"-31001"') }],
  ])('with %s is an answer like any other', (_, reply) => {
    expect([legacyStatus(reply), modernStatus(reply)]).toEqual([200, 200]);
  });
});

it.each(['{}', '{"isError":true}', '{"code":-32601}', 'null', '{"error":{"code":-31001}}'])(
  'the result %s is an answer, and nothing else',
  (text) => {
    const reply: Reply = { result: Buffer.from(text) };
    expect([legacyStatus(reply), modernStatus(reply)]).toEqual([200, 200]);
  },
);

describe('a failure of the proxy', () => {
  it.each<[ErrorCode, ErrorData, number, number]>([
    ['unreachable', {}, 502, 502],
    ['unreachable', { hint: 'is it running?' }, 502, 502],
    ['failed', { httpStatus: 503, retryAfter: 5 }, 502, 502],
    ['failed', { outcome: 'unknown' }, 200, 200],
    ['timeout', { outcome: 'unknown' }, 200, 200],
    ['timeout', {}, 200, 200],
    ['unauthorized', { signIn: 'https://a.example/' }, 200, 200],
    ['port-taken', {}, 200, 200],
    ['no-common-version', { supported: ['2025-11-25'] }, 200, 200],
    ['cannot-bridge', {}, 200, 200],
    ['bad-result', {}, 200, 200],
    ['limit', {}, 503, 503],
    ['limit', { outcome: 'unknown' }, 200, 200],
    ['invalid-request', {}, 200, 400],
    ['invalid-params', {}, 200, 200],
    ['internal', {}, 200, 200],
  ])('%s with %j: %d with a handshake, %d without', (code, data, legacy, modern) => {
    const reply = replyFrom(new ProxyError(code, 'what happened', data));
    expect([legacyStatus(reply), modernStatus(reply)]).toEqual([legacy, modern]);
  });
});
