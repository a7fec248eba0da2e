// Bytes that no client sends: attacks on the access checks, on the framing of HTTP, and in large numbers.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../../peers/hostile.ts';
import { closeServings, type Serving, startServing } from '../../../peers/http/serving.ts';
import { ask, initialize, inSession, openSession } from '../exchange.ts';
import { closeConnections, connect, requestText, statuses } from '../raw-connection.ts';

let upstream: Hostile;
let serving: Serving;

beforeAll(async () => {
  upstream = await startHostile();
  serving = await startServing(upstream.url, ['--client-token', 'token']);
});
// After each attack, other clients are still served.
afterEach(async () => {
  closeConnections();
  expect((await ask(serving.url, { path: '/healthz' })).status).toBe(200);
});
afterAll(async () => {
  await closeServings();
  await closeHostiles();
});

const JSON_TYPE = 'Content-Type: application/json';
const POST = 'POST /mcp HTTP/1.1';
const MIB = 1_048_576;
const OPENING = JSON.stringify(initialize());

describe('the proxy waits for no body after headers that it refuses', () => {
  const chunked = 'Transfer-Encoding: chunked';
  it.each<[number, string, string, string[]]>([
    [403, 'a foreign Host', POST, ['Host: evil.example', JSON_TYPE, chunked]],
    [403, 'a foreign Origin', POST, ['Host: localhost', 'Origin: https://evil.example', JSON_TYPE, chunked]],
    [401, 'no token', POST, ['Host: localhost', 'X-Forwarded-For: 203.0.113.1', JSON_TYPE, chunked]],
    [404, 'an unknown path', 'POST /nowhere HTTP/1.1', ['Host: localhost', JSON_TYPE, chunked]],
    [405, 'a wrong method', 'PUT /mcp HTTP/1.1', ['Host: localhost', JSON_TYPE, chunked]],
    [415, 'a wrong type', POST, ['Host: localhost', 'Content-Type: text/plain', chunked]],
    [406, 'a wrong Accept', POST, ['Host: localhost', 'Accept: image/png', JSON_TYPE, chunked]],
    [413, 'a length beyond the limit', POST, ['Host: localhost', JSON_TYPE, `Content-Length: ${100 * MIB}`]],
    [413, 'an absurd length', POST, ['Host: localhost', JSON_TYPE, 'Content-Length: 9007199254740991']],
  ])('%i, %s', async (status, _what, line, headers) => {
    const connection = await connect(serving.url);
    connection.write(requestText(line, headers));
    if (headers.includes(chunked)) connection.write('5\r\n{"jso\r\n');
    // The body is still being sent, and the proxy does not wait for the rest of it.
    await connection.matching(new RegExp(`^HTTP/1\\.1 ${status} `));
    await connection.closed;
  });

  it('a body without an end is refused, and the connection is closed', async () => {
    const connection = await connect(serving.url);
    connection.write(requestText(POST, ['Host: evil.example', JSON_TYPE, 'Transfer-Encoding: chunked']));
    const chunk = Buffer.from(`${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`);
    let taken = 0;
    const pour = (): void => {
      while (!connection.socket.destroyed && connection.socket.write(chunk)) taken += chunk.length;
      connection.socket.once('drain', pour);
    };
    pour();
    await connection.matching(/^HTTP\/1\.1 403 /);
    await connection.closed;
    expect(taken).toBeLessThan(64 * MIB);
  });

  it('a body that grows beyond the limit without announcing it gets 413, and the connection is closed', async () => {
    const connection = await connect(serving.url);
    connection.write(requestText(POST, ['Host: localhost', JSON_TYPE, 'Transfer-Encoding: chunked']));
    const chunk = Buffer.from(`${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`);
    const pour = (): void => {
      while (!connection.socket.destroyed && connection.socket.write(chunk));
      connection.socket.once('drain', pour);
    };
    pour();
    await connection.matching(/^HTTP\/1\.1 413 /);
    await connection.closed;
  });

  it('Expect: 100-continue gets the refusal at once', async () => {
    const connection = await connect(serving.url);
    connection.write(
      requestText(POST, ['Host: evil.example', JSON_TYPE, 'Content-Length: 10', 'Expect: 100-continue']),
    );
    await connection.matching(/HTTP\/1\.1 403 /);
    expect(statuses(connection.text)).toEqual([403]);
  });

  it('Expect: 100-continue works for an accepted request', async () => {
    const connection = await connect(serving.url);
    const length = `Content-Length: ${OPENING.length}`;
    connection.write(requestText(POST, ['Host: localhost', JSON_TYPE, length, 'Expect: 100-continue']));
    await connection.matching(/HTTP\/1\.1 100 /);
    connection.write(OPENING);
    await connection.matching(/HTTP\/1\.1 200 /);
  });
});

describe('framing', () => {
  const body = OPENING;
  const chunkedBody = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const smuggled = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';

  it.each<[string, string[], string]>([
    [
      'Content-Length and Transfer-Encoding',
      [`Content-Length: ${chunkedBody.length + smuggled.length}`, 'Transfer-Encoding: chunked'],
      chunkedBody + smuggled,
    ],
    [
      'Transfer-Encoding and Content-Length',
      ['Transfer-Encoding: chunked', 'Content-Length: 5'],
      `0\r\n\r\n${smuggled}`,
    ],
    ['two lengths', ['Content-Length: 2', `Content-Length: ${2 + smuggled.length}`], `{}${smuggled}`],
    ['two lengths in one line', [`Content-Length: 2, ${2 + smuggled.length}`], `{}${smuggled}`],
    ['a negative length', ['Content-Length: -1'], `{}${smuggled}`],
    ['a length with a sign', ['Content-Length: +2'], `{}${smuggled}`],
    ['a length in hex', ['Content-Length: 0x2'], `{}${smuggled}`],
    ['an encoding that is not chunked at the end', ['Transfer-Encoding: chunked, identity'], chunkedBody + smuggled],
    ['an encoding with a control character', ['Transfer-Encoding: \x0bchunked'], chunkedBody + smuggled],
    ['an encoding after a space', ['Transfer-Encoding : chunked'], chunkedBody + smuggled],
    ['a folded header', ['X-Folded: a', ' Transfer-Encoding: chunked'], chunkedBody + smuggled],
    ['a chunk size that is no number', ['Transfer-Encoding: chunked'], `zz\r\n${smuggled}`],
    ['a chunk size beyond all bounds', ['Transfer-Encoding: chunked'], `fffffffffffffffff\r\n${smuggled}`],
    ['a NUL in a header', ['X-Nul: a\x00b', 'Content-Length: 2'], `{}${smuggled}`],
    ['a header without a name', [': x', 'Content-Length: 2'], `{}${smuggled}`],
    ['a bare CR in a header', ['X-Cr: a\rContent-Length: 2'], `{}${smuggled}`],
  ])('%s: refused, and nothing after it is taken for a request', async (_what, headers, rest) => {
    const connection = await connect(serving.url);
    connection.write(requestText(POST, ['Host: localhost', JSON_TYPE, ...headers], rest));
    await connection.closed;
    const seen = statuses(connection.text);
    expect(seen.length).toBeLessThanOrEqual(1);
    if (seen.length === 1) expect(seen[0]).toBeGreaterThanOrEqual(400);
    expect(connection.text).not.toContain('mcp_proxy_');
  });

  it.each<[string, string]>([
    ['garbage', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n'],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['no method', ' /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['an unknown method', 'BREW /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['another protocol', 'GET /mcp RTSP/1.0\r\nHost: localhost\r\n\r\n'],
    ['a version from the future', 'GET /mcp HTTP/9.9\r\nHost: localhost\r\n\r\n'],
    ['a request line without end', `GET /${'x'.repeat(100_000)}`],
    ['headers beyond the limit', `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Big: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['a tunnel', 'CONNECT internal.example:443 HTTP/1.1\r\nHost: internal.example:443\r\n\r\n'],
    ['an upgrade', 'GET /mcp HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    [
      'a foreign absolute target',
      'GET http://internal.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    ],
  ])('%s: refused', async (_what, bytes) => {
    const connection = await connect(serving.url);
    connection.write(Buffer.from(bytes, 'latin1'));
    const [, status] = (await Promise.race([connection.matching(/HTTP\/1\.1 (\d+) /), connection.closed])) ?? [];
    if (status !== undefined) expect(Number(status)).toBeGreaterThanOrEqual(400);
  });

  it('a request with too many headers is refused', async () => {
    const connection = await connect(serving.url);
    const many = Array.from({ length: 20_000 }, (_, n) => `X-${n}: x`);
    connection.write(requestText('GET /healthz HTTP/1.1', ['Host: localhost', ...many]));
    const [, status] = (await Promise.race([connection.matching(/HTTP\/1\.1 (\d+) /), connection.closed])) ?? [];
    if (status !== undefined) expect(Number(status)).toBeGreaterThanOrEqual(400);
  });

  it.each(['/mcp\x00', '/%', '/%zz', '/\\..\\mcp', '//evil.example/mcp', '/mcp;x', '/../mcp', '/./mcp', '*', '/?x'])(
    'the target %j is not an endpoint',
    async (target) => {
      const connection = await connect(serving.url);
      connection.write(
        requestText(`POST ${target} HTTP/1.1`, ['Host: localhost', JSON_TYPE, 'Content-Length: 2'], '{}'),
      );
      const [, status] = (await Promise.race([connection.matching(/HTTP\/1\.1 (\d+) /), connection.closed])) ?? [];
      if (status !== undefined) expect([400, 404]).toContain(Number(status));
    },
  );
});

describe('JSON that is deeper than any stack', () => {
  const DEPTH = 500_000;
  const call = (params: string): string => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
  it.each<[string, string]>([
    ['arrays', call('['.repeat(DEPTH) + ']'.repeat(DEPTH))],
    ['arrays without an end', '['.repeat(DEPTH)],
    ['objects', call(`${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`)],
    ['arguments of a modern call', call(`{${meta},"name":"x","arguments":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`)],
  ])('%s: 400', async (_what, body) => {
    const session = await openSession(serving.url);
    const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'x' };
    for (const headers of [inSession(session), modern]) {
      const answered = await ask(serving.url, { path: '/mcp', headers, body });
      expect([answered.status, answered.json.error?.code]).toEqual([400, -32700]);
    }
    expect(upstream.all('tools/call')).toEqual([]);
  });
});

describe('numbers', () => {
  it('a thousand requests in one write are answered in order', async () => {
    const connection = await connect(serving.url);
    const one = requestText('GET /healthz HTTP/1.1', ['Host: localhost']);
    const bad = requestText('GET /nowhere HTTP/1.1', ['Host: localhost']);
    connection.write((one + bad).repeat(500));
    connection.write(requestText('GET /healthz HTTP/1.1', ['Host: localhost', 'Connection: close']));
    await connection.closed;
    expect(statuses(connection.text)).toEqual([...Array.from({ length: 1_000 }, (_, n) => (n % 2 ? 404 : 200)), 200]);
  });

  it('hundreds of silent or half-open requests do not keep other clients out', async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, () => connect(serving.url)));
    const half = await Promise.all(Array.from({ length: 200 }, () => connect(serving.url)));
    for (const connection of half) connection.write('POST /mcp HTTP/1.1\r\nHost: local');
    expect((await ask(serving.url, { path: '/mcp', body: initialize() })).status).toBe(200);
    // Half of them close the connection with a reset, in the middle of their headers.
    for (const connection of half) connection.socket.resetAndDestroy();
    expect((await ask(serving.url, { path: '/mcp', body: initialize() })).status).toBe(200);
    expect(silent.filter(({ socket }) => !socket.destroyed).length).toBeGreaterThan(0);
  });

  it('a client that closes its half of the connection counts as gone, and disturbs no other client', async () => {
    const connection = await connect(serving.url);
    const length = `Content-Length: ${OPENING.length}`;
    connection.socket.end(requestText(POST, ['Host: localhost', JSON_TYPE, length], OPENING));
    await connection.closed;
    expect((await ask(serving.url, { path: '/mcp', body: initialize() })).status).toBe(200);
  });

  it('a body that never ends leaves no call behind', async () => {
    const before = upstream.requests.length;
    const connection = await connect(serving.url);
    connection.write(requestText(POST, ['Host: localhost', JSON_TYPE, 'Content-Length: 1000'], OPENING));
    expect((await ask(serving.url, { path: '/healthz' })).status).toBe(200);
    connection.socket.destroy();
    expect((await ask(serving.url, { path: '/healthz' })).status).toBe(200);
    expect(upstream.requests.length).toBe(before);
  });
});
