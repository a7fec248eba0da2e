// --tool-search: clients see two tools, find the others by words, and call them on the way of all calls.
import { afterEach, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { legacyServer, modernServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { configFile } from '../../peers/several/config-file.ts';
import { WIRES, type Wire, type WireClient } from './wires.ts';

const open = opened();
afterEach(closeServings);

const TOOLS = [
  {
    name: 'create_issue',
    description: 'Creates an issue in a repository',
    inputSchema: {
      type: 'object',
      properties: { title: { type: 'string' }, labels: { type: 'array', items: { type: 'string' } } },
      required: ['title'],
    },
  },
  { name: 'delete_issue', description: 'Deletes an issue', inputSchema: { type: 'object' } },
  {
    name: 'send_mail',
    description: 'Sends a message to a person',
    inputSchema: { type: 'object', properties: { recipient: {} } },
  },
  {
    name: 'weather',
    description: 'Tells the forecast',
    inputSchema: { type: 'object' },
    annotations: { readOnlyHint: true },
  },
];
const RESULTS = {
  'tools/list': JSON.stringify({ tools: TOOLS }),
  'tools/call': '{"content":[{"type":"text","text":"ran"}]}',
};

const calls = ({ requests }: ScriptedPeer) =>
  requests
    .filter(({ body }) => body.includes('"tools/call"'))
    .map(({ body, headers }) => ({ ...JSON.parse(body).params, headers }));

const names = async (client: WireClient): Promise<string[]> => {
  const { result } = await client.exchange('tools/list');
  return result.tools.map(({ name }: { name: string }) => name);
};

describe.each(WIRES)('$name', (wire) => {
  const start = async (flags: string[] = [], capabilities: object = {}) => {
    const { server, client } = await (wire as Wire).start(RESULTS, ['--tool-search', ...flags], capabilities);
    await open(server);
    const call = async (name: string, args: object = {}) => client.exchange('tools/call', { name, arguments: args });
    const find = async (query: string): Promise<string[]> => {
      const { result } = await call('find_tools', { query });
      const [{ text }] = result.content;
      return text.startsWith('[') ? JSON.parse(text).map(({ name }: { name: string }) => name) : [];
    };
    return { server, client, call, find };
  };

  it('shows two tools, finds the others, and calls them', async () => {
    const { server, client, call, find } = await start();
    expect(await names(client)).toEqual(['find_tools', 'call_tool']);
    expect((await find('open a new ticket or issue'))[0]).toMatch(/issue/);
    expect(await find('delete_issue')).toHaveLength(2);
    expect((await find('delete_issue'))[0]).toBe('delete_issue');
    expect((await find('recipient'))[0]).toBe('send_mail');
    expect(await find('zzz')).toEqual([]);
    const { result } = await call('call_tool', { name: 'create_issue', arguments: { title: 'x', labels: ['a'] } });
    expect(result.content[0].text).toBe('ran');
    expect((await call('weather')).error).toBeUndefined();
    await client.close();
    expect(calls(server)).toMatchObject([
      { name: 'create_issue', arguments: { title: 'x', labels: ['a'] } },
      { name: 'weather' },
    ]);
    for (const { headers, name } of calls(server)) if (headers['mcp-name']) expect(headers['mcp-name']).toBe(name);
  });

  it('says what is wrong with a call, and sends nothing to the server', async () => {
    const { server, client, call } = await start();
    const problem = async (args: object, tool = 'call_tool'): Promise<string> => {
      const { result } = await call(tool, args);
      expect(result.isError).toBe(true);
      return result.content[0].text;
    };
    expect(await problem({ name: 'create_issue' })).toContain('title is missing');
    expect(await problem({ name: 'create_issue', arguments: { title: 1 } })).toContain(
      'title must be a string, but is an integer',
    );
    expect(await problem({ name: 'create_isue' })).toContain('Did you mean "create_issue"');
    expect(await problem({ name: 'weather', arguments: 'x' })).toContain('must be an object');
    expect(await problem({})).toContain('name is missing');
    expect(await problem({}, 'find_tools')).toContain('query is missing');
    expect(await problem({ query: 'x', limit: 1000 }, 'find_tools')).toContain('limit');
    await client.close();
    expect(calls(server)).toEqual([]);
  });

  it('does not bypass filters, confirmations or new names', async () => {
    const flags = ['--ignore-tool', 'delete*', '--rename-tool', 'weather=forecast', '--confirm', 'send*'];
    const { server, client, call, find } = await start([...flags, '--always-tool', 'weather']);
    expect(await names(client)).toEqual(['find_tools', 'call_tool', 'forecast']);
    expect(await find('delete_issue')).not.toContain('delete_issue');
    expect((await call('call_tool', { name: 'delete_issue' })).result.isError).toBe(true);
    expect((await call('delete_issue')).error?.code).toBe(-32602);
    expect((await call('call_tool', { name: 'send_mail' })).error?.code).toBe(-31006);
    expect((await call('call_tool', { name: 'weather' })).result.isError).toBe(true);
    const ways = [
      '{"name":"call_tool","arguments":{"name":"weather","name":"delete_issue"}}',
      '{"name":"call_tool","arguments":{"name":"forecast","Name":"delete_issue"}}',
      '{"name":"call_tool","arguments":{"name":"forecast"},"arguments":{"name":"delete_issue"}}',
    ];
    for (const params of ways) {
      expect((await client.raw('"tools/call"', params)).error).toBeDefined();
      await client.tell('"tools/call"', params).catch(() => {});
    }
    await client.tell('"tools/call"', '{"name":"call_tool","arguments":{"name":"forecast"}}').catch(() => {});
    expect((await call('call_tool', { name: 'forecast' })).error).toBeUndefined();
    await client.close();
    expect(calls(server)).toMatchObject([{ name: 'weather' }]);
    expect(calls(server)).toHaveLength(1);
  });
});

it('a client of 2026-07-28 confirms a call that it makes through call_tool', async () => {
  const server = await open(startScripted('/mcp', modernServer(RESULTS_OF_2026)));
  const proxy = startProxy(server.url, ['--tool-search', '--confirm', 'send*']);
  const params = { name: 'call_tool', arguments: { name: 'send_mail', arguments: { recipient: 'x' } } };
  const { requestState, inputRequests } = await proxy.rpc.modern('tools/call', params, { elicitation: {} });
  expect(inputRequests['mcp-proxy/confirm'].params.message).toContain('"send_mail"');
  const inputResponses = { 'mcp-proxy/confirm': { action: 'accept' } };
  const result = await proxy.rpc.modern('tools/call', { ...params, requestState, inputResponses }, { elicitation: {} });
  expect(result.resultType).toBe('complete');
  expect(calls(server)).toHaveLength(1);
});
const RESULTS_OF_2026 = {
  'tools/list': JSON.stringify({ resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools: TOOLS }),
};

describe('several servers', () => {
  const serverWith = (...tools: object[]): Promise<ScriptedPeer> =>
    startScripted(
      '/mcp',
      legacyServer({ 'tools/list': JSON.stringify({ tools }), 'tools/call': RESULTS['tools/call'] }),
    );
  const schema = { inputSchema: { type: 'object' } };
  const same = { name: 'create_issue', description: 'Creates an issue', ...schema };
  const started = async (more: Record<string, object>, flags: string[]) => {
    const one = await open(serverWith(same, { name: 'weather', description: 'Tells the forecast', ...schema }));
    const two = await open(serverWith(same, { name: 'send_mail', description: 'Sends a message', ...schema }));
    const file = await open(configFile({ one: { url: one.url, ...more.one }, two: { url: two.url, ...more.two } }));
    return { one, two, flags: ['--config', file.path, ...flags] };
  };
  type Call = (name: string, args?: object) => Promise<{ content: { text: string }[]; isError?: boolean }>;
  const foundBy = async (call: Call, query: string): Promise<string[]> => {
    const { content } = await call('find_tools', { query });
    const { text = '' } = content[0] ?? {};
    return text.startsWith('[') ? JSON.parse(text).map(({ name }: { name: string }) => name) : [];
  };
  /** Finds with a search that goes on until all servers have answered. */
  const untilFound = async (call: Call, query: string, names: string[]): Promise<void> => {
    let found: string[] = [];
    while (!names.every((name) => found.includes(name))) found = await foundBy(call, query);
  };

  it('have one search together, and a call through it goes to the server of the tool', async () => {
    const { one, two, flags } = await started({}, ['--tool-search', '--ignore-tool', 'weather']);
    const { rpc } = startProxy(undefined, flags);
    await rpc.initialize();
    const call: Call = (name, args = {}) => rpc.request('tools/call', { name, arguments: args });
    await untilFound(call, 'create an issue', ['one__create_issue', 'two__create_issue']);
    const { tools } = await rpc.request('tools/list');
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(['find_tools', 'call_tool']);
    expect(await foundBy(call, 'weather forecast')).toEqual([]);
    await call('call_tool', { name: 'two__create_issue', arguments: {} });
    expect((await call('call_tool', { name: 'one__weather', arguments: {} })).isError).toBe(true);
    await expect(call('one__weather')).rejects.toMatchObject({ code: -32602 });
    expect(calls(one)).toEqual([]);
    expect(calls(two)).toMatchObject([{ name: 'create_issue' }]);
  });

  it('may be put in front of the name of a tool that is shown without, and its arguments are checked as ever', async () => {
    const { one, two, flags } = await started({}, ['--tool-search', '--ignore-tool', 'send*']);
    const { rpc } = startProxy(undefined, flags);
    await rpc.initialize();
    const call: Call = (name, args = {}) => rpc.request('tools/call', { name, arguments: args });
    await untilFound(call, 'forecast weather', ['weather']);
    const { content, isError } = await call('call_tool', { name: 'one__weather', arguments: { place: 'x' } });
    expect([content[0]?.text, isError]).toEqual(['ran', undefined]);
    expect(calls(one)).toMatchObject([{ name: 'weather', arguments: { place: 'x' } }]);
    for (const name of ['two__weather', 'two__send_mail', 'three__weather']) {
      expect((await call('call_tool', { name })).isError).toBe(true);
    }
    expect(calls(two)).toEqual([]);
  });

  it('get the calls that only they can answer, even when they answer late', async () => {
    const answering = legacyServer({ 'tools/list': JSON.stringify({ tools: [{ name: 'late', ...schema }] }) });
    // Far longer than lists wait for one server once another one has answered.
    const slow = await open(startScripted('/mcp', (seen, res) => void setTimeout(() => answering(seen, res), 700)));
    const healthy = await open(serverWith(same));
    const file = await open(configFile({ slow: { url: slow.url }, healthy: { url: healthy.url } }));
    const { rpc } = startProxy(undefined, ['--config', file.path, '--tool-search']);
    await rpc.initialize();
    const called = await rpc.request('tools/call', { name: 'call_tool', arguments: { name: 'late', arguments: {} } });
    expect(called).toEqual({ content: [{ type: 'text', text: 'called' }] });
    expect(calls(slow)).toMatchObject([{ name: 'late' }]);
  });

  it('may have it one by one: the tools of the others are shown, and those of --always-tool', async () => {
    const own = { 'tool-search': true, 'always-tool': ['send*'], 'rename-tool': ['send_mail=mail'] };
    const { flags } = await started({ two: own }, []);
    const { rpc } = startProxy(undefined, flags);
    await rpc.initialize();
    const call: Call = (name, args = {}) => rpc.request('tools/call', { name, arguments: args });
    await untilFound(call, 'create an issue', ['one__create_issue', 'two__create_issue']);
    const { tools } = await rpc.request('tools/list');
    const names = tools.map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual(['call_tool', 'find_tools', 'mail', 'one__create_issue', 'weather']);
  });

  it('keep a search of their own at their own paths', async () => {
    const { flags } = await started({}, ['--tool-search']);
    const serving = await startServing(undefined, flags);
    const client = new ModernClient(`${serving.url}/servers/one/mcp`);
    const call: Call = (name, args = {}) => client.request('tools/call', { name, arguments: args }) as ReturnType<Call>;
    expect((await foundBy(call, 'create an issue'))[0]).toBe('create_issue');
    const all = new ModernClient(`${serving.url}/mcp`);
    const callAll: Call = (name, args = {}) => all.request('tools/call', { name, arguments: args }) as ReturnType<Call>;
    await untilFound(callAll, 'create an issue', ['one__create_issue', 'two__create_issue']);
    client.vanish();
    all.vanish();
  });
});
