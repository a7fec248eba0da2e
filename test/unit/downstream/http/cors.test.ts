import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { corsHeaders, isPreflight, preflightHeaders } from '../../../../src/downstream/http/cors.ts';

const ORIGIN = 'http://localhost:5173';

const listOf = (value: string | number | undefined): string[] => String(value).split(', ');

it('every response names the origin, and what its pages may read', () => {
  const headers = corsHeaders(ORIGIN);
  expect(headers['access-control-allow-origin']).toBe(ORIGIN);
  expect(headers.vary).toBe('Origin');
  expect(listOf(headers['access-control-expose-headers']).sort()).toEqual([
    'MCP-Protocol-Version',
    'Mcp-Session-Id',
    'Retry-After',
    'WWW-Authenticate',
  ]);
});

describe('a preflight', () => {
  const asked = { origin: ORIGIN, 'access-control-request-method': 'POST' };

  it.each<[boolean, string | undefined, IncomingHttpHeaders]>([
    [true, 'OPTIONS', asked],
    [true, 'OPTIONS', { ...asked, 'access-control-request-method': 'DELETE' }],
    [false, 'OPTIONS', { origin: ORIGIN }],
    [false, 'OPTIONS', { 'access-control-request-method': 'POST' }],
    [false, 'OPTIONS', {}],
    [false, 'POST', asked],
    [false, 'GET', asked],
    [false, undefined, asked],
  ])('%s: %s with %j', (yes, method, headers) => {
    expect(isPreflight(method, headers)).toBe(yes);
  });
});

describe('the answer to a preflight', () => {
  const OWN = [
    'Content-Type',
    'Accept',
    'Authorization',
    'MCP-Protocol-Version',
    'Mcp-Session-Id',
    'Last-Event-ID',
    'Mcp-Method',
    'Mcp-Name',
  ];
  const answer = (headers: IncomingHttpHeaders, forwarded: readonly string[] = []): Record<string, string | number> =>
    preflightHeaders({ origin: ORIGIN, ...headers }, forwarded);
  const allowed = (names: string | undefined, forwarded: readonly string[] = []): string[] => {
    const headers = names === undefined ? {} : { 'access-control-request-headers': names };
    return listOf(answer(headers, forwarded)['access-control-allow-headers']);
  };

  it('allows all methods and headers of the protocol, for hours', () => {
    const headers = answer({});
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(listOf(headers['access-control-allow-methods'])).toEqual(['GET', 'POST', 'DELETE', 'OPTIONS']);
    expect(listOf(headers['access-control-allow-headers'])).toEqual(OWN);
    expect(headers['access-control-max-age']).toBe(7_200);
  });

  it('depends on what was asked, and caches are told so', () => {
    expect(listOf(answer({}).vary)).toEqual(['Origin', 'Access-Control-Request-Headers']);
  });

  it('allows the headers that go on to the server', () => {
    expect(allowed(undefined, ['x-tenant', 'x-upstream-authorization'])).toEqual([
      ...OWN,
      'x-tenant',
      'x-upstream-authorization',
    ]);
  });

  it.each<[asked: string, more: string[]]>([
    ['mcp-param-region', ['mcp-param-region']],
    ['Mcp-Param-A,mcp-param-b ,  MCP-PARAM-C', ['Mcp-Param-A', 'mcp-param-b', 'MCP-PARAM-C']],
    ["mcp-param-!#$%&'*+-.^_`|~0a", ["mcp-param-!#$%&'*+-.^_`|~0a"]],
    ['content-type, mcp-method', []],
    ['', []],
    [' , ,', []],
    ['mcp-param-', []],
    ['x-mcp-param-a', []],
    ['mcp-param-é', []],
    ['mcp-param-a b', []],
    ['mcp-param-a\r\nx-evil', []],
    ['mcp-param-a:b', []],
    ['*', []],
    ['x-evil, cookie', []],
  ])('allows of %j, beyond the usual: %j', (asked, more) => {
    expect(allowed(asked)).toEqual([...OWN, ...more]);
  });

  it('has an end, however much is asked', () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `mcp-param-${i}`);
    expect(allowed(names.join(','))).toEqual([...OWN, ...names.slice(0, 100)]);
  });

  it.each([
    ['true', 'true'],
    ['false', undefined],
    [undefined, undefined],
  ])('lets pages of other networks in when they ask %s: %s', (wanted, granted) => {
    const headers = wanted === undefined ? {} : { 'access-control-request-private-network': wanted };
    expect(answer(headers)['access-control-allow-private-network']).toBe(granted);
  });
});
