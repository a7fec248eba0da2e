// The checks of Host and Origin, which come before anything else of a request is looked at.
import { describe, expect, it } from 'vitest';
import { ask, BOTH, initialize } from '../exchange.ts';
import { connect, requestText, statuses } from '../raw-connection.ts';
import { ALLOWED_HOST, ALLOWED_ORIGIN, BEARER, guarded, opening } from './guarded.ts';

const gate = guarded();

describe('Host', () => {
  it.each([
    'localhost',
    'LocalHost',
    'localhost:1',
    'app.localhost',
    'a.b.localhost:8080',
    '127.0.0.1',
    '127.0.0.1:65535',
    '127.8.9.10:80',
    '[::1]',
    '[::1]:8080',
  ])('%s is a name of this machine, so no token is needed', async (host) => {
    expect((await ask(gate.url, opening({ host }))).status).toBe(200);
  });

  it.each([ALLOWED_HOST, `${ALLOWED_HOST}:8443`, ALLOWED_HOST.toUpperCase()])(
    '%s is allowed, with a token',
    async (host) => {
      expect((await ask(gate.url, opening({ host }))).status).toBe(401);
      gate.untouched();
      expect((await ask(gate.url, opening({ host, ...BEARER }))).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-localhost',
    'notlocalhost',
    'localhost.evil',
    `x.${ALLOWED_HOST}`,
    `${ALLOWED_HOST}.evil.example`,
    // Addresses other than the one that the connection came in on. To some browsers, the first one means "this
    // machine".
    '0.0.0.0',
    '0.0.0.0:8080',
    '10.0.0.1',
    '192.168.1.1:8080',
    '128.0.0.1',
    '[::]',
    '[fe80::1]',
    '[2001:db8::1]:8080',
    // Other spellings of 127.0.0.1. No browser sends them as they are.
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '127.1',
    // Texts that are no host.
    'localhost, evil.example',
    'localhost evil.example',
    'user@localhost',
    'evil.example#localhost',
    'localhost/evil',
    'localhost\\evil',
    '127.0.0.1:80:80',
    '[::1',
    '::1',
    '*',
    '__proto__',
  ])('%s is turned away, with and without a token', async (host) => {
    for (const headers of [{ host }, { host, ...BEARER }]) {
      const refused = await ask(gate.url, opening(headers));
      expect(refused.status, refused.text).toBe(403);
      expect(refused.headers['mcp-session-id']).toBeUndefined();
      expect(refused.json.error).toBeDefined();
    }
    gate.untouched();
  });

  it.each<[string, string, string[], number[]]>([
    ['none', 'GET /healthz HTTP/1.1', [], [400]],
    ['none, in the version that knew none', 'GET /healthz HTTP/1.0', [], [400, 403]],
    ['an empty one', 'GET /healthz HTTP/1.1', ['Host:'], [400, 403]],
    ['two', 'GET /healthz HTTP/1.1', ['Host: localhost', 'Host: evil.example'], [400]],
    ['two that are both good', 'GET /healthz HTTP/1.1', ['Host: localhost', 'Host: localhost'], [400]],
    [
      'a foreign one in the request line',
      'GET http://evil.example/healthz HTTP/1.1',
      ['Host: localhost'],
      [400, 403, 404],
    ],
  ])('%s: refused', async (_what, line, headers, expected) => {
    const connection = await connect(gate.url);
    connection.write(requestText(line, [...headers, 'Connection: close']));
    await connection.closed;
    expect(statuses(connection.text)).toHaveLength(1);
    expect(expected).toContain(statuses(connection.text)[0]);
    gate.untouched();
  });
});

describe('a request target in absolute form', () => {
  /** The statuses of a request that opens a session. */
  async function opened(target: string, ...headers: string[]): Promise<number[]> {
    const body = JSON.stringify(initialize());
    const type = ['Content-Type: application/json', `Accept: ${BOTH}`, `Content-Length: ${body.length}`];
    const connection = await connect(gate.url);
    connection.write(requestText(`POST ${target} HTTP/1.1`, [...headers, ...type, 'Connection: close'], body));
    await connection.closed;
    return statuses(connection.text);
  }

  it.each(['http://localhost/mcp', 'http://127.0.0.1:8080/mcp/?x=1', 'HTTPS://[::1]:65535/mcp'])(
    '%s is served as the path in it',
    async (target) => {
      expect(await opened(target, 'Host: localhost')).toEqual([200]);
    },
  );

  it('without a path is that of the page', async () => {
    const connection = await connect(gate.url);
    connection.write(
      requestText('GET http://localhost HTTP/1.1', ['Host: localhost', 'Accept: text/html', 'Connection: close']),
    );
    await connection.closed;
    expect(statuses(connection.text)).toEqual([200]);
  });

  it.each([
    ['http://evil.example/mcp', 'localhost'],
    ['http://localhost/mcp', 'evil.example'],
    ['http://user@localhost/mcp', 'localhost'],
    ['http:///mcp', 'localhost'],
  ])('%s with the Host %s is refused, token or not', async (target, host) => {
    for (const token of [[], [`Authorization: ${BEARER.authorization}`]])
      expect(await opened(target, `Host: ${host}`, ...token)).toEqual([403]);
    gate.untouched();
  });

  it.each([
    [`http://${ALLOWED_HOST}/mcp`, 'localhost'],
    ['http://localhost/mcp', ALLOWED_HOST],
  ])('%s with the Host %s is not of this machine: it needs a token', async (target, host) => {
    expect(await opened(target, `Host: ${host}`)).toEqual([401]);
    gate.untouched();
    expect(await opened(target, `Host: ${host}`, `Authorization: ${BEARER.authorization}`)).toEqual([200]);
  });
});

describe('Origin', () => {
  it.each([
    'http://localhost',
    'https://localhost',
    'http://localhost:5173',
    'http://app.localhost:3000',
    'http://127.0.0.1:8080',
    'https://127.1.2.3',
    'http://[::1]:6274',
  ])('%s is of this machine', async (origin) => {
    const answered = await ask(gate.url, opening({ origin }));
    expect(answered.status).toBe(200);
    expect(answered.headers['access-control-allow-origin']).toBe(origin);
  });

  it('an origin that is allowed by name needs a token', async () => {
    expect((await ask(gate.url, opening({ origin: ALLOWED_ORIGIN }))).status).toBe(401);
    gate.untouched();
    expect((await ask(gate.url, opening({ origin: ALLOWED_ORIGIN, ...BEARER }))).status).toBe(200);
  });

  it.each([
    'null',
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.example',
    'https://x.app.example.com',
    'https://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://evil.example/localhost',
    'http://localhost@evil.example',
    'http://evil.example#http://localhost',
    'file://',
    'file://localhost',
    'chrome-extension://localhost',
    'ftp://localhost',
    'localhost',
    'http://',
    'http://localhost, https://evil.example',
    'http://localhost http://evil.example',
    '*',
    `https://${ALLOWED_HOST}`,
  ])('%s is turned away, with and without a token', async (origin) => {
    for (const headers of [{ origin }, { origin, ...BEARER }]) {
      const refused = await ask(gate.url, opening(headers));
      expect(refused.status, refused.text).toBe(403);
      expect(refused.headers['access-control-allow-origin']).toBeUndefined();
      expect(refused.json.error).toBeDefined();
    }
    gate.untouched();
  });
});

describe('every path has the same access rules', () => {
  const PATHS: [string, string][] = [
    ['GET', '/mcp'],
    ['DELETE', '/mcp'],
    ['OPTIONS', '/mcp'],
    ['PUT', '/mcp'],
    ['GET', '/sse'],
    ['POST', '/message?sessionId=1'],
    ['GET', '/healthz'],
    ['HEAD', '/healthz'],
    ['GET', '/readyz'],
    ['GET', '/metrics'],
    ['GET', '/'],
    ['GET', '/unknown'],
  ];
  it.each(PATHS)('%s %s: 403 for a foreign Host and for a foreign Origin', async (method, path) => {
    for (const headers of [{ host: 'evil.example' }, { origin: 'https://evil.example' }, { origin: 'null' }])
      expect((await ask(gate.url, { method, path, headers: { ...headers, ...BEARER } })).status).toBe(403);
  });

  it('a preflight from a foreign origin is refused, and names no origin', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const refused = await ask(gate.url, { method: 'OPTIONS', path: '/mcp', headers });
    expect(refused.status).toBe(403);
    expect(refused.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([
    ['GET', '/mcp'],
    ['PUT', '/mcp'],
    ['DELETE', '/mcp'],
    ['GET', '/sse'],
    ['POST', '/message?sessionId=1'],
    ['GET', '/metrics'],
    ['HEAD', '/metrics'],
    ['GET', '/unknown'],
  ])('%s %s: the token is checked before path and method', async (method, path) => {
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    expect((await ask(gate.url, { method, path, headers })).status).toBe(401);
  });
});
