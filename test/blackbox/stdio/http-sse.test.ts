// HTTP+SSE, revision 2024-11-05: what goes wrong with the stream, with its endpoint, and with what is POSTed there.
import { afterAll, describe, expect, it } from 'vitest';
import { closeHostiles } from '../../peers/hostile.ts';
import { ENDINGS, exitAfter, SOON } from '../../peers/hostile-endings.ts';
import {
  endpointEvent,
  type HostileSse,
  regularAnswer,
  regularPost,
  startHostileSse,
} from '../../peers/hostile-sse.ts';
import { closeProxies, type ProxyProcess, privateHome, startProxy } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';

afterAll(closeProxies);
afterAll(closeHostiles);

const CALL = { name: 'echo', arguments: { a: 1 } };
const ECHOED = { content: [{ type: 'text', text: '{"a":1}' }] };

async function connected(): Promise<{ server: HostileSse; proxy: ProxyProcess }> {
  const server = await startHostileSse();
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2024-11-05');
  await server.posted('notifications/initialized');
  return { server, proxy };
}

it.each([
  ['relative to the host', (n: number) => `/message?session=${n}`, '/message?session=1'],
  ['relative to the path', (n: number) => `messages/in?session=${n}`, '/messages/in?session=1'],
  ['a query alone', (n: number) => `/x/../y?session=${n}&a=%20b`, '/y?session=1&a=%20b'],
  ['absolute', (n: number, origin: string) => `${origin}/message?session=${n}`, '/message?session=1'],
])('an endpoint that is %s', async (_, endpoint, path) => {
  const server = await startHostileSse();
  server.begin = (stream) => stream.write(endpointEvent(endpoint(stream.number, new URL(server.url).origin)));
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2024-11-05');
  expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
  expect(new Set(server.posts.map((posted) => posted.path))).toEqual(new Set([path]));
});

it.each([
  ['another host', (url: URL) => `http://localhost:${url.port}/message?session=1`],
  ['another port', () => 'http://127.0.0.1:1/message?session=1'],
  ['another scheme', (url: URL) => `https://${url.host}/message?session=1`],
  ['no scheme', (url: URL) => `//localhost:${url.port}/message?session=1`],
  ['a file', () => 'file:///etc/passwd'],
  ['a data URL', () => 'data:text/plain,x'],
])('an endpoint at %s is refused, and gets no request', async (_, endpoint) => {
  const server = await startHostileSse();
  server.begin = (stream) => stream.write(endpointEvent(endpoint(new URL(server.url))));
  const proxy = startProxy(server.url, ['--transport', 'sse-only']);
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const { message } = await proxy.rpc.exchange('initialize', params);
  expect(message.error?.code).toBe(-31003);
  expect(server.posts).toEqual([]);
});

const INITIALIZE = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } };

/** What may be wrong with an `endpoint` event, and the error that the client gets. */
const BROKEN: [string, { address?: string; post?: HostileSse['post'] }, string | RegExp][] = [
  [
    'at another origin',
    { address: 'https://elsewhere.test/message' },
    /an endpoint of another origin \(https:\/\/elsewhere\.test\)/,
  ],
  ['that is not a URL', { address: 'http://[\u001b[31m' }, /an endpoint that is not a URL: "http:\/\/\[ \[31m"/],
  ['without an address', { address: '' }, 'an endpoint that is not a URL: ""'],
  ['that nothing listens at', { post: (_, __, res) => res.destroy() }, 'closed the connection'],
  ...[401, 404, 405, 500].map((status): (typeof BROKEN)[number] => [
    `that answers ${status}`,
    { post: (_, __, res) => res.writeHead(status).end('no') },
    new RegExp(`/message.*HTTP ${status}`),
  ]),
  [
    'that ends the stream',
    {
      post: (_, stream, res) => {
        res.writeHead(202).end();
        stream.end();
      },
    },
    'ended its event stream',
  ],
];

const FIRST: [strategy: string, method: string, params: object][] = [
  ['http-first', 'initialize', INITIALIZE],
  ['sse-first', 'initialize', INITIALIZE],
  ['http-first', 'tools/list', modernParams()],
  ['sse-first', 'tools/list', modernParams()],
];

describe.each(FIRST)('with %s, and %s as the first message', (strategy, method, params) => {
  it.each(BROKEN)('the error of an endpoint %s is the one reported', async (_, { address, post }, told) => {
    const server = await startHostileSse();
    if (address !== undefined) server.begin = (stream) => stream.write(`event: endpoint\ndata: ${address}\n\n`);
    if (post) server.post = post;
    const proxy = startProxy(server.url, ['--transport', strategy, '-H', 'Authorization: Bearer given']);
    const { message } = await proxy.rpc.exchange(method, params);
    expect(message.error?.message).toMatch(told);
    await proxy.close();
    expect(proxy.stderr).toMatch(told);
    expect(proxy.stderr).not.toContain('\u001b');
  });
});

it.each(BROKEN)(
  'the same error is reported if an earlier start found HTTP+SSE: an endpoint %s',
  async (_, { address, post }, told) => {
    const server = await startHostileSse();
    const home = privateHome();
    const before = startProxy(server.url, [], { home });
    await before.rpc.initialize('2024-11-05');
    await before.close();
    if (address !== undefined) server.begin = (stream) => stream.write(`event: endpoint\ndata: ${address}\n\n`);
    if (post) server.post = post;
    const proxy = startProxy(server.url, ['-H', 'Authorization: Bearer given'], { home });
    const { message } = await proxy.rpc.exchange('initialize', INITIALIZE);
    expect(message.error?.message).toMatch(told);
    await proxy.close();
    expect(proxy.stderr).toMatch(told);
  },
);

it.each([
  ['a message', 'event: message\ndata: {}\n\n'],
  ['data without a name', 'data: /message?session=1\n\n'],
  ['nothing at all', ''],
])('a stream whose first event is %s is not an MCP stream', async (_, first) => {
  const server = await startHostileSse();
  server.begin = (stream) => {
    stream.write(first);
    stream.end();
  };
  const proxy = startProxy(server.url, ['--transport', 'sse-only']);
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const { message } = await proxy.rpc.exchange('initialize', params);
  expect(message.error?.code).toBe(-31003);
  expect(server.posts).toEqual([]);
});

it('comments and empty events before the endpoint do no harm', async () => {
  const server = await startHostileSse();
  server.begin = (stream) => stream.write(`: welcome\n\nretry: 100\n\n${endpointEvent('/message?session=1')}`);
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2024-11-05');
  expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
});

describe('a POST that is refused', () => {
  it.each([400, 403, 404, 413, 429, 500, 503])(
    'with HTTP %i gives one error, and the session goes on',
    async (status) => {
      const { server, proxy } = await connected();
      server.post = (posted, stream, res) => {
        if (posted.message.params?.name === 'bad') res.writeHead(status).end(`because ${status}`);
        else regularPost(posted, stream, res);
      };
      const bad = { name: 'bad', arguments: {} };
      const answers = [proxy.rpc.exchange('tools/call', bad), proxy.rpc.exchange('tools/call', CALL)];
      const [refused, good] = await Promise.all(answers);
      expect(refused?.message.error).toMatchObject({
        code: status === 403 ? -31004 : -31003,
        data: { httpStatus: status, body: `because ${status}` },
      });
      expect(good?.message.result).toEqual(ECHOED);
      expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
      expect(server.streams).toHaveLength(1);
    },
  );

  it('with a reset is sent once, and its outcome is unknown', async () => {
    const { server, proxy } = await connected();
    server.post = (posted, stream, res) => {
      if (posted.message.params?.name === 'bad') res.req.socket.resetAndDestroy();
      else regularPost(posted, stream, res);
    };
    const { message } = await proxy.rpc.exchange('tools/call', { name: 'bad', arguments: {} });
    expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    expect(server.posts.filter((posted) => posted.message.params?.name === 'bad')).toHaveLength(1);
    expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
  });
});

it.each(['end', 'cut'] as const)(
  'a stream that breaks (%s) gives each call in flight an error, and the next call reconnects',
  async (how) => {
    const { server, proxy } = await connected();
    await proxy.rpc.request('logging/setLevel', { level: 'error' });
    await proxy.rpc.request('resources/subscribe', { uri: 'a:1' });
    server.post = (_posted, _stream, res) => void res.writeHead(202).end();
    const calls = Array.from({ length: 5 }, () => proxy.rpc.exchange('tools/call', CALL));
    await server.posted('tools/call', 5);
    server.streams[0]?.[how]();
    for (const call of calls) {
      expect((await call).message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    }
    expect(server.posts.filter(({ message }) => message.method === 'tools/call')).toHaveLength(5);

    server.post = regularPost;
    const results = await Promise.all(Array.from({ length: 5 }, () => proxy.rpc.request('tools/call', CALL)));
    for (const result of results) expect(result).toEqual(ECHOED);
    expect(server.streams).toHaveLength(2);
    const second = server.posts.filter(({ path }) => path.endsWith('=2')).map(({ message }) => message.method);
    expect(second.slice(0, 4)).toEqual([
      'initialize',
      'notifications/initialized',
      'logging/setLevel',
      'resources/subscribe',
    ]);
    expect(second.filter((method) => method === 'tools/call')).toHaveLength(5);
  },
);

it('an answer in the body of the POST, before 202 or twice on the stream, reaches the client once', async () => {
  const { server, proxy } = await connected();
  server.post = (posted, stream, res) => {
    const answer = regularAnswer(posted) ?? '';
    stream.send(answer);
    stream.send(answer);
    res.writeHead(202).end();
  };
  expect(await proxy.rpc.request('tools/call', CALL)).toEqual(ECHOED);
  await proxy.rpc.request('tools/list');
  expect(proxy.lines.filter((line) => line.includes('"content"'))).toHaveLength(1);
});

it('requests of the server are answered at its endpoint', async () => {
  const { server, proxy } = await connected();
  proxy.rpc.on('roots/list', () => ({ roots: [{ uri: 'file:///a' }] }));
  const answered = new Promise((resolve) => {
    server.post = (posted, stream, res) => {
      if (posted.message.method === undefined) resolve(posted.message);
      regularPost(posted, stream, res);
    };
  });
  server.streams[0]?.send('{"jsonrpc":"2.0","id":"s-1","method":"roots/list"}');
  expect(await answered).toEqual({ jsonrpc: '2.0', id: 's-1', result: { roots: [{ uri: 'file:///a' }] } });
});

describe.concurrent('the end', () => {
  it.each(ENDINGS)('with %s closes the stream, and the program exits with 0', async (_, end) => {
    const server = await startHostileSse();
    const closed = new Promise<void>((resolve) => {
      server.begin = (stream, res) => {
        res.once('close', resolve);
        stream.write(endpointEvent('/message?session=1'));
      };
    });
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2024-11-05');
    await proxy.rpc.request('tools/call', CALL);
    const { code, ms } = await exitAfter(proxy, () => end(proxy));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    await closed;
    expect(server.streams).toHaveLength(1);
    expect(server.posts.filter(({ message }) => message.method === 'initialize')).toHaveLength(1);
  });

  it.each(ENDINGS)('with %s while the server has not named its endpoint', async (_, end) => {
    const server = await startHostileSse();
    const asked = new Promise<void>((resolve) => {
      server.begin = () => resolve();
    });
    const proxy = startProxy(server.url, ['--transport', 'sse-only']);
    const answer = proxy.rpc.response(0);
    proxy.rpc.raw('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}');
    await asked;
    const { code, ms } = await exitAfter(proxy, () => end(proxy));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expect((await answer).message.error).toBeDefined();
  });

  it('after everything was written at once and stdin closed, all answers come', async () => {
    const server = await startHostileSse();
    const proxy = startProxy(server.url);
    const ids = [1, 2, 3, 4];
    const answers = ids.map((id) => proxy.rpc.response(id));
    const lines = [
      '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}',
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      ...ids.map((id) => JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: CALL })),
    ];
    proxy.stdin.end(lines.join('\n'));
    expect((await proxy.exit()).code).toBe(0);
    for (const answer of answers) expect((await answer).message.result).toEqual(ECHOED);
  });
});
