// The statuses that a request gets for its session, or for not being a message at all.
import { describe, expect, it } from 'vitest';
import { openStream } from '../event-stream.ts';
import { ask, inSession, notification, openSession } from '../exchange.ts';
import { expectRefusal, PING, refusing, VENDOR } from '../limited-proxy.ts';

const to = refusing();

describe('sessions', () => {
  it.each<[string, object]>([
    ['a request', PING],
    ['a notification', notification('notifications/roots/list_changed')],
    ['a response', { jsonrpc: '2.0', id: 1, result: {} }],
    ['a vendor request', VENDOR],
  ])('%s without a session gets 400', async (_what, body) => {
    expectRefusal(await ask(to.url, { path: '/mcp', body }), 400);
    to.untouched();
  });

  it.each(['GET', 'DELETE'])('%s without a session gets 400', async (method) => {
    expectRefusal(await ask(to.url, { path: '/mcp', method, headers: { accept: '*/*' } }), 400);
    to.untouched();
  });

  it.each([
    'unknown',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '0',
    'null',
    'undefined',
    'x'.repeat(4_000),
    '../../etc/passwd',
    '${TOKEN}',
    '%00',
    'a, b',
  ])('%s is not a session, and gets 404', async (unknown) => {
    const headers = inSession(unknown);
    for (const body of [PING, notification('notifications/roots/list_changed'), { jsonrpc: '2.0', id: 1, result: {} }])
      expectRefusal(await ask(to.url, { path: '/mcp', headers, body }), 404);
    const stream = { ...headers, accept: 'text/event-stream' };
    expectRefusal(await ask(to.url, { path: '/mcp', headers: stream }), 404);
    expectRefusal(await ask(to.url, { path: '/mcp', method: 'DELETE', headers }), 404);
    to.untouched();
  });

  it('the id of another endpoint, and an id written twice, are refused', async () => {
    const stream = await openStream(to.url, { path: '/sse' });
    const { data } = await stream.next(({ event }) => event === 'endpoint');
    const [, sse = ''] = /sessionId=(.+)$/.exec(data) ?? [];
    expectRefusal(await ask(to.url, { path: '/mcp', headers: inSession(sse), body: PING }), 404);
    expectRefusal(await ask(to.url, { path: `/message?sessionId=${to.session}`, body: PING }), 404);
    const twice = { 'mcp-session-id': [to.session, to.session] };
    expect([400, 404]).toContain((await ask(to.url, { path: '/mcp', headers: twice, body: PING })).status);
  });

  it('gets 404 after DELETE', async () => {
    const own = await openSession(to.url);
    const headers = inSession(own);
    const ended = await ask(to.url, { path: '/mcp', method: 'DELETE', headers });
    expect([ended.status, ended.text]).toEqual([204, '']);
    expectRefusal(await ask(to.url, { path: '/mcp', headers, body: PING }), 404);
    expectRefusal(await ask(to.url, { path: '/mcp', method: 'DELETE', headers }), 404);
    expectRefusal(await ask(to.url, { path: '/mcp', headers: { ...headers, accept: 'text/event-stream' } }), 404);
  });

  it('has an id of visible characters that cannot be guessed', async () => {
    const other = await openSession(to.url);
    for (const id of [to.session, other]) expect(id).toMatch(/^[\x21-\x7e]{22,}$/);
    expect(other).not.toBe(to.session);
    // It is not the one of the server.
    for (const { session: theirs } of to.upstream.requests) expect([to.session, other]).not.toContain(theirs);
  });

  it.each(['2099-01-01', 'latest', '1', '2025-11-25, 2025-06-18'])(
    'MCP-Protocol-Version %s is unknown, and gets 400',
    async (version) => {
      const headers = { 'mcp-session-id': to.session, 'mcp-protocol-version': version };
      expectRefusal(await ask(to.url, { path: '/mcp', headers, body: PING }), 400);
      to.untouched();
    },
  );

  it.each<[string, Record<string, string>]>([
    ['no MCP-Protocol-Version', {}],
    ['the one that was agreed on', { 'mcp-protocol-version': '2025-11-25' }],
  ])('%s is fine', async (_what, headers) => {
    const all = { 'mcp-session-id': to.session, ...headers };
    expect((await ask(to.url, { path: '/mcp', headers: all, body: PING })).status).toBe(200);
  });
});

describe('texts that are not messages', () => {
  const BODIES: [string, string, number][] = [
    ['nothing', '', -32700],
    ['half an object', '{"jsonrpc":"2.0","id":1', -32700],
    ['words', 'hello', -32700],
    ['two objects', '{"jsonrpc":"2.0","id":1,"method":"ping"}{}', -32700],
    ['a byte order mark and nothing', '\ufeff', -32700],
    ['a string', '"ping"', -32600],
    ['null', 'null', -32600],
    ['an empty object', '{}', -32600],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":1}', -32600],
    ['an empty batch', '[]', -32600],
    ['a batch where there are none', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
  ];
  it.each(BODIES)('%s gets 400 in a session', async (_what, body, code) => {
    const answered = await ask(to.url, { path: '/mcp', headers: inSession(to.session), body });
    expect(answered.status, answered.text).toBe(400);
    expect(answered.json.error?.code).toBe(code);
    to.untouched();
  });

  it.each(BODIES.filter(([, , code]) => code === -32700))(
    '%s gets 400 without a session',
    async (_what, body, code) => {
      const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'ping' };
      for (const headers of [{}, modernHeaders]) {
        const answered = await ask(to.url, { path: '/mcp', headers, body });
        expect([answered.status, answered.json.error?.code]).toEqual([400, code]);
      }
      to.untouched();
    },
  );

  it('bytes that are not UTF-8 get 400', async () => {
    const body = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"pi'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    const answered = await ask(to.url, { path: '/mcp', headers: inSession(to.session), body });
    expect(answered.status).toBe(400);
    to.untouched();
  });
});
