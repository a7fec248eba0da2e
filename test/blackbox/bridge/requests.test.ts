// What becomes of the requests of an older client at a server of 2026-07-28, and of the server's answers.
import { describe, expect, it } from 'vitest';
import { rpc, rpcErrorBody } from '../../peers/minimal-server.ts';
import { MODERN } from '../../peers/rpc.ts';
import {
  ALL,
  bodies,
  bridged,
  CALL,
  CAPABILITIES,
  CLIENT_INFO,
  discovered,
  INFO,
  LOG_LEVEL,
  paramsOf,
  refusing,
  streaming,
  VERSION,
} from './fixture.ts';

const BIG = '12345678901234567890';

describe('a request', () => {
  it('gets an envelope, and keeps every other byte', async () => {
    const { server, rpc: client } = await bridged({});
    const params = `{ "name":"echo", "arguments":{"n":${BIG},"f":1.0,"s":"\\u00e9"} ,"acme/x":[ 1, 2 ]}`;
    client.raw(`{"jsonrpc":"2.0","id":"a","method":"tools/call","params":${params}}`);
    await client.response('a');
    const [body] = bodies(server, 'tools/call');
    const end = params.slice(0, -1);
    expect(body).toContain(`"params":${end},"_meta":{`);
    expect(paramsOf(server, 'tools/call')[0]._meta).toEqual({
      [VERSION]: MODERN,
      [CAPABILITIES]: { ...ALL, roots: {} },
      [INFO]: CLIENT_INFO,
    });
  });

  it('keeps its own _meta, except for what it says about its revision', async () => {
    const { server, rpc: client } = await bridged({});
    const _meta = { progressToken: 7, traceparent: '00-1', [VERSION]: '2025-06-18', [INFO]: { name: 'other' } };
    await client.request('tools/call', { ...CALL, _meta });
    expect(paramsOf(server, 'tools/call')[0]._meta).toEqual({
      progressToken: 7,
      traceparent: '00-1',
      [VERSION]: MODERN,
      [CAPABILITIES]: { ...ALL, roots: {} },
      [INFO]: CLIENT_INFO,
    });
    expect(server.requests.at(-1)?.headers['mcp-protocol-version']).toBe(MODERN);
  });

  it('without params gets params with the envelope', async () => {
    const { server, rpc: client } = await bridged({});
    client.raw('{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}');
    await client.response(1.5);
    expect(Object.keys(paramsOf(server, 'tools/list')[0])).toEqual(['_meta']);
  });

  it('is refused when its params are an array', async () => {
    const { server, rpc: client } = await bridged({});
    await expect(client.request('acme/do', [1])).rejects.toMatchObject({ code: -32602 });
    expect(server.lines).not.toContain('POST acme/do');
  });

  it('with a method of a vendor reaches the server', async () => {
    const { rpc: client } = await bridged({ 'acme/do': `{"resultType":"complete","n":${BIG}}` });
    expect((await client.exchange('acme/do', { a: 1 })).line).toContain(`"result":{"n":${BIG}}`);
  });

  it.each(['server/discover', 'subscriptions/listen', 'tasks/list', 'tasks/get', 'tasks/result', 'tasks/update'])(
    "%s is refused, because the client's revision does not have it",
    async (method) => {
      const { server, rpc: client } = await bridged({});
      await expect(client.request(method, { taskId: 't' })).rejects.toMatchObject({ code: -32601 });
      expect(server.lines.slice(2)).toEqual([]);
    },
  );

  it('of 2026-07-28 from the same client passes unchanged', async () => {
    const { server, rpc: client } = await bridged({});
    expect((await client.modern('tools/list')).resultType).toBe('complete');
    expect(paramsOf(server, 'tools/list')[0]._meta[CAPABILITIES]).toEqual({});
  });
});

describe('what the proxy answers itself', () => {
  it('ping', async () => {
    const { server, rpc: client } = await bridged({});
    expect(await client.request('ping')).toEqual({});
    expect(server.lines).toEqual(['POST initialize', 'POST server/discover']);
  });

  it('a log level, which each later request then carries', async () => {
    const { server, rpc: client } = await bridged({ 'server/discover': discovered({ tools: {}, logging: {} }) });
    await client.request('tools/list');
    expect(await client.request('logging/setLevel', { level: 'notice' })).toEqual({});
    await client.request('tools/list', { _meta: { [LOG_LEVEL]: 'debug' } });
    await expect(client.request('logging/setLevel', { level: 'loud' })).rejects.toMatchObject({ code: -32602 });
    await expect(client.request('logging/setLevel')).rejects.toMatchObject({ code: -32602 });
    await client.request('tools/list');
    const levels = paramsOf(server, 'tools/list').map(({ _meta }) => _meta[LOG_LEVEL]);
    expect(levels).toEqual([undefined, 'notice', 'notice']);
    expect(server.lines).not.toContain('POST logging/setLevel');
  });

  it('an error, when a client sets a log level at a server without a log', async () => {
    const { rpc: client } = await bridged({});
    await expect(client.request('logging/setLevel', { level: 'info' })).rejects.toMatchObject({ code: -32601 });
  });

  it('nothing to notifications that 2026-07-28 does not have; those of a vendor reach the server', async () => {
    const { server, rpc: client } = await bridged({});
    for (const method of ['notifications/roots/list_changed', 'notifications/progress', 'notifications/acme']) {
      client.notify(method, { progressToken: 1, progress: 1 });
    }
    const seen = await server.request(({ body }) => body.includes('notifications/acme'));
    expect(JSON.parse(seen.body).params._meta[VERSION]).toBe(MODERN);
    expect(server.lines).toEqual(['POST initialize', 'POST server/discover', 'POST notifications/acme']);
  });
});

describe('a result', () => {
  it('loses the members that older revisions do not have, and keeps every other byte', async () => {
    const { rpc: client } = await bridged({
      'tools/call': `{"resultType":"complete","content":[ {"type":"new","n":${BIG}} ],"ttlMs":5,"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}},"acme":1.0}`,
      'resources/read': `{"contents":[],"ttlMs":5,"cacheScope":"public","resultType":"complete","_meta":{"a":1 ,"io.modelcontextprotocol/serverInfo":{}}}`,
    });
    const called = await client.exchange('tools/call', CALL);
    // Only results that may be cached say for how long; here it is the server's own member.
    expect(called.line).toContain(`"result":{"content":[ {"type":"new","n":${BIG}} ],"ttlMs":5,"acme":1.0}}`);
    const read = await client.exchange('resources/read', { uri: 'a:b' });
    expect(read.line).toContain('"result":{"contents":[],"_meta":{"a":1}}}');
  });

  it.each(['', '"resultType":null,', '"resultType":"",'])('without a type counts as complete: %j', async (type) => {
    const { rpc: client } = await bridged({ 'tools/call': `{${type}"content":[]}` });
    expect(await client.request('tools/call', CALL)).toEqual({ content: [] });
  });

  it.each([
    ['of a type nobody knows', '{"resultType":"task","taskId":"t"}'],
    ['of a type that is no string', '{"resultType":7}'],
    ['with two types', '{"resultType":"complete","resultType":"input_required","content":[]}'],
    ['that is a list', '[1]'],
    ['that asks for input without anything to ask', '{"resultType":"input_required"}'],
    ['that asks for input in a strange form', '{"resultType":"input_required","inputRequests":[1]}'],
  ])('%s is answered with an error', async (_, result) => {
    const { rpc: client } = await bridged({ 'tools/call': result });
    await expect(client.request('tools/call', CALL)).rejects.toMatchObject({ code: -31007 });
    expect(await client.request('ping')).toEqual({});
  });

  it('of a list that asks for input is answered with an error', async () => {
    const { rpc: client } = await bridged({ 'tools/list': '{"resultType":"input_required","requestState":"s"}' });
    await expect(client.request('tools/list')).rejects.toMatchObject({ code: -31007 });
  });
});

describe('output that is not an object', () => {
  const LIST = JSON.stringify({
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
    tools: [
      { name: 'plain', inputSchema: { type: 'object' }, outputSchema: { type: 'object', properties: {} } },
      {
        name: 'rows',
        inputSchema: { type: 'object' },
        outputSchema: { type: 'array', items: { $ref: '#/$defs/row' }, $defs: { row: {} } },
      },
      {
        name: 'either',
        inputSchema: { type: 'object' },
        outputSchema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          oneOf: [{ type: 'object' }, { type: 'null' }],
        },
      },
    ],
  });

  it('is wrapped in an object, and so is its schema', async () => {
    const { rpc: client } = await bridged({
      'tools/list': LIST,
      'tools/call': ({ name }) =>
        name === 'plain'
          ? '{"resultType":"complete","content":[],"structuredContent":{"a":1}}'
          : `{"resultType":"complete","content":[],"structuredContent":${name === 'rows' ? `[${BIG}]` : '{"b":2}'}}`,
    });
    const { tools } = await client.request('tools/list');
    expect(tools.map(({ outputSchema }: { outputSchema: object }) => outputSchema)).toEqual([
      { type: 'object', properties: {} },
      {
        type: 'object',
        required: ['result'],
        properties: { result: { type: 'array', items: { $ref: '#/properties/result/$defs/row' }, $defs: { row: {} } } },
      },
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        required: ['result'],
        properties: { result: { oneOf: [{ type: 'object' }, { type: 'null' }] } },
      },
    ]);
    const call = async (name: string): Promise<string> => (await client.exchange('tools/call', { name })).line;
    expect(await call('plain')).toContain('"result":{"content":[],"structuredContent":{"a":1}}');
    const text = JSON.stringify({ type: 'text', text: `[${BIG}]` });
    expect(await call('rows')).toContain(`"result":{"content":[${text}],"structuredContent":{"result":[${BIG}]}}`);
    expect(await call('either')).toContain('"structuredContent":{"result":{"b":2}}');
  });

  it('of a tool that was never listed is wrapped only when it is not an object', async () => {
    const { rpc: client } = await bridged({
      'tools/call': ({ name }) =>
        `{"resultType":"complete","content":[{"type":"text","text":"t"}],"structuredContent":${name}}`,
    });
    const call = async (name: string): Promise<unknown> => await client.request('tools/call', { name });
    expect(await call('null')).toEqual({ content: [{ type: 'text', text: 't' }], structuredContent: { result: null } });
    expect(await call('{"a":1}')).toEqual({ content: [{ type: 'text', text: 't' }], structuredContent: { a: 1 } });
  });
});

describe('an error', () => {
  it('of the server reaches the client', async () => {
    const missing = rpcErrorBody(-32021, 'needs x', { requiredCapabilities: { x: {} } });
    const { rpc: client } = await bridged(refusing('tools/call', 400, missing));
    await expect(client.request('tools/call', CALL)).rejects.toMatchObject({ code: -32021, message: 'needs x' });
  });

  it('about headers becomes one that the client can understand', async () => {
    const { server, rpc: client } = await bridged(refusing('tools/call', 400, rpcErrorBody(-32020, 'no header')));
    await expect(client.request('tools/call', CALL)).rejects.toMatchObject({
      code: -32603,
      message: expect.stringContaining('Mcp-'),
    });
    expect(server.lines.slice(2)).toEqual(['POST tools/call', 'POST tools/list', 'POST tools/call']);
  });
});

describe('during a call', () => {
  it('notifications reach the client, and its cancellation closes the stream', async () => {
    let gone: Promise<unknown> | undefined;
    const { rpc: client, server } = await bridged(
      streaming('tools/call', ({ send, seen }) => {
        gone = new Promise((resolve) => seen.gone.addEventListener('abort', resolve));
        send({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1, total: 2 } });
      }),
    );
    client.raw(
      '{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"echo","_meta":{"progressToken":"p"}}}',
    );
    const { message } = await client.next('notifications/progress');
    expect(message.params).toEqual({ progressToken: 'p', progress: 1, total: 2 });
    client.notify('notifications/cancelled', { requestId: 'c', reason: 'enough' });
    await gone;
    expect(await client.request('ping')).toEqual({});
    expect(server.requests.map((seen) => rpc(seen).method)).not.toContain('notifications/cancelled');
  });
});
