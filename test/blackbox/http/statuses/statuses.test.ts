// The statuses that a request gets for its path, its method, its type and its size.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ask, BOTH, inSession } from '../exchange.ts';
import { expectRefusal, MIB, PING, refusing } from '../limited-proxy.ts';

const to = refusing();

describe('path and method', () => {
  it.each([
    '/',
    '/mcp//',
    '/mcp/x',
    '/MCP',
    '/favicon.ico',
    '/.well-known/oauth-protected-resource',
    '/%6dcp',
    '/__proto__',
  ])('%s is unknown, and gets 404', async (path) => {
    expect((await ask(to.url, { path })).status).toBe(404);
    expect((await ask(to.url, { path, body: PING })).status).toBe(404);
  });

  it.each<[string, string[], string[]]>([
    ['/mcp', ['GET', 'POST', 'DELETE', 'OPTIONS'], ['PUT', 'PATCH', 'HEAD']],
    ['/sse', ['GET', 'POST', 'DELETE', 'OPTIONS'], ['PUT', 'PATCH', 'HEAD']],
    ['/message', ['POST', 'OPTIONS'], ['GET', 'PUT', 'DELETE']],
    ['/healthz', ['GET', 'HEAD', 'OPTIONS'], ['POST', 'PUT', 'DELETE']],
    ['/readyz', ['GET', 'HEAD', 'OPTIONS'], ['POST', 'DELETE']],
    ['/metrics', ['GET', 'HEAD', 'OPTIONS'], ['POST', 'DELETE']],
  ])('%s: 405 names what is allowed', async (path, allowed, refused) => {
    for (const method of refused) {
      const answered = await ask(to.url, { path, method });
      expect(answered.status, method).toBe(405);
      const names = String(answered.headers.allow).split(',');
      expect(names.map((name) => name.trim()).sort()).toEqual([...allowed].sort());
    }
    to.untouched();
  });

  it.each(['/healthz', '/metrics'])('HEAD %s has the headers and no body', async (path) => {
    const answered = await ask(to.url, { path, method: 'HEAD' });
    expect([answered.status, answered.text]).toEqual([200, '']);
  });

  it.each(['GET', 'DELETE'])('%s /mcp in the name of a revision without streams gets 405', async (method) => {
    const headers = { ...inSession(to.session, '2026-07-28'), accept: 'text/event-stream' };
    const answered = await ask(to.url, { path: '/mcp', method, headers });
    expect([answered.status, answered.headers.allow]).toEqual([405, 'POST']);
    to.untouched();
  });

  it('a query is not part of the path', async () => {
    expect((await ask(to.url, { path: '/healthz?x=1' })).status).toBe(200);
    expect((await ask(to.url, { path: '/mcp?x=1', headers: inSession(to.session), body: PING })).status).toBe(200);
  });
});

it('every response says how long its connection is kept', async () => {
  const headers = { connection: 'keep-alive', ...inSession(to.session) };
  const note = { jsonrpc: '2.0', method: 'notifications/initialized' };
  for (const request of [
    { path: '/healthz' },
    { path: '/x' },
    { path: '/mcp', body: PING },
    { path: '/mcp', body: note },
  ]) {
    expect((await ask(to.url, { headers, ...request })).headers['keep-alive'], request.path).toBe('timeout=75');
  }
});

describe('type, size and Accept', () => {
  const inside = (): Record<string, string> => inSession(to.session);

  it.each<[string, string | undefined]>([
    ['no type', undefined],
    ['text/plain', 'text/plain'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['another JSON', 'application/json-seq'],
    ['JSON of something', 'application/ld+json'],
    ['two types', 'application/json, text/plain'],
    ['nonsense', 'json'],
  ])('%s: 415', async (_what, type) => {
    const body = JSON.stringify(PING);
    const answered = await ask(to.url, { path: '/mcp', headers: { ...inside(), 'content-type': type }, body });
    expectRefusal(answered, 415);
    to.untouched();
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8;x="y"'])(
    '%s is JSON',
    async (type) => {
      const headers = { ...inside(), 'content-type': type };
      expect((await ask(to.url, { path: '/mcp', headers, body: PING })).status).toBe(200);
    },
  );

  it.each(['text/html', 'application/xml', 'image/*'])('Accept %s on a POST gets 406', async (accept) => {
    expectRefusal(await ask(to.url, { path: '/mcp', headers: { ...inside(), accept }, body: PING }), 406);
    to.untouched();
  });

  it.each<[string, string | undefined, RegExp]>([
    ['none', undefined, /^application\/json/],
    ['anything', '*/*', /^application\/json/],
    ['any application', 'application/*', /^application\/json/],
    ['JSON', 'application/json', /^application\/json/],
    ['both', BOTH, /^application\/json/],
    ['both in capitals', 'Application/JSON, TEXT/EVENT-STREAM', /^application\/json/],
    ['with qualities', 'text/event-stream;q=0.5, application/json;q=0.9', /^application\/json/],
    ['events', 'text/event-stream', /^text\/event-stream/],
  ])('Accept on a POST, %s: answered', async (_what, accept, type) => {
    const answered = await ask(to.url, { path: '/mcp', headers: { ...inside(), accept }, body: PING });
    expect(answered.status).toBe(200);
    expect(answered.headers['content-type']).toMatch(type);
  });

  it.each(['application/json', 'text/html'])('Accept %s on a GET gets 406', async (accept) => {
    for (const path of ['/mcp', '/sse'])
      expectRefusal(await ask(to.url, { path, headers: { ...inside(), accept } }), 406);
    to.untouched();
  });

  it('a body beyond the limit gets 413, and one at the limit is read', async () => {
    const padded = (size: number): string => {
      const text = JSON.stringify(PING);
      return text + ' '.repeat(size - text.length);
    };
    const headers = inside();
    expectRefusal(await ask(to.url, { path: '/mcp', headers, body: padded(MIB + 1) }), 413);
    to.untouched();
    expect((await ask(to.url, { path: '/mcp', headers, body: padded(MIB) })).status).toBe(200);
  });

  it('a compressed body is refused', async () => {
    const headers = { ...inside(), 'content-encoding': 'gzip' };
    const answered = await ask(to.url, { path: '/mcp', headers, body: gzipSync(JSON.stringify(PING)) });
    expect([400, 415]).toContain(answered.status);
    to.untouched();
  });
});
