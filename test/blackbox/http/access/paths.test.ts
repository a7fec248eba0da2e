// Paths as people write them, clients that know only one of the two transports, and gateways that cut a prefix off.
import { describe, expect, it } from 'vitest';
import { connect } from '../../../parity/stdio/subject.ts';
import { openStream } from '../event-stream.ts';
import { ask, initialize, inSession, request } from '../exchange.ts';
import { BEARER, guarded } from './guarded.ts';

const gate = guarded();

/** Opens a session over HTTP+SSE with a GET of this path; returns the address to POST to. */
async function overSse(path: string, headers: Record<string, string> = {}): Promise<string> {
  const stream = await openStream(gate.url, { path, headers });
  expect(stream.status).toBe(200);
  const { data: address } = await stream.next(({ event }) => event === 'endpoint');
  const target = address.replace(/^.*(?=\/message)/, '');
  expect((await ask(gate.url, { path: target, headers, body: initialize('2024-11-05') })).status).toBe(202);
  expect((await stream.next()).message).toMatchObject({ id: 0, result: { protocolVersion: '2024-11-05' } });
  stream.destroy();
  return address;
}

describe('a slash at the end', () => {
  it.each(['/mcp/', '/mcp/?x=1', '/sse/', '/sse'])('a whole session at %s', async (path) => {
    const opened = await ask(gate.url, { path, body: initialize() });
    expect([opened.status, opened.json.error]).toEqual([200, undefined]);
    const headers = inSession(String(opened.headers['mcp-session-id']));
    expect((await ask(gate.url, { path, headers, body: request(1, 'tools/list') })).json.result).toBeDefined();
    const stream = await openStream(gate.url, { path, headers });
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect((await ask(gate.url, { path, method: 'DELETE', headers })).status).toBe(204);
    expect(await stream.ended).toBe(true);
    expect((await ask(gate.url, { path, headers, body: request(2, 'tools/list') })).status).toBe(404);
  });

  it.each(['/healthz/', '/readyz/', '/metrics/'])('%s', async (path) => {
    expect((await ask(gate.url, { path })).status).toBe(200);
  });

  it('the address of messages', async () => {
    const stream = await openStream(gate.url, { path: '/sse/' });
    const { data } = await stream.next(({ event }) => event === 'endpoint');
    const path = data.replace('/message?', '/message/?');
    expect((await ask(gate.url, { path, body: initialize('2024-11-05') })).status).toBe(202);
    stream.destroy();
  });
});

describe('the address of the other transport', () => {
  it.each(['/mcp', '/mcp/', '/sse'])('HTTP+SSE at %s', async (path) => {
    expect(await overSse(path)).toMatch(/^\/message\?sessionId=/);
  });

  it.each(['SDK v1', 'SDK v2 legacy'] as const)('%s: HTTP+SSE at /mcp, Streamable HTTP at /sse', async (kind) => {
    for (const [via, path] of [
      ['sse', '/mcp'],
      ['http', '/sse'],
    ] as const) {
      const client = await connect(kind, via, `${gate.url}${path}`);
      expect(await client.request('tools/list')).toMatchObject({ tools: [{ name: 'echo' }] });
      await client.close();
    }
  });

  it('a GET that names its revision or its session does not open HTTP+SSE', async () => {
    for (const headers of [{ 'mcp-protocol-version': '2025-11-25' }, inSession('unknown')]) {
      const answered = await ask(gate.url, { path: '/mcp', headers: { accept: 'text/event-stream', ...headers } });
      expect([400, 404]).toContain(answered.status);
    }
    gate.untouched();
  });
});

describe('a gateway that cuts a prefix', () => {
  it('its prefix comes before the address', async () => {
    const headers = { ...BEARER, 'x-forwarded-prefix': '/tools' };
    expect(await overSse('/sse', headers)).toMatch(/^\/tools\/message\?sessionId=/);
    expect(await overSse('/mcp', headers)).toMatch(/^\/tools\/message\?sessionId=/);
  });

  it.each(['//evil.example', 'https://evil.example', '/../x', '/a, /b'])('%s is left out', async (prefix) => {
    const headers = { ...BEARER, 'x-forwarded-prefix': prefix };
    expect(await overSse('/sse', headers)).toMatch(/^\/message\?sessionId=/);
  });

  it('a request without the client token is refused', async () => {
    const headers = { accept: 'text/event-stream', 'x-forwarded-prefix': '/tools' };
    expect((await ask(gate.url, { path: '/sse', headers })).status).toBe(401);
    gate.untouched();
  });
});
