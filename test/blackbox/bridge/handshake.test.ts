// How a client of an older revision opens a session with a server that has no sessions.
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { legacyServer, modernServer, rpc, rpcErrorBody } from '../../peers/minimal-server.ts';
import { privateHome, startProxy } from '../../peers/proxy.ts';
import { MODERN } from '../../peers/rpc.ts';
import { answer, type Script, startScripted } from '../../peers/scripted.ts';
import {
  ALL,
  bridged,
  CALL,
  CAPABILITIES,
  CLIENT_INFO,
  discovered,
  INFO,
  open,
  paramsOf,
  refusing,
  VERSION,
} from './fixture.ts';

const UNSUPPORTED = rpcErrorBody(-32022, 'Unsupported protocol version', { supported: [MODERN] });
const LISTS = { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} };

const TASKS = { tasks: { cancel: {}, requests: { tools: { call: {} } } } };

describe('the answer to initialize', () => {
  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'names the revision %s that the client asks for, and what the server says about itself',
    async (version) => {
      const extensions = { 'acme/extra': { big: 1 }, 'io.modelcontextprotocol/tasks': {} };
      const serverInfo = { name: 'srv', version: '9', title: 'A server' };
      const server = await open(
        startScripted(
          '/mcp',
          modernServer({
            'server/discover': discovered(
              { ...LISTS, extensions },
              { instructions: 'be nice', _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo } },
            ),
          }),
        ),
      );
      const proxy = startProxy(server.url);
      expect(await proxy.rpc.initialize(version)).toEqual({
        protocolVersion: version,
        // The first revision with tasks is 2025-11-25.
        capabilities: { ...LISTS, extensions: { 'acme/extra': { big: 1 } }, ...(version === '2025-11-25' && TASKS) },
        serverInfo,
        instructions: 'be nice',
      });
      await proxy.close();
    },
  );

  it.each([undefined, {}, { name: 'srv' }, { name: 7, version: null }, 'srv'])(
    'names the host of a server that calls itself %j',
    async (info) => {
      const _meta = { 'io.modelcontextprotocol/serverInfo': info };
      const server = await open(
        startScripted('/mcp', modernServer({ 'server/discover': discovered({ tools: {} }, { _meta }) })),
      );
      const proxy = startProxy(server.url);
      const { serverInfo } = await proxy.rpc.initialize();
      expect(serverInfo).toEqual({ name: new URL(server.url).host, version: 'unknown' });
      await proxy.close();
    },
  );

  it.each([
    ['-32022, which names its revision', 400, UNSUPPORTED],
    ['-32601', 404, rpcErrorBody(-32601, 'Method not found')],
    ['-32602', 400, rpcErrorBody(-32602, 'no _meta')],
    ['-32020', 400, rpcErrorBody(-32020, 'no header')],
    ['-32601 and the status 200', 200, rpcErrorBody(-32601, 'Method not found')],
  ])('costs two requests when the server refuses with %s', async (_, status, refusal) => {
    const { server, rpc: client } = await bridged(refusing('initialize', status, refusal));
    await client.request('tools/call', CALL);
    expect(server.lines).toEqual(['POST initialize', 'POST server/discover', 'POST tools/call']);
    const [params] = paramsOf(server, 'server/discover');
    expect(params._meta).toEqual({
      [VERSION]: MODERN,
      [INFO]: CLIENT_INFO,
      [CAPABILITIES]: { ...ALL, roots: {} },
    });
    expect(server.requests[1]?.headers).toMatchObject({
      'mcp-protocol-version': MODERN,
      'mcp-method': 'server/discover',
    });
  });

  it('can be asked for again, with other capabilities', async () => {
    const { server, rpc: client } = await bridged({});
    await client.initialize('2025-06-18', { roots: { listChanged: true } });
    await client.request('tools/list');
    expect(paramsOf(server, 'tools/list')[0]._meta[CAPABILITIES]).toEqual({ roots: {} });
  });

  it('comes before the proxy passes on what the client has sent right after it', async () => {
    const server = await open(startScripted('/mcp', modernServer()));
    const proxy = startProxy(server.url);
    const line = (id: number, method: string, params: object): string =>
      JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: CLIENT_INFO };
    proxy.rpc.raw(`${line(1, 'initialize', initialize)}\n${line(2, 'tools/list', {})}\n${line(3, 'ping', {})}`);
    expect((await proxy.rpc.response(2)).message.result.tools).toHaveLength(1);
    expect((await proxy.rpc.response(3)).message.result).toEqual({});
    await proxy.close();
    expect(server.lines).toEqual(['POST initialize', 'POST server/discover', 'POST tools/list']);
  });

  it('is the error of a server that refuses to introduce itself', async () => {
    const error = rpcErrorBody(-32603, 'out of order');
    const serve = refusing('server/discover', 200, error);
    const server = await open(
      startScripted('/mcp', (seen, res) =>
        rpc(seen).method === 'initialize' ? answer(res, 400, 'application/json', UNSUPPORTED) : serve(seen, res),
      ),
    );
    const proxy = startProxy(server.url);
    await expect(proxy.rpc.initialize()).rejects.toMatchObject({ code: -31005, data: { supported: [MODERN] } });
    await proxy.close();
    expect(server.lines).toEqual(['POST initialize', 'POST server/discover']);
  });

  it.each([
    '{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{},"tools":{}}}',
    '{"supportedVersions":["2026-07-28"],"capabilities":{},"_meta":{"a":1,"a":2}}',
  ])('is -31007 when the server introduces itself with %s', async (introduction) => {
    const server = await open(startScripted('/mcp', modernServer({ 'server/discover': introduction })));
    const proxy = startProxy(server.url);
    await expect(proxy.rpc.initialize()).rejects.toMatchObject({ code: -31007 });
    await proxy.close();
  });

  it.each([
    '{"supportedVersions":["2026-07-28"]}',
    '{"supportedVersions":["2026-07-28"],"capabilities":null,"instructions":7}',
    '{"supportedVersions":["2026-07-28"],"capabilities":[1]}',
  ])('is one that strict clients accept, even if the server introduces itself with %s', async (introduction) => {
    const server = await open(startScripted('/mcp', modernServer({ 'server/discover': introduction })));
    const proxy = startProxy(server.url);
    expect(await proxy.rpc.initialize()).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: {},
      serverInfo: { name: new URL(server.url).host, version: 'unknown' },
    });
    expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
    await proxy.close();
  });

  it('is -31005 when the server speaks only revisions that do not exist yet', async () => {
    const supported = ['2031-01-01'];
    const refusal = rpcErrorBody(-32022, 'no', { supported });
    const server = await open(startScripted('/mcp', (_, res) => answer(res, 400, 'application/json', refusal)));
    const proxy = startProxy(server.url);
    await expect(proxy.rpc.initialize()).rejects.toMatchObject({ code: -31005, data: { supported } });
    await proxy.close();
    expect(server.lines).toEqual(['POST initialize', 'POST server/discover']);
  });
});

describe('a server that an earlier start knew', () => {
  /** One session, while the server is replaced by another one. */
  async function twice(first: Script, second: Script): Promise<string[][]> {
    const home = privateHome();
    let now = first;
    const server = await open(startScripted('/mcp', (seen, res) => now(seen, res)));
    const lines: string[][] = [];
    for (const script of [first, second]) {
      now = script;
      const before = server.lines.length;
      const proxy = startProxy(server.url, [], { home });
      await proxy.rpc.initialize('2025-11-25', ALL);
      await proxy.rpc.request('tools/call', CALL);
      await proxy.close();
      lines.push(server.lines.slice(before).filter((line) => line !== 'GET' && line !== 'DELETE'));
    }
    rmSync(home, { recursive: true, force: true });
    return lines;
  }
  const BRIDGED = ['POST initialize', 'POST server/discover', 'POST tools/call'];
  const KNOWN = ['POST server/discover', 'POST tools/call'];
  const SESSION = ['POST initialize', 'POST notifications/initialized', 'POST tools/call'];
  /** Sessions without ids. */
  const sessionless = legacyServer();
  const withoutId: Script = (seen, res) => {
    res.setHeader = () => res;
    const { writeHead } = res;
    res.writeHead = ((status: number, headers: Record<string, string>) =>
      writeHead.call(
        res,
        status,
        Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'mcp-session-id')),
      )) as never;
    return sessionless(seen, res);
  };
  const dual: Script = (seen, res) => (seen.body.includes(MODERN) ? modernServer()(seen, res) : withoutId(seen, res));

  it('gets requests in its own revision from the beginning', async () => {
    expect(await twice(modernServer(), modernServer())).toEqual([BRIDGED, KNOWN]);
  });

  it('that has sessions now gets an initialize after all', async () => {
    expect(await twice(modernServer(), legacyServer())).toEqual([BRIDGED, ['POST server/discover', ...SESSION]]);
  });

  it('as one without sessions that speaks 2026-07-28 gets requests of that revision', async () => {
    const first = ['POST initialize', 'POST server/discover', 'POST tools/call'];
    expect(await twice(dual, dual)).toEqual([first, KNOWN]);
  });

  it('as one without sessions and without 2026-07-28 is not asked for that revision again', async () => {
    const first = SESSION.toSpliced(1, 0, 'POST server/discover');
    expect(await twice(withoutId, withoutId)).toEqual([first, SESSION]);
  });
});
