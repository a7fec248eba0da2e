// Requests of 2026-07-28, as legacy servers get them.
import { describe, expect, it } from 'vitest';
import { Cancelled } from '../../../../src/core/exchange.ts';
import { JsonError } from '../../../../src/core/json.ts';
import { clientOf, initializeFor, legacyParams, legacyReason } from '../../../../src/mcp/eras/legacy-request.ts';

const P = 'io.modelcontextprotocol/';
const ENVELOPE = `"${P}protocolVersion":"2026-07-28","${P}clientInfo":{},"${P}clientCapabilities":{},"${P}logLevel":"info"`;

it.each([
  [`{"_meta":{${ENVELOPE}}}`, '{}'],
  [`{"a":1,"_meta":{${ENVELOPE}},"b":2}`, '{"a":1,"b":2}'],
  [`{"_meta":{"progressToken":1,${ENVELOPE},"x":2},"b":2}`, '{"_meta":{"progressToken":1,"x":2},"b":2}'],
  ['{"a" : 12345678901234567890}', '{"a" : 12345678901234567890}'],
  ['{"inputResponses":{},"a":{"requestState":1},"requestState":"x"}', '{"a":{"requestState":1}}'],
  ['{"_meta":7}', '{"_meta":7}'],
  ['[1]', '[1]'],
])('%s', (params, expected) => {
  expect(legacyParams(Buffer.from(params))?.toString()).toBe(expected);
});

describe('the reason for which a request has ended', () => {
  const paramsOf = (params: string) => {
    const reason = legacyReason(new Cancelled({ method: 'notifications/cancelled', params: Buffer.from(params) }));
    return reason instanceof Cancelled && reason.call?.params?.toString();
  };

  it.each([
    [`{"requestId":1,"reason":"r","_meta":{${ENVELOPE},"x":2}}`, '{"requestId":1,"reason":"r","_meta":{"x":2}}'],
    [`{"requestId":1,"_meta":{${ENVELOPE}}}`, '{"requestId":1}'],
    ['{"requestId":1}', '{"requestId":1}'],
    // The call is cancelled, and what cannot be read stays here.
    ['{"requestId":1,"_meta":{"a":1,"a":2}}', undefined],
  ])('%s', (params, expected) => {
    expect(paramsOf(params)).toBe(expected);
  });

  it.each([new Cancelled(), new Error('no'), undefined])('that is none of the client, such as %s, stays', (reason) => {
    expect(legacyReason(reason)).toBe(reason);
  });
});

it('a request without parameters stays without', () => {
  expect(legacyParams(undefined)).toBeUndefined();
});

it.each(['{"_meta":{},"_meta":{}}', '{"_meta":{"a":1,"a":2}}'])('refuses %s', (params) => {
  expect(() => legacyParams(Buffer.from(params))).toThrow(JsonError);
});

it.each([
  [{}, {}],
  [
    { roots: { listChanged: true }, sampling: { tools: {} } },
    { roots: {}, sampling: { tools: {} } },
  ],
  [{ tasks: {}, extensions: { [`${P}tasks`]: {}, 'a/b': {} } }, { extensions: { 'a/b': {} } }],
])('a client that declares %j opens with %j', (declared, expected) => {
  const call = {
    method: 'tools/list',
    params: Buffer.from(JSON.stringify({ _meta: { [`${P}clientCapabilities`]: declared } })),
  };
  const { params } = initializeFor(clientOf(call), Buffer.from('{"name":"us"}'));
  expect(JSON.parse(String(params))).toEqual({
    protocolVersion: '2025-11-25',
    capabilities: expected,
    clientInfo: { name: 'us' },
  });
});
