// Revision 2026-07-28 over HTTP: the parts of a request that headers repeat, and how a call ends early.
import { describe, expect, it } from 'vitest';
import { modernServer, type Results, rpc, rpcErrorBody } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';
import { answer, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';

const open = opened();

type Schema = Record<string, unknown>;
const listing = (tools: Record<string, Schema>): Results => ({
  'tools/list': JSON.stringify({
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
    tools: Object.entries(tools).map(([name, inputSchema]) => ({ name, inputSchema })),
  }),
});
const object = (properties: Schema): Schema => ({ type: 'object', properties });
const REGION = object({ region: { type: 'string', 'x-mcp-header': 'Region' }, level: { type: 'integer' } });

/** Refuses calls without the header, as the specification requires. */
async function demanding(header: string, results: Results): Promise<ScriptedPeer> {
  const serve = modernServer(results);
  return open(
    startScripted('/mcp', (seen, res) => {
      const { id, method } = rpc(seen);
      if (method !== 'tools/call' || seen.headers[header] !== undefined) return serve(seen, res);
      return answer(res, 400, 'application/json', rpcErrorBody(-32020, `missing ${header}`, undefined, id));
    }),
  );
}

describe('an argument that is mirrored in a header', () => {
  it('is in the header of the first call if the list was read before', async () => {
    const server = await demanding('mcp-param-region', listing({ query: REGION }));
    const proxy = startProxy(server.url);
    await proxy.rpc.modern('tools/list');
    await proxy.rpc.modern('tools/call', { name: 'query', arguments: { region: 'us-west1', level: 3 } });
    await proxy.close();
    expect(server.lines).toEqual(['POST tools/list', 'POST tools/call']);
    expect(server.requests[1]?.headers['mcp-param-region']).toBe('us-west1');
  });

  it('is in the header after one refusal if the list was not read before', async () => {
    const server = await demanding('mcp-param-region', listing({ query: REGION }));
    const proxy = startProxy(server.url);
    const { content } = await proxy.rpc.modern('tools/call', { name: 'query', arguments: { region: 'us-west1' } });
    expect(content[0].text).toBe('called');
    expect(server.lines).toEqual(['POST tools/call', 'POST tools/list', 'POST tools/call']);
    await proxy.rpc.modern('tools/call', { name: 'query', arguments: { region: 'eu' } });
    await proxy.close();
    expect(server.lines.slice(3)).toEqual(['POST tools/call']);
    expect(proxy.rpc.received).toHaveLength(2);
  });

  it('is in the header with the SDK', async () => {
    const server = await open(startSdkV2Modern());
    const proxy = startProxy(server.url);
    const { content } = await proxy.rpc.modern('tools/call', { name: 'mirrored', arguments: { region: 'süd' } });
    expect(JSON.parse(content[0].text)).toEqual({ region: 'süd' });
    await proxy.close();
  });

  it('reaches the client as a refusal if a second call is refused, too', async () => {
    const server = await demanding('mcp-param-never', listing({ query: REGION }));
    const proxy = startProxy(server.url);
    await expect(proxy.rpc.modern('tools/call', { name: 'query', arguments: {} })).rejects.toMatchObject({
      code: -32020,
    });
    await proxy.close();
    expect(server.lines.filter((line) => line === 'POST tools/call').length).toBeLessThanOrEqual(2);
  });

  it('comes from a list that is read page by page in the name of the client', async () => {
    const pages = (params: { cursor?: string; _meta: Record<string, unknown> }): string =>
      JSON.stringify({
        tools: params.cursor ? [{ name: 'query', inputSchema: REGION }] : [{ name: 'other', inputSchema: {} }],
        ...(params.cursor ? {} : { nextCursor: 'page-2' }),
      });
    const server = await demanding('mcp-param-region', { 'tools/list': pages });
    const proxy = startProxy(server.url);
    await proxy.rpc.modern('tools/call', { name: 'query', arguments: { region: 'x' } }, { roots: {} });
    await proxy.close();
    expect(server.lines).toEqual(['POST tools/call', 'POST tools/list', 'POST tools/list', 'POST tools/call']);
    for (const seen of server.requests) {
      expect(rpc(seen).params._meta).toMatchObject({ 'io.modelcontextprotocol/clientCapabilities': { roots: {} } });
    }
  });

  it.each([
    ['text', { type: 'string' }, 'plain text', 'plain text'],
    ['text beyond ASCII', { type: 'string' }, 'süd 🧪', `=?base64?${Buffer.from('süd 🧪').toString('base64')}?=`],
    [
      'text with a line break',
      { type: 'string' },
      'a\r\nX-Evil: 1',
      `=?base64?${Buffer.from('a\r\nX-Evil: 1').toString('base64')}?=`,
    ],
    ['text with spaces around', { type: 'string' }, ' a ', `=?base64?${Buffer.from(' a ').toString('base64')}?=`],
    [
      'text that looks encoded',
      { type: 'string' },
      '=?base64?YQ==?=',
      `=?base64?${Buffer.from('=?base64?YQ==?=').toString('base64')}?=`,
    ],
    ['an integer', { type: 'integer' }, -42, '-42'],
    ['a boolean', { type: 'boolean' }, false, 'false'],
    ['null', { type: 'string' }, null, undefined],
    ['nothing', { type: 'string' }, undefined, undefined],
  ])('%s', async (_, schema, value, header) => {
    const tool = object({ p: { ...schema, 'x-mcp-header': 'P' } });
    const server = await open(startScripted('/mcp', modernServer(listing({ query: tool }))));
    const proxy = startProxy(server.url);
    await proxy.rpc.modern('tools/list');
    await proxy.rpc.modern('tools/call', { name: 'query', arguments: { p: value } });
    await proxy.close();
    expect(server.requests[1]?.headers['mcp-param-p']).toBe(header);
    expect(server.requests[1]?.headers).not.toHaveProperty('x-evil');
  });

  it('can be deep in the arguments', async () => {
    const tool = object({ a: object({ b: { type: 'string', 'x-mcp-header': 'Deep' } }) });
    const server = await open(startScripted('/mcp', modernServer(listing({ query: tool }))));
    const proxy = startProxy(server.url);
    await proxy.rpc.modern('tools/list');
    await proxy.rpc.modern('tools/call', { name: 'query', arguments: { a: { b: 'found' } } });
    await proxy.close();
    expect(server.requests[1]?.headers['mcp-param-deep']).toBe('found');
  });
});

describe('a tool whose annotations are invalid is left out, with a warning', () => {
  it.each([
    ['an empty name', object({ p: { type: 'string', 'x-mcp-header': '' } })],
    ['a name with a space', object({ p: { type: 'string', 'x-mcp-header': 'My Region' } })],
    ['a name with a colon', object({ p: { type: 'string', 'x-mcp-header': 'Region:Primary' } })],
    ['a name with a line break', object({ p: { type: 'string', 'x-mcp-header': 'Region\t1' } })],
    ['a name beyond ASCII', object({ p: { type: 'string', 'x-mcp-header': 'Région' } })],
    ['a name that is no text', object({ p: { type: 'string', 'x-mcp-header': 7 } })],
    ['a type that is no primitive', object({ p: { type: 'object', 'x-mcp-header': 'P' } })],
    ['numbers', object({ p: { type: 'number', 'x-mcp-header': 'P' } })],
    [
      'one name twice',
      object({ p: { type: 'string', 'x-mcp-header': 'P' }, q: { type: 'string', 'x-mcp-header': 'p' } }),
    ],
    ['a place in a list', object({ p: { type: 'array', items: { type: 'string', 'x-mcp-header': 'P' } } })],
    ['a place in a choice', object({ p: { oneOf: [{ type: 'string', 'x-mcp-header': 'P' }] } })],
  ])('%s', async (_, schema) => {
    const server = await open(
      startScripted('/mcp', modernServer(listing({ good: REGION, 'bad-one': schema, plain: object({}) }))),
    );
    const proxy = startProxy(server.url);
    const { tools } = await proxy.rpc.modern('tools/list');
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(['good', 'plain']);
    expect(proxy.stderr).toMatch(/warn.*bad-one/);
    await proxy.close();
  });
});

describe('Mcp-Name', () => {
  it.each([
    ['tools/call', { name: 'größe 🧪', arguments: {} }, 'größe 🧪'],
    ['prompts/get', { name: ' padded' }, ' padded'],
    ['resources/read', { uri: 'acme://mit/ü' }, 'acme://mit/ü'],
  ])('of %s is Base64 where necessary', async (method, params, name) => {
    const server = await open(
      startScripted('/mcp', modernServer({ [method]: '{"resultType":"complete","content":[]}' })),
    );
    const proxy = startProxy(server.url);
    await proxy.rpc.modern(method, params);
    await proxy.close();
    expect(server.requests[0]?.headers).toMatchObject({
      'mcp-method': method,
      'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=`,
    });
    expect(rpc(server.requests[0] as never).params).toMatchObject(params);
  });

  it('is plain where possible', async () => {
    const server = await open(startScripted('/mcp', modernServer()));
    const proxy = startProxy(server.url);
    await proxy.rpc.modern('tools/call', { name: 'plain_name-1.2', arguments: {} });
    await proxy.rpc.modern('tools/list');
    await proxy.close();
    expect(server.requests.map(({ headers }) => headers['mcp-name'])).toEqual(['plain_name-1.2', undefined]);
  });
});

it('cancelling a call closes its request, and no other', async () => {
  const serve = modernServer();
  const server = await open(
    startScripted('/mcp', (seen, res) => {
      const name = rpc(seen).params?.name;
      if (name !== 'slow' && name !== 'waits') return serve(seen, res);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(': started\n\n');
      return undefined;
    }),
  );
  const proxy = startProxy(server.url);
  proxy.rpc.raw(
    JSON.stringify({ jsonrpc: '2.0', id: 'one', method: 'tools/call', params: modernParams({ name: 'slow' }) }),
  );
  proxy.rpc.raw(
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: modernParams({ name: 'waits' }) }),
  );
  const slow = await server.request((seen) => rpc(seen).params?.name === 'slow');
  const waits = await server.request((seen) => rpc(seen).params?.name === 'waits');
  const closed = new Promise<void>((resolve) => slow.gone.addEventListener('abort', () => resolve()));
  proxy.rpc.notify('notifications/cancelled', { requestId: 'one', reason: 'test' });
  await closed;
  expect(waits.gone.aborted).toBe(false);
  // In this revision, a closed stream is the whole cancellation over HTTP.
  expect(server.lines.filter((line) => line.includes('cancelled'))).toEqual([]);
  expect(proxy.rpc.received.filter(({ message }) => 'result' in message)).toEqual([]);
});
