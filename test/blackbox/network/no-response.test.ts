// The ways in which HTTP can end a request without a response, for every request to a server: each ends the request at
// once, and the next one works.
import { afterAll, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, type Hostile, type Seen, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { startHostileSse } from '../../peers/hostile-sse.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterAll(closeProxies);
afterAll(closeHostiles);

const CRLF = '\r\n';
const UPGRADE = `HTTP/1.1 101 Switching Protocols${CRLF}Connection: Upgrade${CRLF}Upgrade: websocket${CRLF}${CRLF}`;
const INTERIM = `HTTP/1.1 103 Early Hints${CRLF}Link: </x>${CRLF}${CRLF}`;
const CHUNKED = `HTTP/1.1 200 OK${CRLF}Content-Type: application/json${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}`;
const chunk = (text: string): string => `${text.length.toString(16)}${CRLF}${text}${CRLF}`;
const line = `X-Filler: ${'x'.repeat(1_000)}${CRLF}`;

const FAULTS: [what: string, answer: Answer, message: RegExp][] = [
  ['101 and an upgrade', a.rawOpen(UPGRADE), /switched to another protocol \(HTTP 101\)/],
  ['101 and an upgrade, then the end', a.rawBytes(UPGRADE), /switched to another protocol \(HTTP 101\)/],
  ['101 without an upgrade', a.rawOpen(`HTTP/1.1 101 Switching Protocols${CRLF}${CRLF}`), /HTTP 101/],
  ['a status below 100', a.rawOpen(`HTTP/1.1 099 What${CRLF}${CRLF}`), /HTTP 99/],
  ['a flood of interim responses', a.rawOpen(INTERIM.repeat(2_000)), /sent 1000 interim responses/],
  ['a flood of 100 Continue', a.rawOpen(`HTTP/1.1 100 Continue${CRLF}${CRLF}`.repeat(2_000)), /interim responses/],
  ['interim responses, then the end', a.rawBytes(INTERIM.repeat(5)), /closed the connection/],
  ['headers without end', a.rawOpen(`HTTP/1.1 200 OK${CRLF}${line.repeat(100)}`), /HPE_HEADER_OVERFLOW/],
  ['a reason without end', a.rawOpen(`HTTP/1.1 200 ${'x'.repeat(300_000)}`), /HPE_HEADER_OVERFLOW/],
  ['trailers without end', a.rawOpen(`${CHUNKED}${chunk('{"a":')}0${CRLF}${line.repeat(100)}`), /HPE_|ECONNRESET/],
  ['a chunk extension without end', a.rawOpen(`${CHUNKED}2;${'x'.repeat(300_000)}`), /HPE_|ECONNRESET/],
  ['bytes that are not HTTP', a.rawOpen('{"jsonrpc":"2.0"}\n'), /HPE_/],
];

/** Responses that look like these, and are answers. */
const ANSWERS: [what: string, head: string, tail?: string][] = [
  ['after interim responses', `${INTERIM.repeat(20)}${CHUNKED}`],
  [
    'with an offer to upgrade',
    CHUNKED.replace(CRLF, `${CRLF}Connection: Upgrade, Keep-Alive${CRLF}Upgrade: h2,h2c${CRLF}`),
  ],
  ['with trailers', CHUNKED, `X-Checksum: 1${CRLF}`],
];

const VERSIONS = ['2025-11-25', '2026-07-28'] as const;
type Version = (typeof VERSIONS)[number];

const CALL = { name: 'echo', arguments: { n: 1 } };

function ask(proxy: ProxyProcess, version: Version): Promise<unknown> {
  return version === '2026-07-28' ? proxy.rpc.modern('tools/call', CALL) : proxy.rpc.request('tools/call', CALL);
}

async function connected(version: Version): Promise<{ server: Hostile; proxy: ProxyProcess }> {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  if (version !== '2026-07-28') await proxy.rpc.initialize(version);
  return { server, proxy };
}

describe.each(VERSIONS)('a call of %s', (version) => {
  it.each(FAULTS)('%s: an error at once, and the next call works', async (_what, answer, message) => {
    const { server, proxy } = await connected(version);
    await ask(proxy, version);
    server.once('tools/call', answer);
    await expect(ask(proxy, version)).rejects.toMatchObject({
      code: -31003,
      message: expect.stringMatching(message),
      data: { outcome: 'unknown' },
    });
    expect(await ask(proxy, version)).toMatchObject({ content: [{ text: '{"n":1}' }] });
    expect(server.executions).toBe(3);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });

  it.each(ANSWERS)('an answer %s is an answer', async (_what, head, tail = '') => {
    const { server, proxy } = await connected(version);
    const text = (id: string): string => a.resultText(id, { resultType: 'complete', content: [] });
    server.once(
      'tools/call',
      a.rawOpen((id) => `${head}${chunk(text(id))}0${CRLF}${tail}${CRLF}`),
    );
    expect(await ask(proxy, version)).toMatchObject({ content: [] });
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });
});

const NOTHING_SEEN = {} as Seen;
const KINDS = FAULTS.filter(([what]) => /^101 and an upgrade$|flood of interim|headers without/.test(what));

describe.each(KINDS)('%s', (_what, answer) => {
  it('for the event stream: it is asked for again', async () => {
    const server = await startHostile();
    server.once('GET', answer);
    server.on(
      'GET',
      a.openSse((res) => res.write(a.event('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'))),
    );
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2025-11-25');
    await proxy.rpc.next('notifications/tools/list_changed');
    expect(server.all('GET')).toHaveLength(2);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });

  it('for a notification and the DELETE of the session', async () => {
    const server = await startHostile();
    server.on('notifications/initialized', answer);
    server.on('DELETE', answer);
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2025-11-25');
    await proxy.rpc.request('tools/list');
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(server.all('DELETE')).toHaveLength(1);
  });

  it('for the first message', async () => {
    const server = await startHostile();
    server.once('initialize', answer);
    const proxy = startProxy(server.url);
    await expect(proxy.rpc.initialize('2025-11-25')).rejects.toMatchObject({ code: -31003 });
    await proxy.rpc.initialize('2025-11-25');
  });

  it('for the stream of HTTP+SSE', async () => {
    const server = await startHostile();
    server.on('GET', answer);
    const proxy = startProxy(server.url, ['--transport', 'sse-only']);
    await expect(proxy.rpc.initialize('2024-11-05')).rejects.toMatchObject({ code: -31003 });
  });

  it('for a message of HTTP+SSE', async () => {
    const server = await startHostileSse();
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2024-11-05');
    await server.posted('notifications/initialized');
    server.post = (_posted, _stream, res) => answer(res, NOTHING_SEEN);
    await expect(proxy.rpc.request('tools/call', CALL)).rejects.toMatchObject({ code: -31003 });
  });

  it('for the metadata of a sign-in', async () => {
    const server = await startHostile();
    const metadata = `${new URL(server.url).origin}/.well-known/oauth-protected-resource`;
    server.on('initialize', a.status(401, '', { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }));
    server.on('GET', answer);
    const proxy = startProxy(server.url);
    await expect(proxy.rpc.initialize('2025-11-25')).rejects.toThrow(/oauth-protected-resource/);
    expect(server.all('GET').length).toBeGreaterThan(0);
  });
});
