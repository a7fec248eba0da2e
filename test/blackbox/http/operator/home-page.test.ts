// What a browser gets at an address of HTTP mode: a page, behind the same access checks as everything else. The status
// page at / has tests of its own.
import { describe, expect, it } from 'vitest';
import { ALLOWED_HOST, ALLOWED_ORIGIN, BEARER, guarded, TOKEN } from '../access/guarded.ts';
import { ask } from '../exchange.ts';
import { BROWSER, textOf } from './browser.ts';

const gate = guarded();

const FORWARDED = { 'x-forwarded-for': '203.0.113.9' };

describe('a browser', () => {
  it.each([
    ['/mcp', 406],
    ['/sse', 406],
  ])('gets a page at %s', async (path, status) => {
    const answered = await ask(gate.url, { path, headers: BROWSER });
    expect([answered.status, answered.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
    expect(answered.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^ ;]+';/);
    expect(answered.headers['cache-control']).toBe('no-store');
    expect(answered.text).not.toMatch(/<script|\son\w+=/i);
    expect(textOf(answered.text)).toContain(`It connects MCP clients to ${gate.upstream.url} .`);
    expect(answered.text).toContain(`<code>${gate.url}/mcp</code>`);
    gate.untouched();
  });

  it('sees the address that it used', async () => {
    const headers = { ...BROWSER, ...BEARER, host: ALLOWED_HOST };
    const gateway = { ...headers, ...FORWARDED, 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/tools' };
    expect((await ask(gate.url, { path: '/mcp', headers })).text).toContain(`<code>http://${ALLOWED_HOST}/mcp</code>`);
    expect((await ask(gate.url, { path: '/mcp', headers: gateway })).text).toContain(
      `<code>https://${ALLOWED_HOST}/tools/mcp</code>`,
    );
  });

  it('gets no body for HEAD', async () => {
    const answered = await ask(gate.url, { method: 'HEAD', path: '/', headers: BROWSER });
    expect([answered.status, answered.text]).toEqual([200, '']);
  });

  it.each<[string, number, string, Record<string, string>]>([
    ['without the token', 401, '/', FORWARDED],
    ['with a wrong token', 401, '/', { ...FORWARDED, authorization: 'Bearer wrong' }],
    ['by another name', 403, '/', { host: 'evil.example' }],
    ['by a name that needs the token', 401, '/', { host: ALLOWED_HOST }],
    ['from another origin', 403, '/', { origin: 'https://evil.example' }],
    ['from a frame of another site', 403, '/', { 'sec-fetch-site': 'cross-site' }],
    ['at another path', 404, '/nowhere', {}],
  ])('%s gets a page with status %i and nothing about the server', async (_what, status, path, headers) => {
    const answered = await ask(gate.url, { path, headers: { ...BROWSER, ...headers } });
    expect([answered.status, answered.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
    expect(answered.headers['www-authenticate'] === undefined).toBe(status !== 401);
    expect(answered.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answered.text).not.toContain(gate.upstream.url);
    expect(answered.text).not.toContain(TOKEN);
    expect(answered.text).not.toContain('jsonrpc');
    gate.untouched();
  });
});

it.each<[string, Record<string, string>, number?]>([
  ['no Accept', {}],
  ['Accept */*', { accept: '*/*' }],
  ['an event stream too', { accept: 'text/html, text/event-stream' }],
  ['a session', { ...BROWSER, 'mcp-session-id': 'abc' }],
  [
    'a page of an allowed origin that reads JSON',
    { accept: 'application/json', origin: ALLOWED_ORIGIN, ...BEARER },
    403,
  ],
])('a program gets JSON-RPC: %s', async (_what, headers, status = 404) => {
  const answered = await ask(gate.url, { path: '/', headers });
  expect(answered.status).toBe(status);
  expect(answered.json.error).toBeDefined();
});
