// Clients that leave while something is on its way, and a proxy that ends meanwhile.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHostile } from '../../../peers/hostile.ts';
import { startServing } from '../../../peers/http/serving.ts';
import { createAuthority } from '../../../peers/tls.ts';
import { type Ask, ask, BOTH, begin, initialize, inSession, modern } from '../exchange.ts';
import { call, cleanUp, done, fixture } from '../fixture.ts';
import { hold } from '../held-answers.ts';
import { PING } from '../limited-proxy.ts';
import { counted, countedOnce } from '../metrics.ts';
import { connect, requestText } from '../raw-connection.ts';

cleanUp();

/** A request as bytes, to be sent before the answer to an earlier one has arrived. */
function bytesOf({ headers = {}, body }: Ask, line = 'POST /mcp HTTP/1.1'): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const entity = text === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`];
  const named = Object.entries({ accept: BOTH, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return requestText(line, ['Host: localhost', ...entity, ...named], text);
}

const MODERN_CALL = modern('tools/call', { name: 'long', arguments: {} });

describe('a connection with requests that wait behind a slow one', () => {
  it('leaves nothing behind when it is cut off', async () => {
    const { upstream, serving, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const connection = await connect(serving.url);
    connection.write(bytesOf({ headers: session.headers, body: call('slow') }));
    await calls.nth(1);
    const stream = { accept: 'text/event-stream' };
    connection.write(bytesOf({ headers: { ...stream } }, 'GET /sse HTTP/1.1').repeat(5));
    connection.write(bytesOf({ headers: { ...session.headers, ...stream } }, 'GET /mcp HTTP/1.1'));
    connection.write(bytesOf(MODERN_CALL));
    // By then, the proxy has read everything before it on the connection.
    const waiting = await calls.nth(2);
    expect(waiting.seen.modern).toBe(true);
    expect((await counted(serving.url)).sessions).toBeGreaterThan(1);
    connection.destroy();
    await waiting.seen.closed;
    await countedOnce(serving.url, ({ sessions, streams }) => sessions === 1 && streams === 0);
    // The session itself can still be used and ended.
    expect((await session.post(PING)).status).toBe(200);
    expect((await session.delete()).status).toBe(204);
    expect(await counted(serving.url)).toMatchObject({ sessions: 0, streams: 0 });
  });

  it('is answered in order when it is not', async () => {
    const { upstream, serving, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const connection = await connect(serving.url);
    const json = { accept: 'application/json' };
    connection.write(bytesOf({ headers: { ...session.headers, ...json }, body: call('slow') }));
    const slow = await calls.nth(1);
    connection.write(bytesOf({ headers: { ...MODERN_CALL.headers, ...json }, body: MODERN_CALL.body }));
    const quick = await calls.nth(2);
    quick.finish(done(quick.id, 'of the second'));
    slow.finish(done(slow.id, 'of the first'));
    await connection.matching(/of the first[\s\S]*of the second/);
  });
});

describe('a client that is gone before there is an answer', () => {
  it('is counted as neither answered nor refused', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    const calls = hold(upstream, 'tools/call');
    const req = begin(url, { path: '/mcp', ...MODERN_CALL });
    req.on('error', () => {});
    const { seen } = await calls.nth(1);
    req.destroy();
    await seen.closed;
    const { responses } = await countedOnce(url, (now) => now.responses('/mcp')[499] !== undefined);
    expect(responses('/mcp')).toEqual({ 499: 1 });
  });

  it('is not counted as a client without a token when it resets its connection', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    for (let n = 0; n < 20; n++) {
      const connection = await connect(url);
      connection.write(bytesOf({}, 'GET /healthz HTTP/1.1'));
      connection.write(bytesOf({ body: initialize() }));
      connection.socket.resetAndDestroy();
    }
    await ask(url, { path: '/healthz' });
    const { responses } = await counted(url);
    for (const at of ['/healthz', '/mcp']) expect(responses(at)).not.toHaveProperty('401');
  });
});

describe('SIGTERM', () => {
  const authority = createAuthority('authority of the clients');
  let folder: string;
  const file = (name: string): string => path.join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'serving-leaving-'));
    const { cert, key } = authority.issue();
    writeFileSync(file('cert.pem'), cert);
    writeFileSync(file('key.pem'), key, { mode: 0o600 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Resolves when the proxy takes no new call any more. */
  async function noMoreCalls(url: string, ca?: string): Promise<void> {
    const refused = async (): Promise<boolean> => {
      const what = { path: '/mcp', body: PING, ...(ca !== undefined && { ca }) };
      const answered = await ask(url, what).catch(() => undefined);
      return answered === undefined || answered.status === 503;
    };
    while (!(await refused()));
  }

  it('answers the requests in flight over TLS', async () => {
    const upstream = await startHostile();
    const flags = ['--tls-cert', file('cert.pem'), '--tls-key', file('key.pem')];
    const { url, proxy } = await startServing(upstream.url, flags);
    const ca = authority.pem;
    const opened = await ask(url, { path: '/mcp', body: initialize(), ca });
    const headers = inSession(String(opened.headers['mcp-session-id']));
    const calls = hold(upstream, 'tools/call');
    const answer = ask(url, { path: '/mcp', headers, body: call('last'), ca });
    const held = await calls.nth(1);
    proxy.kill('SIGTERM');
    await noMoreCalls(url, ca);
    held.finish(done(held.id));
    const { status, json } = await answer;
    expect([status, json.id, json.error]).toEqual([200, 'last', undefined]);
    expect(await proxy.exit()).toEqual({ code: 0, signal: null });
    expect(upstream.all('DELETE')).toHaveLength(1);
  });

  it('lets a client finish reading an answer over TLS', async () => {
    const upstream = await startHostile();
    const flags = ['--tls-cert', file('cert.pem'), '--tls-key', file('key.pem')];
    const { url, proxy } = await startServing(upstream.url, flags);
    const ca = authority.pem;
    const opened = await ask(url, { path: '/mcp', body: initialize(), ca });
    const calls = hold(upstream, 'tools/call');
    const headers = {
      ...inSession(String(opened.headers['mcp-session-id'])),
      'content-type': 'application/json',
      accept: 'application/json',
    };
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      const request = https.request(new URL('/mcp', url), { method: 'POST', headers, ca, agent: false }, resolve);
      request.on('error', reject).end(JSON.stringify(call('big')));
    });
    const held = await calls.nth(1);
    held.finish(done(held.id, 'x'.repeat(20_000_000)));
    const response = await answer;
    proxy.kill('SIGTERM');
    await noMoreCalls(url, ca);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(Number(response.headers['content-length']));
    expect(await proxy.exit()).toEqual({ code: 0, signal: null });
  });

  it('lets a client finish reading an answer', async () => {
    const { upstream, serving, session } = await fixture();
    const calls = hold(upstream, 'tools/call');
    const reader = await connect(serving.url);
    reader.write(bytesOf({ headers: { ...session.headers, accept: 'application/json' }, body: call('big') }));
    const held = await calls.nth(1);
    held.finish(done(held.id, 'x'.repeat(20_000_000)));
    const [, announced = ''] = await reader.matching(/content-length: (\d+)\r\n[\s\S]*\r\n\r\n/i);
    reader.socket.pause();
    serving.proxy.kill('SIGTERM');
    await noMoreCalls(serving.url);
    // Until here, no more has left than fits into the buffers of the system.
    expect(reader.text.length).toBeLessThan(Number(announced));
    reader.socket.resume();
    await reader.closed;
    reader.destroy();
    const body = reader.text.slice(reader.text.indexOf('\r\n\r\n') + 4);
    expect(body.length).toBe(Number(announced));
    expect(await serving.proxy.exit()).toEqual({ code: 0, signal: null });
  });
});
