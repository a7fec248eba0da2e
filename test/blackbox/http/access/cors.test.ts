// What pages of other origins may do, according to the CORS headers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../../peers/hostile.ts';
import { closeServings, type Serving, startServing } from '../../../peers/http/serving.ts';
import { type Answered, type Ask, ask, initialize, inSession, modern, openSession } from '../exchange.ts';

const ORIGIN = 'http://localhost:5173';
const FOREIGN = 'https://app.example.com';
const EXPOSED = ['Mcp-Session-Id', 'MCP-Protocol-Version', 'WWW-Authenticate', 'Retry-After'];
const METHODS = ['GET', 'POST', 'DELETE', 'OPTIONS'];
const HEADERS = [
  'Content-Type',
  'Accept',
  'Authorization',
  'MCP-Protocol-Version',
  'Mcp-Session-Id',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
];

let serving: Serving;

beforeAll(async () => {
  const upstream = await startHostile();
  serving = await startServing(upstream.url, [
    ...['--client-token', 'token', '--allowed-origin', FOREIGN, '--max-body', '1'],
    ...['--forward-header', 'X-Tenant', '--forward-header', 'X-Upstream-Authorization=Authorization'],
  ]);
});
afterAll(async () => {
  await closeServings();
  await closeHostiles();
});

/** The values of a header that is a list, in lower case and sorted. */
function listed(answered: Answered, name: string): string[] {
  const value = answered.headers[name];
  const names = String(value ?? '').split(',');
  return names.map((item) => item.trim().toLowerCase()).sort();
}

const lower = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase()).sort();

function expectOpened(answered: Answered, origin: string): void {
  expect(answered.headers['access-control-allow-origin']).toBe(origin);
  expect(listed(answered, 'vary')).toContain('origin');
  expect(listed(answered, 'access-control-expose-headers')).toEqual(expect.arrayContaining(lower(EXPOSED)));
  // The proxy uses no cookies for access, so a page must not send any.
  expect(answered.headers['access-control-allow-credentials']).toBeUndefined();
}

const preflight = (origin: string, headers: string, path = '/mcp', method = 'POST'): Promise<Answered> =>
  ask(serving.url, {
    method: 'OPTIONS',
    path,
    headers: {
      origin,
      'access-control-request-method': method,
      ...(headers !== '' && { 'access-control-request-headers': headers }),
    },
  });

describe('the preflight', () => {
  it.each([ORIGIN, FOREIGN])('from %s passes without a token', async (origin) => {
    const answered = await preflight(origin, 'content-type,mcp-protocol-version,authorization');
    expect([answered.status, answered.text]).toEqual([204, '']);
    expect(answered.headers['access-control-allow-origin']).toBe(origin);
    expect(answered.headers['access-control-allow-credentials']).toBeUndefined();
    expect(listed(answered, 'vary')).toContain('origin');
    expect(listed(answered, 'access-control-allow-methods')).toEqual(expect.arrayContaining(lower(METHODS)));
    expect(listed(answered, 'access-control-allow-headers')).toEqual(expect.arrayContaining(lower(HEADERS)));
    expect(Number(answered.headers['access-control-max-age'])).toBeGreaterThan(0);
  });

  it('allows the headers that go upstream', async () => {
    const answered = await preflight(ORIGIN, 'x-tenant');
    const allowed = listed(answered, 'access-control-allow-headers');
    expect(allowed).toEqual(expect.arrayContaining(['x-tenant', 'x-upstream-authorization']));
  });

  it('allows headers that mirror parameters, and no other headers that it is asked about', async () => {
    const asked = 'mcp-param-region, Mcp-Param-Tenant,x-other,cookie,mcp-paramx';
    const allowed = listed(await preflight(ORIGIN, asked), 'access-control-allow-headers');
    expect(allowed).toEqual(expect.arrayContaining(['mcp-param-region', 'mcp-param-tenant']));
    for (const name of ['x-other', 'cookie', 'mcp-paramx', '*']) expect(allowed).not.toContain(name);
  });

  it('does not repeat text that is not a header name', async () => {
    const answered = await preflight(ORIGIN, 'mcp-param-a b,mcp-param-,mcp-param-<script>,mcp-param-ok');
    const allowed = listed(answered, 'access-control-allow-headers');
    expect(allowed).toContain('mcp-param-ok');
    expect(allowed.filter((name) => !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name))).toEqual([]);
  });

  it('limits what it repeats', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `mcp-param-${n}`).join(',');
    const answered = await preflight(ORIGIN, many.slice(0, 12_000));
    expect(answered.status).toBe(204);
  });

  it.each(['/mcp', '/sse', '/message', '/healthz', '/readyz', '/metrics'])('of %s reaches the page', async (path) => {
    expect((await preflight(ORIGIN, 'content-type', path)).status).toBe(204);
  });
});

it('OPTIONS without a preflight says what the path allows', async () => {
  const answered = await ask(serving.url, { method: 'OPTIONS', path: '/mcp', headers: { origin: ORIGIN } });
  expect(answered.status).toBeLessThan(300);
  expectOpened(answered, ORIGIN);
});

describe('a page of an allowed origin can read every response', () => {
  const origin = ORIGIN;
  const forwarded = { 'x-forwarded-for': '203.0.113.1' };
  const ANSWERS: [number, string, Ask][] = [
    [200, 'an initialize', { path: '/mcp', headers: { origin }, body: initialize() }],
    [200, 'a modern request', { path: '/mcp', ...withOrigin(modern('tools/list')) }],
    [400, 'no JSON', { path: '/mcp', headers: { origin }, body: '{' }],
    [401, 'no token', { path: '/mcp', headers: { origin, ...forwarded }, body: initialize() }],
    [404, 'an unknown session', { path: '/mcp', headers: { origin, 'mcp-session-id': 'x' }, body: initialize() }],
    [404, 'an unknown path', { path: '/nowhere', headers: { origin } }],
    [405, 'a wrong method', { path: '/mcp', method: 'PUT', headers: { origin } }],
    [406, 'a wrong Accept', { path: '/mcp', headers: { origin, accept: 'text/plain' }, body: initialize() }],
    [413, 'a body that is too big', { path: '/mcp', headers: { origin }, body: Buffer.alloc(1_048_577, ' ') }],
    [415, 'a wrong type', { path: '/mcp', headers: { origin, 'content-type': 'text/plain' }, body: '{}' }],
    [200, '/healthz', { path: '/healthz', headers: { origin } }],
    [200, '/metrics', { path: '/metrics', headers: { origin } }],
  ];
  it.each(ANSWERS)('%i, %s', async (status, _what, what) => {
    const answered = await ask(serving.url, what);
    expect(answered.status, answered.text).toBe(status);
    expectOpened(answered, ORIGIN);
  });

  it('a notification that was accepted', async () => {
    const session = await openSession(serving.url);
    const headers = { origin, ...inSession(session) };
    const body = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' };
    const answered = await ask(serving.url, { path: '/mcp', headers, body });
    expect(answered.status).toBe(202);
    expectOpened(answered, ORIGIN);
  });
});

it('a response to a request without Origin says nothing about origins', async () => {
  const answered = await ask(serving.url, { path: '/healthz' });
  expect(answered.headers['access-control-allow-origin']).toBeUndefined();
  expect(answered.headers['access-control-allow-credentials']).toBeUndefined();
});

function withOrigin(what: Ask): Ask {
  return { ...what, headers: { ...what.headers, origin: ORIGIN } };
}
