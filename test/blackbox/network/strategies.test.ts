// Each strategy with each kind of server: the requests that are sent, their order, and the answer for the client.
import { describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { legacyServer, rpcErrorBody, sseServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { rpcMethod, startRecorder } from '../../peers/recorder.ts';
import { RpcError } from '../../peers/rpc.ts';
import { answer, type Script, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV1Stateless } from '../../peers/sdk-v1-stateless.ts';
import { startSdkV2Dual } from '../../peers/sdk-v2-dual.ts';
import { startServerEverythingSse } from '../../peers/server-everything.ts';

const STRATEGIES = ['http-first', 'sse-first', 'http-only', 'sse-only'] as const;
type Strategy = (typeof STRATEGIES)[number];

const open = opened();

const PARAMS = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'line-client', version: '1.0.0' },
};

async function opening(url: string, strategy: Strategy, args: string[] = []): Promise<RpcError | { result: unknown }> {
  const proxy = startProxy(url, ['--transport', strategy, ...args]);
  try {
    const { message, line } = await proxy.rpc.exchange('initialize', PARAMS);
    const { error } = message;
    return error ? new RpcError(error.code, error.message, error.data, line) : { result: message.result };
  } finally {
    await proxy.close();
  }
}

describe('servers that speak one of the transports', () => {
  // The requests up to the one with an answer; all of them, if there was none.
  const SERVERS: [string, () => Promise<Peer>, Record<Strategy, { path: string[]; works: boolean }>][] = [
    [
      'SDK v1 with sessions',
      startSdkV1Stateful,
      {
        'http-first': { path: ['POST initialize'], works: true },
        'sse-first': { path: ['GET', 'POST initialize'], works: true },
        'http-only': { path: ['POST initialize'], works: true },
        'sse-only': { path: ['GET'], works: false },
      },
    ],
    [
      'SDK v1 without sessions',
      startSdkV1Stateless,
      {
        'http-first': { path: ['POST initialize'], works: true },
        'sse-first': { path: ['GET', 'POST initialize'], works: true },
        'http-only': { path: ['POST initialize'], works: true },
        'sse-only': { path: ['GET'], works: false },
      },
    ],
    [
      'SDK v2, dual',
      startSdkV2Dual,
      {
        'http-first': { path: ['POST initialize'], works: true },
        'sse-first': { path: ['GET', 'POST initialize'], works: true },
        'http-only': { path: ['POST initialize'], works: true },
        'sse-only': { path: ['GET'], works: false },
      },
    ],
    [
      'a minimal Streamable HTTP server',
      () => startScripted('/mcp', legacyServer()),
      {
        'http-first': { path: ['POST initialize'], works: true },
        'sse-first': { path: ['GET', 'POST initialize'], works: true },
        'http-only': { path: ['POST initialize'], works: true },
        'sse-only': { path: ['GET'], works: false },
      },
    ],
    [
      'server-everything over HTTP+SSE',
      startServerEverythingSse,
      {
        'http-first': { path: ['POST initialize', 'GET', 'POST initialize'], works: true },
        'sse-first': { path: ['GET', 'POST initialize'], works: true },
        'http-only': { path: ['POST initialize'], works: false },
        'sse-only': { path: ['GET', 'POST initialize'], works: true },
      },
    ],
    [
      'a minimal HTTP+SSE server',
      () => startScripted('/sse', sseServer()),
      {
        'http-first': { path: ['POST initialize', 'GET', 'POST initialize'], works: true },
        'sse-first': { path: ['GET', 'POST initialize'], works: true },
        'http-only': { path: ['POST initialize'], works: false },
        'sse-only': { path: ['GET', 'POST initialize'], works: true },
      },
    ],
  ];

  describe.each(SERVERS)('%s', (_, start, expected) => {
    it.each(STRATEGIES)('with %s', async (strategy) => {
      const server = await open(start());
      const recorder = await open(startRecorder(server.url));
      const outcome = await opening(recorder.url, strategy);
      const { path, works } = expected[strategy];
      const { pathname } = new URL(recorder.url);
      const sent = recorder.requests
        // The proxy looks at other places once this URL has failed.
        .filter(({ method, path, body }) => path === pathname || (method === 'POST' && rpcMethod(body) !== 'ping'))
        .map(({ method, body }) => [method, rpcMethod(body)].filter(Boolean).join(' '))
        // The end of a session, and what a server without sessions is asked later, are no part of the opening.
        .filter((line) => line !== 'DELETE' && line !== 'POST server/discover');
      expect({ sent, works: !(outcome instanceof RpcError) }).toEqual({ sent: path, works });
    });
  });
});

/** The requests to the URL itself; the proxy looks at other places once that has failed. */
const linesAt = ({ url, requests }: ScriptedPeer): string[] =>
  requests
    .filter(({ path }) => path === new URL(url).pathname)
    .map(({ method, body }) => [method, rpcMethod(body)].filter(Boolean).join(' '));

const hintFor = (strategy: Strategy, excluded: string): string =>
  `check the path of the URL; if the server speaks ${excluded}, leave --transport ${strategy} out`;

describe('a server that speaks only what --transport leaves out', () => {
  it.each([
    ['http-only', '/sse', sseServer, 'HTTP+SSE'],
    ['http-only', '/events', sseServer, 'HTTP+SSE'],
    ['sse-only', '/mcp', legacyServer, 'Streamable HTTP'],
  ] as const)('%s at %s: the hint names the flag', async (strategy, path, script, spoken) => {
    const server = await open(startScripted(path, script()));
    expect(await opening(server.url, strategy)).toMatchObject({
      code: -31003,
      data: { hint: hintFor(strategy, spoken) },
    });
  });

  it.each(['http-first', 'sse-first'] as const)('the error mentions no flags with %s', async (strategy) => {
    const server = await open(startScripted('/mcp', (_, res) => answer(res, 404, 'text/plain', 'not here')));
    expect(await opening(server.url, strategy)).toMatchObject({ data: { hint: 'check the path of the URL' } });
  });
});

describe('servers that speak neither', () => {
  const both = (status: number, type: string, body: (method: string) => string): Script => {
    return ({ method }, res) => answer(res, status, type, body(method));
  };
  const html = (method: string): string => `<html>nothing for ${method} here</html>`;
  const POST_THEN_GET = { 'http-first': ['POST initialize', 'GET'], 'http-only': ['POST initialize'] };
  const GET_THEN_POST = { 'sse-first': ['GET', 'POST initialize'], 'sse-only': ['GET'] };
  const BOTH: Record<Strategy, string[]> = { ...POST_THEN_GET, ...GET_THEN_POST };
  const FIRST_ONLY: Record<Strategy, string[]> = {
    'http-first': ['POST initialize'],
    'http-only': ['POST initialize'],
    'sse-first': ['GET'],
    'sse-only': ['GET'],
  };

  const REFUSALS: [string, Script, Record<Strategy, string[]>, { code: number; status: number }][] = [
    ['404 with HTML', both(404, 'text/html', html), BOTH, { code: -31003, status: 404 }],
    ['405 with text', both(405, 'text/plain', html), BOTH, { code: -31003, status: 405 }],
    ['405 without a body', both(405, 'text/plain', () => ''), BOTH, { code: -31003, status: 405 }],
    ['400 with HTML', both(400, 'text/html', html), BOTH, { code: -31003, status: 400 }],
    [
      '400 with JSON that is not JSON-RPC',
      both(400, 'application/json', () => '{"error":"x"}'),
      BOTH,
      { code: -31003, status: 400 },
    ],
    ['401', both(401, 'text/plain', html), FIRST_ONLY, { code: -31004, status: 401 }],
    ['403', both(403, 'text/html', html), FIRST_ONLY, { code: -31004, status: 403 }],
    ['406', both(406, 'text/html', html), FIRST_ONLY, { code: -31003, status: 406 }],
    ['410', both(410, 'text/html', html), FIRST_ONLY, { code: -31003, status: 410 }],
    ['429', both(429, 'text/plain', html), FIRST_ONLY, { code: -31003, status: 429 }],
    ['500', both(500, 'text/html', html), FIRST_ONLY, { code: -31003, status: 500 }],
    ['502', both(502, 'text/html', html), FIRST_ONLY, { code: -31003, status: 502 }],
    ['503', both(503, 'text/html', html), FIRST_ONLY, { code: -31003, status: 503 }],
    ['200 with HTML', both(200, 'text/html', html), FIRST_ONLY, { code: -31003, status: 200 }],
  ];

  describe.each(REFUSALS)('%s', (_, script, expected, { code, status }) => {
    it.each(STRATEGIES)('with %s', async (strategy) => {
      const server = await open(startScripted('/mcp', script));
      // A user who gives credentials is not asked to sign in when the server refuses them.
      const outcome = await opening(server.url, strategy, ['-H', 'Authorization: Bearer given']);
      expect(linesAt(server)).toEqual(expected[strategy]);
      expect(outcome).toMatchObject({ code, data: { httpStatus: status } });
      // The error is the one of the first request.
      const { body } = (outcome as RpcError).data as { body?: string };
      if (body?.includes('nothing for')) expect(body).toBe(html(server.requests[0]?.method ?? ''));
    });
  });

  it.each(['http-first', 'http-only'] as const)(
    '400 with a JSON-RPC error is the answer, with %s',
    async (strategy) => {
      const error = rpcErrorBody(-32000, 'unsupported client', { why: 'test' });
      const server = await open(
        startScripted(
          '/mcp',
          both(400, 'application/json', () => error),
        ),
      );
      const outcome = await opening(server.url, strategy);
      expect(server.lines).toEqual(['POST initialize']);
      expect(outcome).toMatchObject({ code: -32000, message: 'unsupported client', data: { why: 'test' } });
    },
  );

  it('404 with a JSON-RPC error is the answer', async () => {
    const error = rpcErrorBody(-32001, 'no such tenant');
    const server = await open(
      startScripted(
        '/mcp',
        both(404, 'application/json', () => error),
      ),
    );
    const outcome = await opening(server.url, 'http-first');
    expect(server.lines).toEqual(['POST initialize']);
    expect(outcome).toMatchObject({ code: -32001, message: 'no such tenant' });
  });

  it.each(STRATEGIES)('a connection that is cut, with %s', async (strategy) => {
    const server = await open(startScripted('/mcp', (_, res) => res.destroy()));
    const outcome = await opening(server.url, strategy);
    expect(new Set(server.lines)).toEqual(new Set(FIRST_ONLY[strategy]));
    expect(outcome).toMatchObject({ code: -31003 });
  });

  it.each(STRATEGIES)('a port where nothing listens, with %s', async (strategy) => {
    const server = await startScripted('/mcp', () => {});
    await server.close();
    const outcome = await opening(server.url, strategy);
    expect(outcome).toMatchObject({ code: -31001, message: expect.stringContaining(`127.0.0.1:${server.port}`) });
  });

  it('the words in a body do not decide', async () => {
    const words = '404 Not Found: Method Not Allowed, use SSE, endpoint, 405';
    const server = await open(
      startScripted(
        '/mcp',
        both(500, 'text/plain', () => words),
      ),
    );
    expect(await opening(server.url, 'http-first')).toMatchObject({ data: { httpStatus: 500, body: words } });
    expect(server.lines).toEqual(['POST initialize']);
  });

  it('an event stream of another protocol is not taken for HTTP+SSE', async () => {
    const server = await open(
      startScripted('/mcp', ({ method }, res) => {
        if (method === 'POST') answer(res, 404, 'text/html', html(method));
        else res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"time":1}\n\n');
      }),
    );
    const outcome = await opening(server.url, 'http-first');
    expect(linesAt(server)).toEqual(['POST initialize', 'GET']);
    expect(outcome).toMatchObject({ code: -31003, data: { httpStatus: 404, hint: 'check the path of the URL' } });
  });
});
