// A modern client in front of a legacy server: what the bridge answers, adds, removes and refuses.
import { describe, expect, it } from 'vitest';
import { ask, legacyPeer, META, modernClient, RpcFailure } from './legacy-peer.ts';

describe('the session with the server', () => {
  it('is opened in the name of the client, with what the client declares', async () => {
    const server = legacyPeer();
    const client = modernClient(server);
    const capabilities = { roots: { listChanged: true }, elicitation: {}, tasks: {}, extensions: { 'a/b': {} } };
    await client.ask('tools/list', { _meta: { [`${META}clientInfo`]: { name: 'c', version: '1' } } }, capabilities);
    expect(server.sessions[0]?.requests[0]).toEqual({
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: { roots: {}, elicitation: {}, extensions: { 'a/b': {} } },
        clientInfo: { name: 'c', version: '1' },
      },
    });
    expect(server.sessions[0]?.notifications).toEqual(['notifications/initialized']);
  });

  it('is opened in the name of this program for a client that does not name itself', async () => {
    const server = legacyPeer();
    await modernClient(server).ask('tools/list');
    expect(server.sessions[0]?.requests[0]?.params.clientInfo).toEqual({ name: 'mcp-proxy', version: '1.2.3' });
  });

  it('is shared by requests that describe the client alike, and by no others', async () => {
    const server = legacyPeer();
    const client = modernClient(server);
    await Promise.all([
      client.ask('tools/list', {}, { roots: {}, sampling: {} }),
      client.ask('tools/list', {}, { sampling: {}, roots: {} }),
      client.ask('tools/list', {}, {}),
    ]);
    await client.ask('tools/list', {}, {});
    const methods = server.sessions.map(({ requests }) => requests.map(({ method }) => method));
    expect(methods).toEqual([
      ['initialize', 'tools/list', 'tools/list'],
      ['initialize', 'tools/list', 'tools/list'],
    ]);
  });

  it('that the server refuses to open is opened anew by the next request', async () => {
    let refusals = 1;
    const server = legacyPeer({
      initialize: () => {
        if (refusals-- > 0) throw new RpcFailure(-32002, 'not now');
        return { protocolVersion: '2025-06-18', capabilities: {} };
      },
    });
    const client = modernClient(server);
    expect(await client.ask('server/discover')).toEqual({ error: { code: -32602, message: 'not now' } });
    expect(client.bridge.empty).toBe(true);
    expect(server.sessions[0]?.closed).toBe(true);
    expect(await client.ask('tools/list')).toMatchObject({ resultType: 'complete' });
  });

  it('ends with the client', async () => {
    const server = legacyPeer({ 'tools/call': () => new Promise(() => {}) });
    const client = modernClient(server);
    const call = client.send('tools/call', { name: 'a' });
    await client.ask('tools/list');
    await client.bridge.close(1);
    await expect(call.answer).rejects.toMatchObject({ code: 'failed' });
    expect(server.sessions[0]).toMatchObject({ closed: true, cancelled: ['tools/call'] });
  });
});

describe('server/discover', () => {
  it('is answered from what the server said when it was opened', async () => {
    expect(await modernClient(legacyPeer()).ask('server/discover')).toEqual({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: {
        tools: { listChanged: true },
        prompts: {},
        resources: { subscribe: true, listChanged: true },
        logging: {},
      },
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { [`${META}serverInfo`]: { name: 'legacy', version: '1' } },
    });
  });
});

describe('requests', () => {
  it('reach the server without what older revisions do not have', async () => {
    const server = legacyPeer();
    const client = modernClient(server);
    const _meta = { progressToken: 'p', traceparent: 't', [`${META}logLevel`]: 'error' };
    await client.ask('tools/call', { name: 'a', arguments: { requestState: 'mine' }, inputResponses: {}, _meta });
    await client.ask('tools/list', {});
    const [call, list] = server.sessions[0]?.requests.slice(2) ?? [];
    expect(call?.params).toEqual({
      name: 'a',
      arguments: { requestState: 'mine' },
      _meta: { progressToken: expect.any(Number), traceparent: 't' },
    });
    expect(list?.params).toEqual({});
  });

  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
    'tasks/list',
    'tasks/result',
    'tasks/other',
  ])('of the other era are unknown: %s', async (method) => {
    const server = legacyPeer();
    const answer = await modernClient(server).ask(method, { uri: 'a:b', taskId: '1', level: 'info' });
    expect(answer).toEqual({ error: { code: -32601, message: `Method not found: ${method}` } });
    expect(server.sessions).toEqual([]);
  });

  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    'about tasks are unknown where the server has none: %s',
    async (method) => {
      const declared = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
      const answer = await modernClient(legacyPeer()).ask(method, { taskId: '1' }, declared);
      expect(answer).toEqual({ error: { code: -32601, message: `Method not found: ${method}` } });
    },
  );

  it('of a vendor pass', async () => {
    const server = legacyPeer({ 'vendor/method': (params) => ({ got: params }) });
    expect(await modernClient(server).ask('vendor/method', { a: 1 })).toMatchObject({ got: { a: 1 } });
  });

  it('of a later revision are refused', async () => {
    const _meta = { [`${META}protocolVersion`]: '2099-01-01', [`${META}clientCapabilities`]: {} };
    const client = modernClient(legacyPeer());
    const params = Buffer.from(JSON.stringify({ _meta }));
    const { exchange } = await import('../../exchanges.ts').then(({ exchangeOf }) =>
      exchangeOf('tools/list', String(params)),
    );
    const reply = await client.bridge.request(exchange);
    expect(JSON.parse(String('error' in reply && reply.error))).toEqual({
      code: -32022,
      message: 'Unsupported protocol version',
      data: { supported: ['2026-07-28'], requested: '2099-01-01' },
    });
  });

  it('with an unknown log level are refused', async () => {
    const answer = await modernClient(legacyPeer()).ask('tools/list', { _meta: { [`${META}logLevel`]: 'loud' } });
    expect(answer.error).toMatchObject({ code: -32602, message: expect.stringContaining('logLevel') });
  });

  it('that the client cancels are cancelled at the server', async () => {
    const server = legacyPeer({ 'tools/list': () => new Promise(() => {}) });
    const client = modernClient(server);
    const sent = client.send('tools/list');
    await client.ask('prompts/list');
    sent.cancel();
    await expect(sent.answer).rejects.toThrow('cancelled');
    expect(server.sessions[0]?.cancelled).toEqual(['tools/list']);
  });
});

describe('errors of the server', () => {
  it.each([
    [-32002, -32602, undefined],
    [-32020, -32603, { original: { code: -32020, message: 'no' } }],
    [-32099, -32603, { original: { code: -32099, message: 'no' } }],
    [-32019, -32019, undefined],
    [-32601, -32601, undefined],
    [-32100, -32100, undefined],
    [7, 7, undefined],
  ])('%s arrives as %s', async (code, expected, data) => {
    const server = legacyPeer({
      'tools/call': () => {
        throw new RpcFailure(code);
      },
    });
    const { error } = await modernClient(server).ask('tools/call', { name: 'a' });
    expect([error.code, error.data]).toEqual([expected, data]);
  });
});

describe('progress', () => {
  it('arrives under the token of the request, although two clients may choose the same', async () => {
    const server = legacyPeer({
      'tools/call': async ({ name, _meta }, exchange) => {
        const params = Buffer.from(JSON.stringify({ progressToken: _meta.progressToken, progress: 1, message: name }));
        await exchange.notify({ method: 'notifications/progress', params });
        return { content: [] };
      },
    });
    const client = modernClient(server);
    const sent = ['a', 'b'].map((name) => client.send('tools/call', { name, _meta: { progressToken: 'same' } }));
    await Promise.all(sent.map(({ answer }) => answer));
    expect(sent.map(({ notified }) => notified)).toEqual(
      ['a', 'b'].map((message) => [
        { method: 'notifications/progress', params: { progressToken: 'same', progress: 1, message } },
      ]),
    );
    const tokens = server.sessions[0]?.requests.slice(1).map(({ params }) => params._meta.progressToken) ?? [];
    expect(new Set(tokens).size).toBe(2);
  });
});

describe('log messages', () => {
  const message = (level: string) => ({
    method: 'notifications/message',
    params: Buffer.from(JSON.stringify({ level, data: level })),
  });

  it('reach the request that wants them, from its level on', async () => {
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => {
        for (const level of ['debug', 'warning', 'error']) exchange.notify(message(level));
        return { content: [] };
      },
    });
    const client = modernClient(server);
    const silent = client.send('tools/call', { name: 'a' });
    await silent.answer;
    const loud = client.send('tools/call', { name: 'a', _meta: { [`${META}logLevel`]: 'warning' } });
    await loud.answer;
    await client.ask('tools/call', { name: 'a', _meta: { [`${META}logLevel`]: 'error' } });
    await client.ask('tools/call', { name: 'a', _meta: { [`${META}logLevel`]: 'debug' } });
    expect(silent.notified).toEqual([]);
    expect(loud.notified.map(({ params }) => params.level)).toEqual(['warning', 'error']);
    const levels = server.sessions[0]?.requests.filter(({ method }) => method === 'logging/setLevel');
    expect(levels?.map(({ params }) => params.level)).toEqual(['warning', 'debug']);
  });

  const held = () => {
    const releases: (() => void)[] = [];
    const server = legacyPeer({
      'tools/call': () => new Promise((resolve) => releases.push(() => resolve({ content: [] }))),
    });
    return { server, releases };
  };

  it('outside of requests reach no request if another client may be meant', async () => {
    const { server, releases } = held();
    const client = modernClient(server, { several: true });
    const wanting = client.send('tools/call', { name: 'a', _meta: { [`${META}logLevel`]: 'info' } });
    await client.ask('tools/list');
    server.sessions[0]?.client.notify(message('info'));
    const silent = client.send('tools/call', { name: 'a' });
    await client.ask('tools/list');
    server.sessions[0]?.client.notify(message('error'));
    for (const release of releases) release();
    await Promise.all([wanting.answer, silent.answer]);
    expect(wanting.notified.map(({ params }) => params.level)).toEqual(['info']);
    expect(silent.notified).toEqual([]);
  });

  it('outside of requests reach the newest request that wants them, or nobody', async () => {
    const { server, releases } = held();
    const client = modernClient(server);
    const params = { name: 'a', _meta: { [`${META}logLevel`]: 'info' } };
    const sent = [client.send('tools/call', params), client.send('tools/call', params)];
    await client.ask('tools/list');
    server.sessions[0]?.client.notify(message('info'));
    for (const release of releases) release();
    await Promise.all(sent.map(({ answer }) => answer));
    server.sessions[0]?.client.notify(message('info'));
    expect(sent.map(({ notified }) => notified.length)).toEqual([0, 1]);
    expect(client.logged.filter((line) => line.includes('log message'))).toHaveLength(1);
  });
});

describe('questions that the client cannot get', () => {
  it.each([
    ['elicitation/create', {}, {}, 'The client did not declare elicitation'],
    [
      'elicitation/create',
      { mode: 'url' },
      { elicitation: { form: {} } },
      'The client did not declare elicitation.url',
    ],
    ['elicitation/create', {}, { elicitation: { url: {} } }, 'The client did not declare elicitation.form'],
    ['sampling/createMessage', { tools: [] }, { sampling: {} }, 'The client did not declare sampling.tools'],
    ['roots/list', {}, { sampling: {} }, 'The client did not declare roots'],
    ['vendor/ask', {}, { sampling: {} }, 'Method not found: vendor/ask'],
    ['tasks/get', {}, { sampling: {} }, 'Method not found: tasks/get'],
  ])('%s %j, with %j', async (method, params, capabilities, message) => {
    const told: unknown[] = [];
    const server = legacyPeer({
      'tools/call': async (_params, exchange, { client }) => {
        told.push(await ask(exchange, method, params), await ask(client, method, params));
        return { content: [] };
      },
    });
    await modernClient(server).ask('tools/call', { name: 'a' }, capabilities);
    expect(told).toEqual([{ error: { code: -32601, message } }, { error: { code: -32601, message } }]);
  });

  it('a ping of the server is answered', async () => {
    const server = legacyPeer({
      'tools/call': async (_params, exchange, { client }) => ({
        got: [await ask(exchange, 'ping'), await ask(client, 'ping')],
      }),
    });
    expect(await modernClient(server).ask('tools/call', { name: 'a' })).toMatchObject({ got: [{}, {}] });
  });

  it('without a request that could carry it, the server is told so', async () => {
    const server = legacyPeer();
    await modernClient(server).ask('tools/list');
    const { client } = server.sessions[0] as (typeof server.sessions)[number];
    expect(await ask(client, 'sampling/createMessage', {})).toEqual({
      error: { code: -32602, message: 'No client request is in progress that could carry sampling/createMessage' },
    });
  });
});
