// nginx with TLS in front of the program, configured as in examples/nginx/mcp-proxy.conf: who is let in, and that
// streams are not buffered.
import https from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import type { Peer } from '../../peers/listen.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV2Dual } from '../../peers/sdk-v2-dual.ts';
import { type Front, NAME, startFront, TOKEN } from './front.ts';

const SETUPS: [string, (config: string) => string][] = [
  ['the example', (config) => config],
  ['without proxy_buffering off', (config) => config.replace('proxy_buffering off;', '')],
];

describe.each(SETUPS)('%s', (setup, edit) => {
  let legacy: Peer;
  let modern: Peer;
  let front: Front;
  let modernFront: Front;
  beforeAll(async () => {
    legacy = await startSdkV1Stateful();
    modern = await startSdkV2Dual();
    front = await startFront(legacy.url, [], edit);
    modernFront = await startFront(modern.url, [], edit);
  });
  afterAll(async () => {
    await front?.stop();
    await modernFront?.stop();
    await legacy?.close();
    await modern?.close();
  });

  // If anything held the stream back, the progress would come with the result, after the call has ended.
  it('progress comes while a call runs, and a cancel reaches it, over /mcp', async () => {
    const client = new StreamableClient(`${front.url}/mcp`, front.options());
    await client.initialize();
    const params = { name: 'slow', arguments: { key: `nginx ${setup}` }, _meta: { progressToken: 'p' } };
    const call = client.begin('tools/call', params, 'slow');
    await client.arrivals.next('notifications/progress');
    await client.cancel('slow');
    const ended = await client.request('tools/call', { ...params, name: 'how-slow-ended' });
    expect(ended.content[0].text).toBe('cancelled');
    call.abandon();
    await client.close();
  });

  it('progress comes while a call runs, and a cancel reaches it, over /sse', async () => {
    const client = new SseClient(`${front.url}/sse`, front.options());
    await client.open();
    await client.initialize();
    const params = { name: 'slow', arguments: { key: `sse ${setup}` }, _meta: { progressToken: 'p' } };
    client.begin('tools/call', params, 'slow');
    await client.arrivals.next('notifications/progress');
    await client.cancel('slow');
    const ended = await client.request('tools/call', { ...params, name: 'how-slow-ended' });
    expect(ended.content[0].text).toBe('cancelled');
    client.vanish();
  });

  it('progress comes while a call runs, and a client that disconnects cancels it, in 2026-07-28', async () => {
    const client = new ModernClient(`${modernFront.url}/mcp`, modernFront.options());
    const params = { name: 'slow', arguments: { key: `modern ${setup}` }, _meta: { progressToken: 'p' } };
    const call = client.begin('tools/call', params);
    await client.arrivals.next('notifications/progress');
    call.abandon();
    const ended = await client.request('tools/call', { name: 'how-slow-ended', arguments: params.arguments });
    expect(ended.content[0].text).toBe('cancelled');
    client.vanish();
  });

  it('the stream of a session brings messages that belong to no request', async () => {
    const client = new StreamableClient(`${front.url}/mcp`, front.options());
    await client.initialize();
    const { headers } = await client.listen();
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    await client.request('tools/call', { name: 'await-stream', arguments: {} });
    await client.request('tools/call', { name: 'announce', arguments: { what: 'tools' } });
    await client.arrivals.next('notifications/tools/list_changed');
    await client.close();
  });
});

describe('access', () => {
  let peer: Peer;
  let front: Front;
  beforeAll(async () => {
    peer = await startSdkV1Stateful();
    front = await startFront(peer.url);
  });
  afterAll(async () => {
    await front?.stop();
    await peer?.close();
  });

  /** The status and headers that a first message is answered with. */
  async function knock(token: string | null, headers: Record<string, string> = {}) {
    const client = new StreamableClient(`${front.url}/mcp`, front.options(token));
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    const exchange = await client.post(body, headers).response;
    await exchange.ended;
    return exchange;
  }

  /** From the point of view of a client with the token. */
  async function statusOf(path: string): Promise<number | undefined> {
    const { ca, headers } = front.options();
    return new Promise((resolve, reject) => {
      const { hostname: host, port } = new URL(front.url);
      const request = https.get({ host, port, path, ca, headers: { ...headers }, servername: NAME, agent: false });
      request.once('error', reject).once('response', (response) => resolve(response.resume().statusCode));
    });
  }

  it('a client with the token is served', async () => {
    const { status, headers } = await knock(TOKEN);
    expect(status).toBe(200);
    expect(headers['mcp-session-id']).toBeTypeOf('string');
  });

  it.each([
    ['no token', null, /^Bearer realm="mcp-proxy"$/],
    ['another token', 'guessed', /^Bearer realm="mcp-proxy", error="invalid_token"/],
  ])('%s gets 401, although nginx connects from this machine', async (_, token, challenge) => {
    const { status, headers, body } = await knock(token);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(challenge);
    expect(JSON.parse(body)).toMatchObject({ jsonrpc: '2.0', id: null });
  });

  it('a loopback name as Host does not pass for this machine', async () => {
    expect((await knock(null, { host: 'localhost' })).status).toBe(401);
  });

  it('a Host that is not allowed gets 403', async () => {
    expect((await knock(TOKEN, { host: 'rebound.example' })).status).toBe(403);
  });

  it('a page of another origin gets 403', async () => {
    const origin = { origin: 'https://elsewhere.example' };
    expect((await knock(TOKEN, origin)).status).toBe(403);
  });

  it('/healthz is open without a token, and /metrics in no spelling', async () => {
    expect(await statusOf('/healthz')).toBe(200);
    expect(await statusOf('/metrics')).toBe(404);
    expect(await statusOf('//metrics')).toBe(404);
    expect(await statusOf('/%6detrics')).toBe(404);
    expect(await statusOf('/mcp/../metrics')).toBe(404);
  });

  it('a body below the limit passes, one above it is refused', async () => {
    const client = new StreamableClient(`${front.url}/mcp`, front.options());
    await client.initialize();
    const text = 'ü'.repeat(1_500_000);
    const { content } = await client.request('tools/call', { name: 'echo', arguments: { text } });
    expect(content[0].text).toBe(JSON.stringify({ text }));
    await expect(
      client.call('tools/call', { name: 'echo', arguments: { text: 'x'.repeat(5 << 20) } }),
    ).rejects.toMatchObject({ status: 413 });
    await client.close();
  });

  it('no log contains the token', () => {
    expect(front.nginx.log()).toContain('POST /mcp');
    expect(front.nginx.log()).not.toContain(TOKEN);
    expect(front.serving.proxy.stderr).not.toContain(TOKEN);
    expect(front.serving.proxy.stderr).not.toContain('guessed');
  });
});
