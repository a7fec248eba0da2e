// --ignore-tool: a hidden tool is also blocked, in every spelling, and a message that cannot be read is not passed on.
import { describe, expect, it } from 'vitest';
import type { Peer } from '../peers/listen.ts';
import { legacyServer, modernServer, type Results, rpc } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../peers/proxy.ts';
import { modernParams } from '../peers/rpc.ts';
import { answer, type ScriptedPeer, startScripted } from '../peers/scripted.ts';
import { startSdkV1Stateful } from '../peers/sdk-v1-stateful.ts';
import { startSdkV2Dual } from '../peers/sdk-v2-dual.ts';
import { startSdkV2Modern } from '../peers/sdk-v2-modern.ts';
import { startServerEverythingSse } from '../peers/server-everything.ts';

const BLOCKED = -32602;
const open = opened();

type Ask = (method: string, params?: object) => Promise<{ tools: { name: string }[]; nextCursor?: string }>;

/** Every page, as a client reads them. */
async function pages(ask: Ask): Promise<string[][]> {
  const all: string[][] = [];
  for (let cursor: string | undefined, more = true; more; ) {
    const { tools, nextCursor } = await ask('tools/list', cursor === undefined ? {} : { cursor });
    all.push(tools.map(({ name }) => name));
    cursor = nextCursor;
    more = cursor !== undefined && all.length < 50;
  }
  return all;
}

const ignoring = (patterns: string[]): string[] => patterns.flatMap((pattern) => ['--ignore-tool', pattern]);

describe('on real servers', () => {
  const legacy = async (proxy: ProxyProcess): Promise<Ask> => {
    await proxy.rpc.initialize('2025-06-18');
    return (method, params) => proxy.rpc.request(method, params);
  };
  const modern = async (proxy: ProxyProcess): Promise<Ask> => {
    await proxy.rpc.modern('server/discover');
    return (method, params) => proxy.rpc.modern(method, params);
  };
  const SERVERS: [string, () => Promise<Peer>, typeof legacy][] = [
    ['SDK v1 with sessions', startSdkV1Stateful, legacy],
    ['SDK v2 for a legacy client', startSdkV2Dual, legacy],
    ['SDK v2 for a modern client', startSdkV2Dual, modern],
    ['SDK v2 without legacy', startSdkV2Modern, modern],
    ['server-everything over HTTP+SSE', startServerEverythingSse, legacy],
  ];

  it.each(SERVERS)(
    '%s: every page leaves out only the hidden tools, and calls to them are blocked',
    async (_, start, era) => {
      const server = await open(start());
      const all = await pages(await era(startProxy(server.url)));
      const ask = await era(startProxy(server.url, ignoring(['e*o', '*s', 'no-such-tool'])));
      const hidden = (name: string): boolean => /^e.*o$|s$/.test(name);
      expect(all.flat().filter(hidden).length).toBeGreaterThan(1);
      expect(await pages(ask)).toEqual(all.map((page) => page.filter((name) => !hidden(name))));
      await expect(ask('tools/call', { name: 'echo', arguments: {} })).rejects.toMatchObject({ code: BLOCKED });
    },
  );
});

describe('patterns', () => {
  const NAMES = [
    'read',
    'read_file',
    'write_file',
    'delete_file',
    'file',
    'a.b',
    'axb',
    'aaaa',
    'A',
    'ünï',
    'with space',
    '*',
  ];
  const tools = JSON.stringify({ tools: NAMES.map((name) => ({ name, inputSchema: { type: 'object' } })) });
  const without = (...names: string[]): string[] => NAMES.filter((name) => !names.includes(name));
  it.each([
    [['read'], without('read')],
    [['*_file'], without('read_file', 'write_file', 'delete_file')],
    [['*file*'], without('read_file', 'write_file', 'delete_file', 'file')],
    [['read*', 'delete*'], without('read', 'read_file', 'delete_file')],
    [['a.b'], without('a.b')],
    [['a'], NAMES],
    [['a*a'], without('aaaa')],
    [['*a*a*a*a*'], without('aaaa')],
    [['*a*a*a*a*a*'], NAMES],
    [['ü*'], without('ünï')],
    [['with space'], without('with space')],
    [['(read|write)_file'], NAMES],
    [['[a-z]*', '?'], NAMES],
    [['*'], []],
    [['**'], []],
  ])('%j', async (patterns, left) => {
    const server = await open(startScripted('/mcp', legacyServer({ 'tools/list': tools })));
    const proxy = startProxy(server.url, ignoring(patterns));
    await proxy.rpc.initialize();
    const shown = await proxy.rpc.request('tools/list');
    expect(shown.tools.map(({ name }: { name: string }) => name)).toEqual(left);
    await proxy.close();
  });
});

it('a page without visible entries keeps its cursor', async () => {
  const list = ({ cursor }: { cursor?: string }): string =>
    cursor === 'two'
      ? '{"tools":[{"name":"kept","inputSchema":{"type":"object"}}]}'
      : '{"tools":[{"name":"gone","inputSchema":{"type":"object"}}],"nextCursor":"two"}';
  const server = await open(startScripted('/mcp', legacyServer({ 'tools/list': list })));
  const proxy = startProxy(server.url, ignoring(['gone']));
  await proxy.rpc.initialize();
  expect(await pages((method, params) => proxy.rpc.request(method, params))).toEqual([[], ['kept']]);
});

describe('entries that pass stay the same', () => {
  const entry =
    '{ "name":"k\\u0065pt", "n":12345678901234567890, "x":1.0, "inputSchema" : {"type":"object"}, "ü":"\\/" }';
  it('visible entries keep every byte', async () => {
    const result = `{"other": 1e2, "tools": [ ${entry} , {"name":"gone"}, null, 7, "text", {}, ${entry.replace('pt', 'pt2')}], "nextCursor":"a\\u0062"}`;
    const server = await open(startScripted('/mcp', legacyServer({ 'tools/list': result })));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize();
    const { line, message } = await proxy.rpc.exchange('tools/list');
    expect(message.result.tools.map(({ name }: { name: string }) => name)).toEqual(['kept', 'kept2']);
    expect(line).toContain(entry.trim());
    expect(line).toContain('"other": 1e2');
    expect(line).toContain('"nextCursor":"a\\u0062"');
  });
});

describe('a list that cannot be read is an error', () => {
  it.each([
    ['no list', '{}'],
    ['null for a list', '{"tools":null}'],
    ['an object for a list', '{"tools":{"gone":{}}}'],
    ['two lists', '{"tools":[{"name":"kept"}],"tools":[{"name":"gone"}]}'],
    ['two lists, one escaped', '{"tools":[{"name":"kept"}],"t\\u006fols":[{"name":"gone"}]}'],
    ['a tool with two names', '{"tools":[{"name":"kept","name":"gone"}]}'],
    ['a tool with two names, one escaped', '{"tools":[{"name":"kept","n\\u0061me":"gone"}]}'],
    ['text', '"gone"'],
    ['null', 'null'],
  ])('%s', async (_, result) => {
    const server = await open(startScripted('/mcp', legacyServer({ 'tools/list': result })));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize();
    const { line, message } = await proxy.rpc.exchange('tools/list');
    expect(message.error?.code).toBe(-31007);
    expect(line).not.toContain('gone');
  });

  it.each([
    ['a second list', '{"tools":[{"name":"kept"}],"Tools":[{"name":"gone"}]}'],
    ['a second list, its key folded as Go does', '{"tools":[{"name":"kept"}],"tool\u017f":[{"name":"gone"}]}'],
    ['a second name', '{"tools":[{"name":"kept","Name":"gone"},{"name":"gone"}]}'],
  ])('%s for readers that ignore case is left out', async (_, result) => {
    const server = await open(startScripted('/mcp', legacyServer({ 'tools/list': result })));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize();
    const { message } = await proxy.rpc.exchange('tools/list');
    expect(message.result).toEqual({ tools: [{ name: 'kept' }] });
  });

  it('a name that only escapes spell is still the name', async () => {
    const result = '{"tools":[{"n\\u0061me":"g\\u006fne"},{"name":"kept"}]}';
    const server = await open(startScripted('/mcp', legacyServer({ 'tools/list': result })));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize();
    const { tools } = await proxy.rpc.request('tools/list');
    expect(tools).toEqual([{ name: 'kept' }]);
  });
});

describe('a call in another spelling', () => {
  const SPELLINGS: [string, string][] = [
    ['plain', '{"name":"gone","arguments":{}}'],
    ['the name escaped', '{"name":"g\\u006fne"}'],
    ['the key escaped', '{"n\\u0061me":"gone"}'],
    ['two names, the hidden one last', '{"name":"kept","name":"gone"}'],
    ['two names, the hidden one first', '{"name":"gone","name":"kept"}'],
    ['two names, one key escaped', '{"name":"kept","n\\u0061me":"gone"}'],
    ['no name', '{"arguments":{}}'],
    ['an array for a name', '{"name":["gone"]}'],
    ['no parameters', 'null'],
    ['parameters in an array', '["gone"]'],
  ];
  const body = (id: number, params: string, method = '"tools/call"'): string =>
    `{"jsonrpc":"2.0","id":${id},"method":${method},"params":${params}}`;

  const refused = async (server: ScriptedPeer, proxy: ProxyProcess, line: string): Promise<void> => {
    proxy.rpc.raw(line);
    const { message } = await proxy.rpc.response(77);
    expect([BLOCKED, -32600, -32700]).toContain(message.error?.code);
    await proxy.close();
    expect(server.requests.filter((seen) => seen.body.includes('gone') || rpc(seen).method === 'tools/call')).toEqual(
      [],
    );
  };

  it.each(SPELLINGS)('%s is blocked', async (_, params) => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize();
    await refused(server, proxy, body(77, params));
  });

  it.each([['"tools\\/call"'], ['"\\u0074ools/call"']])('the method as %s is blocked', async (method) => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize();
    await refused(server, proxy, body(77, '{"name":"gone"}', method));
  });

  it.each([
    ['two methods', `{"jsonrpc":"2.0","id":77,"method":"ping","method":"tools/call","params":{"name":"gone"}}`],
    [
      'two parameters',
      `{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"kept"},"params":{"name":"gone"}}`,
    ],
  ])('%s in one message are blocked', async (_, line) => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize();
    proxy.rpc.raw(line);
    await proxy.rpc.request('ping');
    await proxy.close();
    expect(server.requests.filter((seen) => seen.body.includes('gone'))).toEqual([]);
    expect(proxy.rpc.received.some(({ message }) => message.error !== undefined)).toBe(true);
  });

  it.each(SPELLINGS)('%s is blocked for a modern client', async (_, params) => {
    const server = await open(startScripted('/mcp', modernServer()));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.modern('server/discover');
    const { _meta } = modernParams() as { _meta: object };
    const enveloped = params.startsWith('{') ? params.replace(/}$/, `,"_meta":${JSON.stringify(_meta)}}`) : params;
    await refused(server, proxy, body(77, enveloped));
  });

  it('is blocked in a batch, and the rest of the batch is served', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize('2025-03-26');
    const calls = [...SPELLINGS.map(([, params], at) => body(100 + at, params)), body(200, '{"name":"kept"}')];
    proxy.rpc.raw(`[${calls.join(',')}]`);
    const isBatch = (line: string): boolean => line.startsWith('[');
    const { line } = await proxy.rpc.next((message, text) => isBatch(text) || message.id === 200);
    await proxy.close();
    const replies = isBatch(line) ? JSON.parse(line) : proxy.rpc.received.map(({ message }) => message);
    const byId = new Map(replies.map((reply: { id: number; error?: { code: number } }) => [reply.id, reply]));
    for (const at of SPELLINGS.keys()) expect(byId.get(100 + at)).toHaveProperty('error.code');
    expect(byId.get(200)).toMatchObject({ result: { content: [{ text: 'called' }] } });
    expect(server.requests.filter((seen) => seen.body.includes('gone'))).toEqual([]);
  });

  it.each(['a legacy', 'a modern'])('is blocked as a notification of %s client', async (client) => {
    const server = await open(startScripted('/mcp', client === 'a legacy' ? legacyServer() : modernServer()));
    const proxy = startProxy(server.url, ignoring(['gone']));
    if (client === 'a legacy') await proxy.rpc.initialize();
    else await proxy.rpc.modern('server/discover');
    const told = (params: string, method = '"tools/call"'): void =>
      proxy.rpc.raw(`{"jsonrpc":"2.0","method":${method},"params":${params}}`);
    for (const [, params] of SPELLINGS) told(params);
    told('{"name":"gone"}', '"tools\\/c\\u0061ll"');
    told('{"name":"kept","arguments":{}}');
    await server.request(({ body }) => body.includes('kept') && !body.includes('gone'));
    await (client === 'a legacy' ? proxy.rpc.request('ping') : proxy.rpc.modern('tools/list'));
    await proxy.close();
    expect(server.requests.filter((seen) => seen.body.includes('gone'))).toEqual([]);
    expect(server.requests.filter((seen) => rpc(seen).method === 'tools/call')).toHaveLength(1);
  });

  it('names that only resemble a hidden one pass', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = startProxy(server.url, ignoring(['gone']));
    await proxy.rpc.initialize();
    for (const name of ['Gone', 'gone ', ' gone', 'gone2', 'gon']) {
      expect((await proxy.rpc.request('tools/call', { name })).content[0].text).toBe('called');
    }
  });
});

it('a list that arrives before the answer is not taken for it', async () => {
  // A server may also send notifications on the stream of the answer: only the answer is a list.
  const results: Results = { 'tools/list': '{"tools":[{"name":"gone"},{"name":"kept"}]}' };
  const serve = legacyServer(results);
  const server = await open(
    startScripted('/mcp', (seen, res) => {
      const { id, method } = rpc(seen);
      if (method !== 'tools/list') return serve(seen, res);
      const note = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{"tools":[]}}}';
      const reply = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${results['tools/list']}}`;
      return answer(res, 200, 'text/event-stream', `data: ${note}\n\ndata: ${reply}\n\n`);
    }),
  );
  const proxy = startProxy(server.url, ignoring(['gone']));
  await proxy.rpc.initialize();
  const { tools } = await proxy.rpc.request('tools/list');
  expect(tools).toEqual([{ name: 'kept' }]);
  expect((await proxy.rpc.next('notifications/message')).message.params.data).toEqual({ tools: [] });
});
