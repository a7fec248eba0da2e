// Redirects: followed where nothing is lost and no credentials get to another origin, and refused everywhere else.
import { describe, expect, it } from 'vitest';
import { legacyServer, sseServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { RpcError } from '../../peers/rpc.ts';
import { answer, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';

const SECRET = 'secret-of-the-header';
const HEADER = ['-H', `X-Api-Key: ${SECRET}`, '-H', `Authorization: Bearer ${SECRET}`, '-H', `Cookie: sid=${SECRET}`];

const open = opened();

/** A server that redirects everything under /old and serves /mcp. */
async function redirecting(status: number, location: (origin: string) => string): Promise<ScriptedPeer> {
  const serve = legacyServer();
  const server: ScriptedPeer = await open(
    startScripted('/old', (seen, res) => {
      if (seen.path.startsWith('/mcp')) return serve(seen, res);
      res.writeHead(status, { location: location(server.origin) }).end('moved');
    }),
  );
  return server;
}

async function failure(url: string, args: string[] = HEADER): Promise<{ error: RpcError; stderr: string }> {
  const proxy = startProxy(url, [...args, '--log-level', 'debug']);
  const error: unknown = await proxy.rpc.initialize().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RpcError);
  await proxy.close();
  return { error: error as RpcError, stderr: proxy.stderr };
}

describe('within one origin', () => {
  it.each([307, 308])('%i is followed with method, body and headers', async (status) => {
    const server = await redirecting(status, () => '/mcp?moved=1');
    const proxy = startProxy(server.url, HEADER);
    await proxy.rpc.initialize();
    const { content } = await proxy.rpc.request('tools/call', { name: 'echo', arguments: { a: 'ü' } });
    expect(content[0].text).toBe('called');
    await proxy.close();
    const [first, second] = server.requests;
    expect([first?.path, second?.path]).toEqual(['/old', '/mcp?moved=1']);
    expect(second).toMatchObject({ method: 'POST', body: first?.body });
    for (const { headers } of server.requests) expect(headers['x-api-key']).toBe(SECRET);
  });

  it.each([
    [308, ['POST', 'GET', 'DELETE']],
    [307, ['POST', 'POST', 'POST', 'POST', 'GET', 'DELETE']],
  ])('%i costs a request once for each method, or each time', async (status, redirected) => {
    const server = await redirecting(status, () => '/mcp');
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize();
    for (let call = 0; call < 2; call++) await proxy.rpc.request('tools/call', { name: 'echo', arguments: {} });
    await server.request(({ method, path }) => method === 'GET' && path === '/mcp');
    await proxy.close();
    const old = server.requests.filter(({ path }) => path === '/old').map(({ method }) => method);
    expect(old.sort()).toEqual([...redirected].sort());
  });

  it('a permanent redirect is forgotten when its target fails, and can be learned again', async () => {
    const serve = legacyServer();
    let place = '/one';
    const server = await open(
      startScripted('/old', (seen, res) => {
        if (seen.path === '/old') return res.writeHead(308, { location: place }).end();
        return seen.path === place ? serve(seen, res) : answer(res, 404, 'text/plain', 'moved again');
      }),
    );
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize();
    const call = () => proxy.rpc.exchange('tools/call', { name: 'echo', arguments: {} });
    expect((await call()).message.result).toBeDefined();
    place = '/two';
    await call();
    expect((await call()).message.result).toBeDefined();
    const before = server.requests.length;
    expect((await call()).message.result).toBeDefined();
    expect(server.requests.slice(before).map(({ path }) => path)).toEqual(['/two']);
  });

  it.each([301, 302, 303])('%i on a POST is an error that names the target', async (status) => {
    const server = await redirecting(status, () => '/mcp');
    const { error } = await failure(server.url);
    expect(error).toMatchObject({ code: -31003, data: { httpStatus: status, hint: expect.stringMatching(/./) } });
    expect(error.message).toContain(`${server.origin}/mcp`);
    expect(server.lines).toEqual(['POST initialize']);
  });

  it.each([301, 302, 303, 307, 308])('%i on the GET of an event stream is followed', async (status) => {
    const serve = sseServer();
    const server = await open(
      startScripted('/old', (seen, res) => {
        if (seen.path === '/old') res.writeHead(status, { location: '/sse' }).end();
        else serve(seen, res);
      }),
    );
    const proxy = startProxy(server.url, ['--transport', 'sse-only', ...HEADER]);
    await proxy.rpc.initialize('2024-11-05');
    await proxy.close();
    expect(server.lines.slice(0, 3)).toEqual(['GET', 'GET', 'POST initialize']);
    for (const { headers } of server.requests) expect(headers['x-api-key']).toBe(SECRET);
  });

  it('a redirect loop is an error', async () => {
    const server = await redirecting(307, () => '/old');
    const { error } = await failure(server.url);
    expect(error).toMatchObject({ code: -31003 });
    expect(server.lines.length).toBeLessThan(30);
  });

  it('a redirect without a usable target is an error', async () => {
    for (const location of ['', 'http://[', '//']) {
      const server = await open(
        startScripted('/old', (_, res) => res.writeHead(307, location ? { location } : {}).end('moved')),
      );
      const { error } = await failure(server.url);
      expect(error).toMatchObject({ code: -31003, data: { httpStatus: 307 } });
    }
  });
});

describe('to another origin', () => {
  const TARGETS: [string, (other: ScriptedPeer) => string][] = [
    ['another port', ({ url }) => url],
    ['another name of this machine', ({ port }) => `http://localhost:${port}/mcp`],
    ['another scheme', ({ port }) => `https://127.0.0.1:${port}/mcp`],
    ['user info that looks like the origin', ({ port }) => `http://127.0.0.1@127.0.0.1:${port}/mcp`],
  ];
  describe.each(TARGETS)('%s', (_, target) => {
    it.each([301, 307, 308])('%i is refused, and carries no credentials there', async (status) => {
      const other = await open(startScripted('/mcp', legacyServer()));
      const server = await redirecting(status, () => target(other));
      const { error, stderr } = await failure(server.url);
      expect(error).toMatchObject({ code: -31003, data: { httpStatus: status } });
      expect(error.message).toContain(String(other.port));
      expect(other.requests).toEqual([]);
      expect(`${error.line}${stderr}`).not.toContain(SECRET);
    });
  });

  it('in the middle of a session is refused, too', async () => {
    const other = await open(startScripted('/mcp', legacyServer()));
    const serve = legacyServer();
    const server = await open(
      startScripted('/mcp', (seen, res) => {
        if (!seen.body.includes('tools/call')) return serve(seen, res);
        return res.writeHead(307, { location: other.url }).end();
      }),
    );
    const proxy = startProxy(server.url, HEADER);
    await proxy.rpc.initialize();
    await expect(proxy.rpc.request('tools/call', { name: 'echo' })).rejects.toMatchObject({ code: -31003 });
    await proxy.close();
    expect(other.requests).toEqual([]);
  });

  it('secrets in the target are not repeated', async () => {
    const server = await redirecting(307, () => 'https://user:secret-in-target@other.test/login?code=secret-in-query');
    const { error, stderr } = await failure(server.url);
    expect(error.message).toContain('other.test');
    expect(`${error.line}${stderr}`).not.toMatch(/secret-in/);
  });

  it('an HTTP+SSE endpoint elsewhere is refused', async () => {
    const other = await open(startScripted('/message', (_, res) => res.writeHead(202).end()));
    const server = await open(
      startScripted('/sse', (_, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write(`event: endpoint\ndata: ${other.url}\n\n`);
      }),
    );
    const { error } = await failure(server.url, ['--transport', 'sse-only', ...HEADER]);
    expect(error.message).toContain(other.origin);
    expect(other.requests).toEqual([]);
  });
});
