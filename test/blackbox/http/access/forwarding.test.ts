// The headers of a client that go on to the server: the ones that the flag names, and no others.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../../peers/hostile.ts';
import { ModernClient } from '../../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { StreamableClient } from '../../../peers/http/streamable-client.ts';
import { legacyServer, modernServer, sseServer } from '../../../peers/minimal-server.ts';
import { rpcMethod, startRecorder } from '../../../peers/recorder.ts';
import { startScripted } from '../../../peers/scripted.ts';
import { startSdkV1Stateful } from '../../../peers/sdk-v1-stateful.ts';
import { closeStreams, openStream } from '../event-stream.ts';
import { ask, initialize, inSession, modern, notification, request } from '../exchange.ts';

afterEach(async () => {
  closeStreams();
  await closeServings();
  await closeHostiles();
});

const TOKEN = 'token-of-the-clients';
/**
 * Headers that a client may send in addition to those of the protocol; each value says that it comes from the client.
 */
const CLIENT = {
  authorization: `Bearer ${TOKEN}`,
  cookie: 'session=of-the-client',
  'user-agent': 'agent-of-the-client',
  'accept-language': 'language-of-the-client',
  referer: 'http://localhost/of-the-client',
  origin: 'http://localhost:5173',
  'x-tenant': 'tenant-of-the-client',
  'x-other': 'other-of-the-client',
  'x-upstream-authorization': 'Bearer upstream-token-of-the-client',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-host': 'of-the-client.example',
  forwarded: 'for=203.0.113.7',
  'x-real-ip': '203.0.113.7',
  traceparent: '00-of-the-client',
  'proxy-authorization': 'Basic of-the-client',
  te: 'trailers',
  'sec-fetch-site': 'of-the-client',
};

/** Every kind of request that a client makes, on every endpoint. */
async function talk(url: string): Promise<void> {
  const path = '/mcp';
  const opened = await ask(url, { path, headers: CLIENT, body: initialize() });
  expect(opened.status, opened.text).toBe(200);
  const headers = { ...CLIENT, ...inSession(String(opened.headers['mcp-session-id'])) };
  await ask(url, { path, headers, body: notification('notifications/initialized') });
  await ask(url, { path, headers, body: request(1, 'tools/call', { name: 'echo', arguments: {} }) });
  (await openStream(url, { path, headers })).destroy();
  expect((await ask(url, { path, method: 'DELETE', headers })).status).toBe(204);
  const what = modern('tools/call', { name: 'echo', arguments: {} });
  expect((await ask(url, { path, body: what.body, headers: { ...what.headers, ...CLIENT } })).status).toBe(200);
  const stream = await openStream(url, { path: '/sse', headers: CLIENT });
  const { data } = await stream.next(({ event }) => event === 'endpoint');
  await ask(url, { path: data, headers: CLIENT, body: initialize('2024-11-05') });
  await stream.next();
  stream.destroy();
}

const calls = (upstream: Hostile): Hostile['requests'] =>
  upstream.requests.filter(({ kind }) => ['initialize', 'tools/call'].includes(kind));

describe('without --forward-header', () => {
  it('no header of the client goes upstream', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, ['--client-token', TOKEN]);
    await talk(url);
    expect(calls(upstream).length).toBeGreaterThanOrEqual(4);
    for (const { headers } of upstream.requests) {
      const text = JSON.stringify(headers);
      expect(text).not.toMatch(/of-the-client|203\.0\.113\.7/);
      for (const name of Object.keys(CLIENT))
        if (!['user-agent', 'te'].includes(name)) expect(headers).not.toHaveProperty(name);
    }
  });
});

describe('with --forward-header', () => {
  const FLAGS = ['--client-token', TOKEN, '--forward-header', 'X-Tenant'];

  it("that header goes upstream with the client's requests, and no other does", async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, FLAGS);
    await talk(url);
    for (const { headers } of calls(upstream)) expect(headers['x-tenant']).toBe('tenant-of-the-client');
    for (const { headers } of upstream.requests) {
      const { 'x-tenant': _, ...others } = headers;
      expect(JSON.stringify(others)).not.toMatch(/of-the-client|203\.0\.113\.7/);
    }
  });

  it('the header goes upstream under another name, if one is given', async () => {
    const upstream = await startHostile();
    const flags = ['--client-token', TOKEN, '--forward-header', 'x-upstream-authorization=Authorization'];
    const { url } = await startServing(upstream.url, [...flags, '--forward-header=X-Tenant=X-Customer']);
    await talk(url);
    for (const { headers } of calls(upstream)) {
      expect(headers.authorization).toBe('Bearer upstream-token-of-the-client');
      expect(headers['x-customer']).toBe('tenant-of-the-client');
      expect(headers).not.toHaveProperty('x-tenant');
      expect(headers).not.toHaveProperty('x-upstream-authorization');
    }
    for (const { headers } of upstream.requests) expect(JSON.stringify(headers)).not.toContain(TOKEN);
  });

  it("each client's own header goes upstream, and none for a client without it", async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, FLAGS);
    const tenants = ['a', 'b', undefined, 'c'];
    await Promise.all(
      tenants.map(async (tenant) => {
        const own = { 'x-tenant': tenant };
        const opened = await ask(url, { path: '/mcp', headers: own, body: initialize() });
        const headers = { ...own, ...inSession(String(opened.headers['mcp-session-id'])) };
        const body = request(1, 'tools/call', { name: 'echo', arguments: { tenant: tenant ?? 'none' } });
        expect((await ask(url, { path: '/mcp', headers, body })).status).toBe(200);
      }),
    );
    const seen = upstream
      .all('tools/call')
      .map(({ headers, message }) => [headers['x-tenant'] ?? 'none', message.params.arguments.tenant]);
    expect(seen).toHaveLength(4);
    for (const [header, said] of seen) expect(header).toBe(said);
  });

  it("goes to a server of HTTP+SSE with each client's stream and messages", async () => {
    const server = await startScripted('/sse', sseServer());
    try {
      const { url } = await startServing(server.url, FLAGS);
      for (const tenant of ['a', 'b']) {
        const own = { 'x-tenant': tenant };
        const opened = await ask(url, { path: '/mcp', headers: { ...CLIENT, ...own }, body: initialize() });
        const headers = { ...CLIENT, ...own, ...inSession(String(opened.headers['mcp-session-id'])) };
        const body = request(1, 'tools/call', { name: 'echo', arguments: { tenant } });
        expect((await ask(url, { path: '/mcp', headers, body })).status).toBe(200);
      }
      const used = server.requests.filter(({ method, body }) => method === 'GET' || body.includes('tools/call'));
      expect(used.map(({ headers }) => headers['x-tenant'])).toEqual(['a', 'a', 'b', 'b']);
      for (const { headers } of server.requests) {
        const { 'x-tenant': _, ...others } = headers;
        expect(JSON.stringify(others)).not.toMatch(/of-the-client|203\.0\.113\.7/);
      }
    } finally {
      await closeServings();
      await server.close();
    }
  });

  it('clients of 2026-07-28 share a session with an older server only if their headers are the same', async () => {
    const server = await startSdkV1Stateful();
    const recorder = await startRecorder(server.url);
    try {
      const { url } = await startServing(recorder.url, FLAGS);
      const tenants = ['a', 'b', undefined, 'a', 'b', undefined];
      await Promise.all(
        tenants.map(async (tenant) => {
          const what = modern('tools/call', { name: 'echo', arguments: { tenant: tenant ?? 'none' } });
          const headers = { ...what.headers, 'x-tenant': tenant };
          const answered = await ask(url, { path: '/mcp', body: what.body, headers });
          expect(answered.text).toContain(tenant ?? 'none');
        }),
      );
      const calls = recorder.requests.filter(({ body }) => rpcMethod(body) === 'tools/call' && !body.includes('_meta'));
      expect(calls).toHaveLength(tenants.length);
      const owners = new Map(calls.map(({ headers }) => [headers['mcp-session-id'], headers['x-tenant'] ?? 'none']));
      expect([...owners.values()].sort()).toEqual(['a', 'b', 'none']);
      for (const { headers, body } of calls) {
        expect(JSON.parse(body).params.arguments.tenant).toBe(headers['x-tenant'] ?? 'none');
        expect(owners.get(headers['mcp-session-id'])).toBe(headers['x-tenant'] ?? 'none');
      }
      expect(recorder.withMethod('initialize')).toHaveLength(3);
    } finally {
      await closeServings();
      await recorder.close();
      await server.close();
    }
  });

  it.each(['an older', 'a newer'])('the header goes to a server of %s era, too', async (era) => {
    const server = await startScripted('/mcp', era === 'an older' ? legacyServer() : modernServer());
    try {
      const { url } = await startServing(server.url, FLAGS);
      const options = { headers: { 'x-tenant': 'tenant-of-the-client' } };
      const legacy = new StreamableClient(`${url}/mcp`, options);
      const client = era === 'an older' ? new ModernClient(`${url}/mcp`, options) : legacy;
      if (client === legacy) await legacy.initialize();
      const { content } = await client.request('tools/call', { name: 'echo', arguments: {} });
      expect(content).toEqual([{ type: 'text', text: 'called' }]);
      client.vanish();
      const called = server.requests.find(({ body }) => body.includes('tools/call'));
      expect(called?.headers['x-tenant']).toBe('tenant-of-the-client');
    } finally {
      await closeServings();
      await server.close();
    }
  });

  it('only one value goes upstream when --header has the same name', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, [...FLAGS, '--header', 'X-Tenant: fixed']);
    const opened = await ask(url, { path: '/mcp', headers: { 'x-tenant': 'client' }, body: initialize() });
    expect(opened.status).toBe(200);
    expect(['fixed', 'client']).toContain(upstream.all('initialize')[0]?.headers['x-tenant']);
  });

  it('when the server asks for a sign-in, the client that sent the token gets the error, and no page opens', async () => {
    const upstream = await startHostile();
    upstream.on('initialize', (res) => {
      const challenge = 'Bearer resource_metadata="http://127.0.0.1:9/.well-known/oauth-protected-resource"';
      res.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    const { url, proxy } = await startServing(upstream.url, [
      '--forward-header',
      'X-Upstream-Authorization=Authorization',
    ]);
    const headers = { 'x-upstream-authorization': 'Bearer expired' };
    const refused = await ask(url, { path: '/mcp', headers, body: initialize() });
    expect(refused.json.error?.code).toBe(-31004);
    expect(refused.headers['mcp-session-id']).toBeUndefined();
    expect(proxy.stderr).not.toMatch(/authorize\?|sign in at/i);
  });
});
