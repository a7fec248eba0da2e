// A URL that is nearly right: the error names the place beside it that has an MCP server. The proxy looks only after a
// failure, with requests that run nothing, at the same origin, in a limited number and time.
import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { neighboursOf } from '../../../src/upstream/detection/neighbours.ts';
import type { Peer } from '../../peers/listen.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { rpcMethod, startRecorder } from '../../peers/recorder.ts';
import { MODERN, modernParams } from '../../peers/rpc.ts';
import { type Script, startScripted } from '../../peers/scripted.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { startServerEverythingSse } from '../../peers/server-everything.ts';

const open = opened();

/** The hint that a host gets, and what stderr says. */
async function failure(url: string, args: string[] = []) {
  const proxy = startProxy(url, args);
  const error = (await proxy.rpc.initialize().catch((reason: unknown) => reason)) as { data?: { hint?: string } };
  expect(error).toBeInstanceOf(Error);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  return { hint: error.data?.hint ?? '', stderr: proxy.stderr };
}

const use = (url: string): string => `an MCP server answers at ${url}: use that URL`;

/** A server at the path of its URL, with 404 at every other path of its origin. */
async function placed(server: Peer): Promise<string> {
  const { pathname, port } = new URL(server.url);
  const front = await open(
    startScripted('/', async ({ method, path, headers, body, gone }, res) => {
      const url = new URL(path, 'http://front');
      if (url.pathname !== pathname) return res.writeHead(404).end('not found');
      const passed = http.request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
        res.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(res);
      });
      passed.on('error', () => res.destroy());
      gone.addEventListener('abort', () => passed.destroy());
      passed.end(body);
    }),
  );
  return front.origin + pathname;
}

describe('real servers', () => {
  it.each(['/', '/mcp/wrong', '/sse', '/api', '/sse/'])('Streamable HTTP at /mcp, asked at %s', async (path) => {
    const right = await placed(await open(startSdkV1Stateful()));
    const { hint, stderr } = await failure(new URL(path, right).href);
    expect(hint).toBe(use(right));
    expect(stderr).toContain(`(${hint})`);
  });

  it('HTTP+SSE at /sse, asked at /mcp', async () => {
    const right = await placed(await open(startServerEverythingSse()));
    expect((await failure(new URL('/mcp', right).href)).hint).toBe(use(right));
  });

  it('2026-07-28 at /mcp, asked at the origin', async () => {
    const right = await placed(await open(startSdkV2Modern()));
    expect((await failure(new URL('/', right).href)).hint).toBe(use(right));
  });

  it('a server that asks for a sign-in is found without one', async () => {
    const authorizationServer = await open(startAuthorizationServer());
    const right = await placed(await open(startProtectedServer({ authorizationServer })));
    expect((await failure(new URL('/elsewhere', right).href)).hint).toBe(use(right));
    expect(authorizationServer.requests).toEqual([]);
  });
});

/** A site with pages everywhere, and an MCP server at `place`. */
const site =
  (place: string, status: number): Script =>
  ({ path, body }, res) =>
    path === place && body !== ''
      ? res
          .writeHead(400, { 'content-type': 'application/json' })
          .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no session"}}')
      : res.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome</title>');

describe('pages', () => {
  it.each([
    ['/mcp', '/mcp/', 404],
    ['/mcp/', '/mcp', 200],
    ['/team/sse', '/team/mcp', 404],
    ['/team', '/mcp', 405],
    ['/team/mcp', '/team/', 200],
  ])('at %s, the server at %s, HTTP %i', async (asked, place, status) => {
    const { origin } = await open(startScripted('/', site(place, status)));
    expect((await failure(origin + asked)).hint).toBe(use(origin + place));
  });

  it('the first message may be one of 2026-07-28', async () => {
    const { origin } = await open(startScripted('/', site('/mcp', 200)));
    const proxy = startProxy(origin);
    const failed = proxy.rpc.request('tools/list', modernParams());
    await expect(failed).rejects.toMatchObject({ data: { hint: use(`${origin}/mcp`) } });
    expect(MODERN).toBe('2026-07-28');
  });

  it.each([
    [404, 'check the path of the URL'],
    [200, 'check that the URL is the MCP endpoint itself'],
  ])('HTTP %i everywhere leads to no suggestion', async (status, hint) => {
    const { origin } = await open(startScripted('/', site('/nowhere', status)));
    expect((await failure(`${origin}/mcp`)).hint).toBe(hint);
  });

  it('the query is kept, and not shown', async () => {
    const server = await open(startScripted('/', site('/mcp?key=a-key-of-the-user', 404)));
    const { hint, stderr } = await failure(`${server.origin}/?key=a-key-of-the-user`);
    expect(hint).toBe(use(`${server.origin}/mcp?key=***`));
    expect(stderr).not.toContain('a-key-of-the-user');
  });
});

it('the requests are harmless, few, and stay at the origin', async () => {
  const other = await open(startScripted('/', (_, res) => res.writeHead(404).end()));
  const { origin, requests } = await open(
    startScripted('/', ({ path }, res) =>
      path === '/team' ? res.writeHead(404).end() : res.writeHead(307, { location: `${other.origin}${path}` }).end(),
    ),
  );
  const { hint } = await failure(`${origin}/team`, ['-H', 'Authorization: Bearer token-of-the-user']);
  expect(hint).toBe('check the path of the URL');
  expect(other.requests).toEqual([]);
  const beside = requests.filter(({ path }) => path !== '/team');
  const lines = beside.map(({ method, path, body }) => `${method} ${path} ${rpcMethod(body) ?? ''}`.trim()).sort();
  const paths = ['/team/', '/team/mcp', '/team/mcp/', '/team/sse', '/team/sse/', '/mcp', '/sse'];
  const streams = paths.filter((path) => path.includes('sse')).map((path) => `GET ${path}`);
  expect(lines).toEqual([...paths.map((path) => `POST ${path} ping`), ...streams].sort());
});

it('a neighbour that never answers does not delay the error', async () => {
  const { origin } = await open(
    startScripted('/', ({ path }, res) => (path === '/team' ? res.writeHead(404).end() : undefined)),
  );
  expect((await failure(`${origin}/team`)).hint).toBe('check the path of the URL');
});

it('several failures lead to one search', async () => {
  const { origin, requests } = await open(startScripted('/', site('/mcp', 404)));
  const proxy = startProxy(`${origin}/team`);
  for (let time = 1; time <= 3; time++) {
    await expect(proxy.rpc.initialize()).rejects.toMatchObject({ data: { hint: use(`${origin}/mcp`) } });
  }
  expect(requests.filter(({ path }) => path === '/mcp')).toHaveLength(1);
});

it('a healthy server gets no further requests', async () => {
  const server = await open(startSdkV1Stateful());
  const recorder = await open(startRecorder(server.url));
  const proxy = startProxy(recorder.url);
  await proxy.rpc.initialize();
  await proxy.close();
  expect(recorder.requests.filter(({ body }) => rpcMethod(body) === 'ping')).toEqual([]);
  expect(new Set(recorder.requests.map(({ path }) => path)).size).toBe(1);
});

it.each([
  ['/', ['/mcp', '/mcp/', '/sse', '/sse/']],
  ['/mcp', ['/mcp/', '/sse', '/sse/', '/']],
  ['/mcp/', ['/mcp', '/sse', '/sse/', '/']],
  ['/sse', ['/sse/', '/mcp', '/mcp/', '/']],
  ['/a/b', ['/a/b/', '/a/b/mcp', '/a/b/mcp/', '/a/b/sse', '/a/b/sse/', '/mcp', '/sse']],
  [
    '//evil.example/mcp',
    ['//evil.example/mcp/', '//evil.example/sse', '//evil.example/sse/', '//evil.example/', '/mcp', '/sse'],
  ],
])('the neighbours of %s', (path, expected) => {
  const neighbours = neighboursOf(new URL(`https://server.example${path}`));
  expect(neighbours.map(({ href }) => href)).toEqual(expected.map((other) => `https://server.example${other}`));
});
