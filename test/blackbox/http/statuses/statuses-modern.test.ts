// The statuses of revision 2026-07-28: what the proxy itself refuses, and what each error of a server becomes.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { closeServings, type Serving, startServing } from '../../../peers/http/serving.ts';
import { MODERN, modernParams } from '../../../peers/rpc.ts';
import { type Ask, ask, modern, notification, request } from '../exchange.ts';

const META = 'io.modelcontextprotocol/';

let upstream: Hostile;
let serving: Serving;
let seenBefore = 0;

beforeAll(async () => {
  upstream = await startHostile();
  serving = await startServing(upstream.url);
  await ask(serving.url, { path: '/mcp', ...modern('server/discover') });
});
beforeEach(() => {
  seenBefore = upstream.requests.length;
});
afterAll(async () => {
  await closeServings();
  await closeHostiles();
});

const CALL = modern('tools/call', { name: 'echo', arguments: {} }, 'call-1');
const post = (what: Ask): ReturnType<typeof ask> => ask(serving.url, { path: '/mcp', ...what });

/** CALL with other headers; `undefined` takes one away. */
const withHeaders = (headers: Ask['headers']): Ask => ({ ...CALL, headers: { ...CALL.headers, ...headers } });

describe('refused by the proxy', () => {
  it.each<[string, Ask['headers']]>([
    ['no MCP-Protocol-Version', { 'mcp-protocol-version': undefined }],
    ['another MCP-Protocol-Version', { 'mcp-protocol-version': '2025-11-25' }],
    ['no Mcp-Method', { 'mcp-method': undefined }],
    ['another Mcp-Method', { 'mcp-method': 'tools/list' }],
    ['Mcp-Method in other letters', { 'mcp-method': 'Tools/Call' }],
    ['no Mcp-Name', { 'mcp-name': undefined }],
    ['another Mcp-Name', { 'mcp-name': 'other' }],
    ['another Mcp-Name, encoded', { 'mcp-name': `=?base64?${Buffer.from('other').toString('base64')}?=` }],
    ['an Mcp-Name that cannot be decoded', { 'mcp-name': '=?base64?###?=' }],
  ])('%s: 400, -32020', async (_what, headers) => {
    const answered = await post(withHeaders(headers));
    expect([answered.status, answered.json.error?.code], answered.text).toEqual([400, -32020]);
    expect(answered.json.id).toBe('call-1');
    expect(upstream.requests.length).toBe(seenBefore);
  });

  it.each<[string, object]>([
    ['Name beside the name', { ...CALL.body, params: { ...modernParams({ name: 'echo' }), Name: 'other' } }],
    ['Method beside the method', { ...CALL.body, Method: 'notifications/cancelled' }],
  ])('%s, which a server could take for it: 400, -32602', async (_what, body) => {
    const answered = await post({ ...CALL, body });
    expect([answered.status, answered.json.error?.code, answered.json.id]).toEqual([400, -32602, 'call-1']);
    expect(upstream.requests.length).toBe(seenBefore);
  });

  it('an unknown version gets 400 and -32022, with the known ones', async () => {
    const params = { _meta: { [`${META}protocolVersion`]: '2099-01-01' } };
    const { body, headers } = modern('tools/list', params);
    const answered = await post({ body, headers: { ...headers, 'mcp-protocol-version': '2099-01-01' } });
    expect([answered.status, answered.json.error?.code]).toEqual([400, -32022]);
    expect(answered.json.error?.data).toMatchObject({
      requested: '2099-01-01',
      supported: expect.arrayContaining([MODERN]),
    });
    expect(upstream.requests.length).toBe(seenBefore);
  });

  it.each<[string, object | undefined]>([
    ['no params', undefined],
    ['no _meta', {}],
    ['an empty _meta', { _meta: {} }],
    ['a _meta that is no object', { _meta: 'x' }],
    ['a version that is no string', { _meta: { [`${META}protocolVersion`]: 1 } }],
  ])('the header of the revision, but %s: 400, -32602', async (_what, params) => {
    const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/list' };
    const answered = await post({ headers, body: request(1, 'tools/list', params) });
    expect([answered.status, answered.json.error?.code], answered.text).toEqual([400, -32602]);
    expect(upstream.requests.length).toBe(seenBefore);
  });

  it('an initialize in the name of this revision gets 400 and -32020', async () => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': 'initialize' };
    const answered = await post({ headers, body: request(1, 'initialize', params) });
    expect([answered.status, answered.json.error?.code]).toEqual([400, -32020]);
    expect(upstream.requests.length).toBe(seenBefore);
  });

  it('a batch gets 400 and -32600', async () => {
    const answered = await post({ headers: { 'mcp-protocol-version': MODERN }, body: JSON.stringify([CALL.body]) });
    expect([answered.status, answered.json.error?.code]).toEqual([400, -32600]);
    expect(upstream.requests.length).toBe(seenBefore);
  });
});

describe('accepted', () => {
  it('a call is accepted, whatever session it names', async () => {
    const answered = await post(withHeaders({ 'mcp-session-id': 'unknown' }));
    expect([answered.status, answered.json.id]).toEqual([200, 'call-1']);
    expect(answered.headers['mcp-session-id']).toBeUndefined();
    expect(upstream.requests.at(-1)?.headers['mcp-session-id']).toBeUndefined();
  });

  it('a name that had to be encoded is accepted', async () => {
    const name = 'größer';
    const { body, headers } = modern('tools/call', { name, arguments: {} });
    const encoded = `=?base64?${Buffer.from(name).toString('base64')}?=`;
    expect((await post({ body, headers: { ...headers, 'mcp-name': encoded } })).status).toBe(200);
    expect(upstream.requests.at(-1)?.headers['mcp-name']).toBe(encoded);
  });

  it('a resource is accepted by its URI', async () => {
    upstream.once('resources/read', a.reply({ contents: [], ttlMs: 0, cacheScope: 'private' }));
    expect((await post(modern('resources/read', { uri: 'test://a' }))).status).toBe(200);
    expect(upstream.requests.at(-1)?.headers['mcp-name']).toBe('test://a');
  });

  it('headers that mirror parameters reach the server unchanged', async () => {
    const answered = await post(withHeaders({ 'mcp-param-region': 'us-west1', 'mcp-param-tenant': '=?base64?w6Q=?=' }));
    expect(answered.status).toBe(200);
    expect(upstream.requests.at(-1)?.headers).toMatchObject({
      'mcp-param-region': 'us-west1',
      'mcp-param-tenant': '=?base64?w6Q=?=',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
      'mcp-protocol-version': MODERN,
    });
  });

  it('a notification gets 202 without a body', async () => {
    const params = modernParams({ progressToken: 1, progress: 1 });
    const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': 'notifications/progress' };
    const answered = await post({ headers, body: notification('notifications/progress', params) });
    expect([answered.status, answered.text]).toEqual([202, '']);
  });

  it.each<[string, string | number]>([
    ['zero', 0],
    ['a word', 'id'],
    ['a number as a word', '1'],
    ['an empty word', ''],
    ['a negative number', -5],
  ])('the id of the client comes back: %s', async (_what, id) => {
    expect((await post(modern('tools/list', {}, id))).json.id).toBe(id);
  });
});

describe('errors of the server', () => {
  it.each<[number, number, number]>([
    // code, status of the server, status for the client
    [-32601, 404, 404],
    [-32601, 200, 404],
    [-32020, 400, 400],
    [-32021, 400, 400],
    [-32022, 400, 400],
    [-32021, 200, 400],
    [-32600, 400, 400],
    [-32602, 200, 200],
    [-32603, 200, 200],
    [-32603, 500, 200],
    [-32000, 200, 200],
    [1, 200, 200],
    [-99999, 200, 200],
  ])('%i with status %i: %i', async (code, theirs, ours) => {
    upstream.once('prompts/list', a.rpcError(code, 'as the server says', theirs));
    const answered = await post(modern('prompts/list', {}, 'p'));
    expect(answered.json, answered.text).toMatchObject({ id: 'p', error: { code, message: 'as the server says' } });
    expect(answered.status).toBe(ours);
    expect(answered.headers['content-type']).toMatch(/^application\/json/);
  });

  it('an error after other messages comes on the stream with status 200', async () => {
    const log = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}';
    upstream.once(
      'tools/call',
      a.sse((id) => a.event(log) + a.event(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"late"}}`)),
    );
    const answered = await post(CALL);
    expect(answered.status).toBe(200);
    expect(answered.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(answered.text).toMatch(/notifications\/message[\s\S]*"late"/);
  });
});
