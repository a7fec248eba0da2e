// The client token: which clients need it, what is accepted as one, and where it is never sent.
import { describe, expect, it } from 'vitest';
import { startServing } from '../../../peers/http/serving.ts';
import { DIRECT, NAMES } from '../../../peers/names.ts';
import { ask } from '../exchange.ts';
import { BEARER, guarded, opening, TOKEN } from './guarded.ts';

const gate = guarded();

describe('the token', () => {
  const FORWARDED = { 'x-forwarded-for': '203.0.113.9' };

  it.each<[string, Record<string, string>]>([
    ['X-Forwarded-For', FORWARDED],
    ['X-Forwarded-For of this machine', { 'x-forwarded-for': '127.0.0.1' }],
    ['an empty X-Forwarded-For', { 'x-forwarded-for': '' }],
    ['X-Forwarded-Host', { 'x-forwarded-host': 'localhost' }],
    ['X-Forwarded-Proto', { 'x-forwarded-proto': 'https' }],
    ['X-Forwarded-Port', { 'x-forwarded-port': '443' }],
    ['Forwarded', { forwarded: 'for=192.0.2.60;proto=http' }],
    ['X-Real-IP', { 'x-real-ip': '203.0.113.9' }],
  ])('is asked for when somebody else is behind the connection: %s', async (_what, headers) => {
    const refused = await ask(gate.url, opening(headers));
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="mcp-proxy"');
    expect(refused.json.error).toBeDefined();
    gate.untouched();
    expect((await ask(gate.url, opening({ ...headers, ...BEARER }))).status).toBe(200);
  });

  it.each<[string, string]>([
    ['another one', 'Bearer wrong'],
    ['the beginning of it', `Bearer ${TOKEN.slice(0, -1)}`],
    ['more than it', `Bearer ${TOKEN}x`],
    ['it in other letters', `Bearer ${TOKEN.toUpperCase()}`],
    ['a very long one', `Bearer ${'x'.repeat(8_000)}`],
  ])('%s is not accepted', async (_what, authorization) => {
    const refused = await ask(gate.url, opening({ ...FORWARDED, authorization }));
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer realm="mcp-proxy", *error="invalid_token"/);
    expect(refused.text).not.toContain(TOKEN);
    gate.untouched();
  });

  it.each<[string, string]>([
    ['of another scheme', `Basic ${Buffer.from(`user:${TOKEN}`).toString('base64')}`],
    ['without a scheme', TOKEN],
    ['of no length', 'Bearer '],
    ['behind another one', `Basic x, Bearer ${TOKEN}`],
  ])('one %s is not accepted', async (_what, authorization) => {
    const refused = await ask(gate.url, opening({ ...FORWARDED, authorization }));
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer realm="mcp-proxy"/);
    gate.untouched();
  });

  it('is accepted with its scheme in upper and lower case', async () => {
    const headers = { ...FORWARDED, authorization: `bEARER ${TOKEN}` };
    expect((await ask(gate.url, opening(headers))).status).toBe(200);
  });

  it('is not accepted in the URL', async () => {
    for (const name of ['access_token', 'token', 'client_token']) {
      const path = `/mcp?${name}=${encodeURIComponent(TOKEN)}`;
      expect((await ask(gate.url, { ...opening(FORWARDED), path })).status).toBe(401);
    }
    gate.untouched();
  });

  it('is not checked on this machine', async () => {
    for (const authorization of ['Bearer wrong', BEARER.authorization])
      expect((await ask(gate.url, opening({ authorization }))).status).toBe(200);
  });

  it('does not go upstream', async () => {
    expect((await ask(gate.url, opening({ ...FORWARDED, ...BEARER }))).status).toBe(200);
    for (const seen of gate.upstream.requests) {
      expect(seen.headers.authorization).toBeUndefined();
      expect(JSON.stringify(seen.headers) + seen.body).not.toContain(TOKEN);
    }
  });

  it('is not needed for /healthz', async () => {
    const alive = await ask(gate.url, { path: '/healthz', headers: FORWARDED });
    expect([alive.status, JSON.parse(alive.text)]).toEqual([200, { status: 'ok' }]);
  });

  it('is needed to learn from /readyz more than whether the proxy is ready', async () => {
    const without = await ask(gate.url, { path: '/readyz', headers: FORWARDED });
    const withToken = await ask(gate.url, { path: '/readyz', headers: { ...FORWARDED, ...BEARER } });
    expect(Object.keys(JSON.parse(without.text))).toEqual(['ready']);
    expect(JSON.parse(withToken.text)).toMatchObject({ upstream: {}, signIn: {} });
    expect(without.status).toBe(withToken.status);
  });

  it('is needed for a request in a session, too', async () => {
    const opened = await ask(gate.url, opening());
    const session = String(opened.headers['mcp-session-id']);
    const headers = { ...FORWARDED, 'mcp-session-id': session };
    for (const method of ['GET', 'DELETE', 'POST'])
      expect((await ask(gate.url, { method, path: '/mcp', headers })).status).toBe(401);
  });
});

describe('a token that nobody gave', () => {
  it('is generated and shown once, when other machines can connect', async () => {
    // The name is not a loopback name, but it resolves to a loopback address, so that no other machine can connect.
    const open = await startServing(gate.upstream.url, [], { ...NAMES, listen: `${DIRECT}:0` });
    const { stderr } = open.proxy;
    const shown = [...stderr.matchAll(/client token: (\S+)/g)].map(([, token]) => token);
    expect(shown).toHaveLength(1);
    const [made = ''] = shown;
    expect(Buffer.from(made, 'base64url')).toHaveLength(32);
    const base = `http://127.0.0.1:${open.port}`;
    const forwarded = { 'x-forwarded-for': '203.0.113.9' };
    expect((await ask(base, opening(forwarded))).status).toBe(401);
    expect((await ask(base, opening({ ...forwarded, authorization: `Bearer ${made}` }))).status).toBe(200);
  });

  it('is not generated on loopback, where other machines are refused', async () => {
    const closed = await startServing(gate.upstream.url);
    expect(closed.proxy.stderr).not.toMatch(/token/i);
    const forwarded = { 'x-forwarded-for': '203.0.113.9' };
    for (const authorization of [undefined, 'Bearer ', 'Bearer undefined', 'Bearer null'])
      expect((await ask(closed.url, opening({ ...forwarded, authorization }))).status).toBe(401);
  });
});
