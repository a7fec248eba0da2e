// Servers that do not answer, or answer something else.
import { type Answer, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { legacyServer, modernServer, rpcErrorBody, sseServer } from '../../peers/minimal-server.ts';
import { answer, type Script, startScripted } from '../../peers/scripted.ts';
import { type Group, server } from './mistake.ts';

const ASKING = JSON.stringify({
  resultType: 'input_required',
  inputRequests: { name: { method: 'elicitation/create', params: { message: 'Who are you?' } } },
});

const HTML = '<!doctype html><title>Welcome</title><h1>It works!</h1>';

const scripted = (script: Script) => server(() => startScripted('/mcp', script));

/** Answers everything in one way. */
const always = (status: number, type: string, body: string, headers: Record<string, string> = {}) =>
  scripted((_seen, res) => answer(res, status, type, body, headers));

/** Refuses every request, and repeats the Authorization header that it got, as a server with a verbose log would. */
export const echoing = scripted((seen, res) =>
  seen.path === '/mcp'
    ? answer(res, 401, 'application/json', JSON.stringify({ got: seen.headers.authorization ?? 'no Authorization' }))
    : answer(res, 404, 'text/plain', ''),
);

/** Opens sessions, and fails in a call. */
const failing = (kind: string, how: Answer) =>
  server(async () => {
    const hostile = await startHostile();
    hostile.on(kind, how);
    return hostile;
  });

export const SERVERS: Group = {
  title: 'The server',
  mistakes: [
    { title: 'The server never answers', command: 'mcp-proxy {url}', setUp: scripted(() => {}) },
    { title: 'The server closes the connection', command: 'mcp-proxy {url}', setUp: failing('initialize', a.hangUp) },
    {
      title: 'The server closes the connection in the middle of a call',
      command: 'mcp-proxy {url}',
      setUp: failing('tools/call', a.reset),
    },
    { title: 'The server answers with a web page', command: 'mcp-proxy {url}', setUp: always(200, 'text/html', HTML) },
    {
      title: 'The server answers with something that is not JSON',
      command: 'mcp-proxy {url}',
      setUp: always(200, 'application/json', 'OK'),
    },
    {
      title: 'The server answers 400',
      command: 'mcp-proxy {url}',
      setUp: always(400, 'application/json', '{"message":"tenant is missing"}'),
    },
    { title: 'The server answers 403', command: 'mcp-proxy {url}', setUp: always(403, 'text/plain', 'Forbidden') },
    { title: 'The server answers 404', command: 'mcp-proxy {url}', setUp: always(404, 'text/plain', 'Not Found') },
    { title: 'The server answers 405', command: 'mcp-proxy {url}', setUp: always(405, 'text/plain', '') },
    {
      title: 'The server answers 429',
      command: 'mcp-proxy {url}',
      setUp: always(429, 'text/plain', 'Too Many Requests', { 'retry-after': '120' }),
    },
    {
      title: 'The server answers 500',
      command: 'mcp-proxy {url}',
      setUp: always(500, 'text/plain', 'Internal Server Error'),
    },
    {
      title: 'The gateway in front of the server answers 502',
      command: 'mcp-proxy {url}',
      setUp: always(502, 'text/html', '<html><h1>502 Bad Gateway</h1><hr>nginx</html>'),
    },
    {
      title: 'The server answers 503',
      command: 'mcp-proxy {url}',
      setUp: always(503, 'text/plain', 'down for maintenance', { 'retry-after': '600' }),
    },
    {
      title: 'The server answers 500 in the middle of a session',
      command: 'mcp-proxy {url}',
      setUp: failing('tools/call', a.status(500, 'Internal Server Error')),
    },
    {
      title: 'The server redirects to a page to sign in',
      command: 'mcp-proxy {url}',
      setUp: scripted((seen, res) =>
        seen.path === '/mcp'
          ? answer(res, 302, 'text/html', '', { location: '/login' })
          : answer(res, 200, 'text/html', HTML),
      ),
    },
    {
      title: 'The server redirects to another server',
      command: 'mcp-proxy {url}',
      setUp: async (workspace) => {
        const other = await workspace.open(startScripted('/mcp', legacyServer()));
        const { url } = await workspace.open(
          startScripted('/mcp', (_seen, res) => answer(res, 302, 'text/plain', '', { location: other.url })),
        );
        return { url };
      },
    },
    {
      title: 'The server redirects in a circle',
      command: 'mcp-proxy {url}',
      setUp: always(307, 'text/plain', '', { location: '/mcp' }),
    },
    {
      title: 'The server speaks only revisions that the proxy does not know',
      command: 'mcp-proxy {url}',
      setUp: always(400, 'application/json', rpcErrorBody(-32022, 'Unsupported', { supported: ['2031-01-01'] })),
    },
    {
      title: 'The server speaks only 2026-07-28 and asks the user something, and the client cannot',
      command: 'mcp-proxy {url}',
      setUp: scripted(modernServer({ 'tools/call': ASKING })),
    },
    {
      title: 'The server speaks only HTTP+SSE, and --transport forbids it',
      command: 'mcp-proxy {url} --transport http-only',
      setUp: server(() => startScripted('/sse', sseServer())),
    },
    {
      title: 'The server does not speak HTTP+SSE, and --transport demands it',
      command: 'mcp-proxy {url} --transport sse-only',
      setUp: scripted(legacyServer()),
    },
    {
      title: 'The tool is hidden',
      command: "mcp-proxy {url} --ignore-tool 'e*'",
      setUp: scripted(legacyServer()),
    },
  ],
};
