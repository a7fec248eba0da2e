import { describe, expect, it } from 'vitest';
import { Cancelled } from '../../../src/core/exchange.ts';
import { cancelledCall, cancelledId } from '../../../src/mcp/cancelled.ts';

describe('the request that a cancellation names', () => {
  it.each([
    ['{"requestId":1}', '1'],
    ['{"requestId":0}', '0'],
    ['{"requestId":-7}', '-7'],
    ['{"requestId":"1"}', '"1"'],
    ['{"requestId":""}', '""'],
    ['{"requestId":"\\u0061 é"}', '"\\u0061 é"'],
    ['{"requestId":12345678901234567890}', '12345678901234567890'],
    ['{"reason":"enough","request\\u0049d": 3 }', '3'],
  ])('%s: %s', (params, id) => {
    expect(cancelledId(Buffer.from(params))).toBe(id);
  });

  it.each([
    ['none at all', '{}'],
    ['null', '{"requestId":null}'],
    ['a boolean', '{"requestId":true}'],
    ['an object', '{"requestId":{"requestId":1}}'],
    ['an array', '{"requestId":[1]}'],
    ['two', '{"requestId":1,"requestId":2}'],
    ['two, one of them in disguise', '{"requestId":1,"request\\u0049d":2}'],
    ['one in a list', '[1]'],
  ])('%s: no request', (_, params) => {
    expect(cancelledId(Buffer.from(params))).toBeUndefined();
  });
});

describe('the cancellation that is sent', () => {
  const sent = (reason: unknown, id: string): unknown => {
    const { method, params, ...rest } = cancelledCall(reason, id);
    expect(rest).toEqual({});
    return [method, params?.toString()];
  };
  const saying = (params: string): Cancelled =>
    new Cancelled({ method: 'notifications/cancelled', params: Buffer.from(params) });

  it.each([
    ['an id that is a number', '{"requestId":5,"reason":"enough"}', '17', '{"requestId":17,"reason":"enough"}'],
    ['an id that is a string', '{"requestId":5}', '"s-1"', '{"requestId":"s-1"}'],
    [
      'unknown members, large numbers and space',
      '{ "x":{"y":[1e400, 12345678901234567890]},"requestId":"5" ,"reason":"\\u0061"}',
      '1',
      '{ "x":{"y":[1e400, 12345678901234567890]},"requestId":1 ,"reason":"\\u0061"}',
    ],
    ['an id under a key in disguise', '{"request\\u0049d":5}', '1', '{"request\\u0049d":1}'],
    ['no id', '{"reason":"enough"}', '3', '{"reason":"enough","requestId":3}'],
  ])('names our own request, and keeps the rest: %s', (_, own, id, expected) => {
    expect(sent(saying(own), id)).toEqual(['notifications/cancelled', expected]);
  });

  it.each([
    ['who cancelled said nothing', new Cancelled()],
    ['who cancelled had no parameters', new Cancelled({ method: 'notifications/cancelled' })],
    ['it was given up for another reason', new Error('too late')],
    ['there is no reason', undefined],
  ])('names our request and nothing else when %s', (_, reason) => {
    expect(sent(reason, '8')).toEqual(['notifications/cancelled', '{"requestId":8}']);
  });
});
