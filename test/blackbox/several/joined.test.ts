// Several servers as one on stdio: names that collide, servers that are dead, silent or late, and what is remembered.
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scripted } from '../../peers/local/scripted.ts';
import { legacyServer, modernServer, type Results, sseServer } from '../../peers/minimal-server.ts';
import { taskServer } from '../../peers/modern-tasks.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { privateHome, startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcClient } from '../../peers/rpc.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { configFile, entryOf } from '../../peers/several/config-file.ts';

const open = opened();

function tools(...names: string[]): string {
  return JSON.stringify({ tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) });
}

/** A legacy server that says which of its tools was called. */
function serverWith(names: string[], more: Results = {}): Promise<ScriptedPeer> {
  const called = ({ name }: { name: string }) => JSON.stringify({ content: [{ type: 'text', text: `ran ${name}` }] });
  return startScripted('/mcp', legacyServer({ 'tools/list': tools(...names), 'tools/call': called, ...more }));
}

async function started(servers: Record<string, unknown>, home?: string): Promise<RpcClient> {
  const file = await open(configFile(servers));
  return startProxy(undefined, ['--config', file.path], home === undefined ? {} : { home }).rpc;
}

async function listed(rpc: RpcClient, method = 'tools/list', member = 'tools', key = 'name'): Promise<string[]> {
  const result = await rpc.request(method);
  return result[member].map((entry: Record<string, string>) => entry[key]);
}

/** Lists until the condition holds, after each change that the proxy tells. */
async function listedWith(rpc: RpcClient, holds: (names: string[]) => boolean): Promise<string[]> {
  for (;;) {
    const names = await listed(rpc);
    if (holds(names)) return names;
    await rpc.next('notifications/tools/list_changed');
  }
}

describe('names', () => {
  it('stay as they are where only one server has them, and get the server in front where several do', async () => {
    const one = await open(serverWith(['echo', 'alone']));
    const two = await open(startScripted('/mcp', modernServer({ 'tools/list': modernTools('echo', 'other') })));
    const rpc = await started({ one: entryOf(one), two: entryOf(two) });
    await rpc.initialize();
    expect((await listedWith(rpc, (names) => names.length === 4)).sort()).toEqual([
      'alone',
      'one__echo',
      'other',
      'two__echo',
    ]);
    expect((await rpc.request('tools/call', { name: 'one__echo' })).content[0].text).toBe('ran echo');
    expect((await rpc.request('tools/call', { name: 'alone' })).content[0].text).toBe('ran alone');
    expect((await rpc.request('tools/call', { name: 'two__echo' })).content[0].text).toBe('called');
    // The name with the server always works.
    expect((await rpc.request('tools/call', { name: 'one__alone' })).content[0].text).toBe('ran alone');
  });

  it('are refused with the alternatives when they could mean two servers', async () => {
    const [one, two] = [await open(serverWith(['echo'])), await open(serverWith(['echo']))];
    const rpc = await started({ one: entryOf(one), two: entryOf(two) });
    await rpc.initialize();
    await listedWith(rpc, (names) => names.length === 2);
    const { error } = (await rpc.exchange('tools/call', { name: 'echo' })).message;
    expect(error?.code).toBe(-32602);
    expect(error?.message).toBe('Unknown tool: echo (several servers have it: one__echo, two__echo)');
    expect(
      [one, two].flatMap(({ requests }) => requests.filter((seen) => rpcMethod(seen.body) === 'tools/call')),
    ).toEqual([]);
  });

  it('of one server cannot take the calls of another', async () => {
    const [good, evil] = [await open(serverWith(['echo'])), await open(serverWith(['good__echo']))];
    const rpc = await started({ good: entryOf(good), evil: entryOf(evil) });
    await rpc.initialize();
    const names = await listedWith(rpc, (all) => all.length === 2);
    expect(names.sort()).toEqual(['echo', 'evil__good__echo']);
    expect((await rpc.request('tools/call', { name: 'good__echo' })).content[0].text).toBe('ran echo');
    expect((await rpc.request('tools/call', { name: 'evil__good__echo' })).content[0].text).toBe('ran good__echo');
  });

  it('all have the server in front where the user says so', async () => {
    const [one, two] = [await open(serverWith(['echo'])), await open(serverWith(['other']))];
    const rpc = await started({ one: { ...entryOf(one), prefix: true }, two: entryOf(two) });
    await rpc.initialize();
    expect((await listedWith(rpc, (names) => names.length === 2)).sort()).toEqual(['one__echo', 'other']);
  });
});

function rpcMethod(body: string): string | undefined {
  return body === '' ? undefined : (JSON.parse(body) as { method?: string }).method;
}

function modernTools(...names: string[]): string {
  return `{"resultType":"complete","ttlMs":0,"cacheScope":"private",${tools(...names).slice(1)}`;
}

describe('resources', () => {
  const UI =
    '{"tools":[{"name":"NAME","inputSchema":{"type":"object"},"_meta":{"ui":{"resourceUri":"ui://app"},"ui/resourceUri":"ui://app"}}]}';
  const resourceful = (name: string): Promise<ScriptedPeer> => {
    const initialize = ({ protocolVersion }: { protocolVersion: string }): string =>
      JSON.stringify({
        protocolVersion,
        capabilities: { tools: {}, resources: {} },
        serverInfo: { name, version: '1' },
        instructions: `Use ${name}.`,
      });
    return startScripted(
      '/mcp',
      legacyServer({
        initialize,
        'tools/list': UI.replace('NAME', `tool-${name}`),
        'resources/list': JSON.stringify({
          resources: [
            { uri: 'docs://guide', name: 'guide' },
            { uri: `docs://${name}`, name },
            { uri: 'ui://app', name: 'app' },
          ],
        }),
        'resources/templates/list': JSON.stringify({
          resourceTemplates: [
            { uriTemplate: `${name}://{id}/x`, name },
            { uriTemplate: 'same://{id}', name },
          ],
        }),
        'resources/read': ({ uri }) => JSON.stringify({ contents: [{ uri, text: `${name} has ${uri}` }] }),
        'tools/call': () =>
          JSON.stringify({
            content: [
              { type: 'resource_link', uri: 'docs://guide', name: 'guide' },
              { type: 'text', text: 'docs://guide' },
            ],
          }),
      }),
    );
  };

  it('have the server in the URI where two servers have the same one, links and results included', async () => {
    const [one, two] = [await open(resourceful('one')), await open(resourceful('two'))];
    const rpc = await started({ one: entryOf(one), two: entryOf(two) });
    const { instructions } = await rpc.initialize();
    expect(instructions).toBe('# one\n\nUse one.\n\n# two\n\nUse two.');
    await listedWith(rpc, (names) => names.length === 2);
    const uris = await listed(rpc, 'resources/list', 'resources', 'uri');
    expect(uris.sort()).toEqual([
      'docs://one',
      'docs://one__guide',
      'docs://two',
      'docs://two__guide',
      'ui://one__app',
      'ui://two__app',
    ]);
    expect((await listed(rpc, 'resources/templates/list', 'resourceTemplates', 'uriTemplate')).sort()).toEqual([
      'one://{id}/x',
      'same://one__{id}',
      'same://two__{id}',
      'two://{id}/x',
    ]);
    const { tools: linked } = await rpc.request('tools/list');
    expect(linked[1]._meta).toEqual({ ui: { resourceUri: 'ui://two__app' }, 'ui/resourceUri': 'ui://two__app' });
    const read = async (uri: string): Promise<unknown> => (await rpc.request('resources/read', { uri })).contents[0];
    expect(await read('docs://two__guide')).toEqual({ uri: 'docs://two__guide', text: 'two has docs://guide' });
    expect(await read('docs://one')).toEqual({ uri: 'docs://one', text: 'one has docs://one' });
    // From a template of one server, from a template of both, and from none.
    expect(await read('two://7/x')).toEqual({ uri: 'two://7/x', text: 'two has two://7/x' });
    expect(await read('same://two__7')).toEqual({ uri: 'same://two__7', text: 'two has same://7' });
    expect(await read('nowhere://x')).toEqual({ uri: 'nowhere://x', text: 'one has nowhere://x' });
    const { content } = await rpc.request('tools/call', { name: 'tool-two' });
    expect(content).toEqual([
      { type: 'resource_link', uri: 'docs://two__guide', name: 'guide' },
      { type: 'text', text: 'docs://guide' },
    ]);
  });
});

describe('servers that do not answer', () => {
  it('neither delay nor break the lists of the others, and calls say why', async () => {
    const silent = await open(startScripted('/mcp', () => {}));
    const healthy = await open(serverWith(['echo']));
    const rpc = await started({
      silent: entryOf(silent),
      dead: { url: 'http://127.0.0.1:9/mcp' },
      healthy: entryOf(healthy),
    });
    const { capabilities } = await rpc.initialize();
    // One that has not answered yet may have anything.
    expect(Object.keys(capabilities)).toContain('prompts');
    expect(await listed(rpc)).toEqual(['echo']);
    expect(await listed(rpc, 'prompts/list', 'prompts')).toEqual([]);
    expect((await rpc.request('tools/call', { name: 'echo' })).content[0].text).toBe('ran echo');
    const unknown = await rpc.exchange('tools/call', { name: 'missing' });
    expect(unknown.message.error?.message).toContain(
      'Unknown tool: missing (not known yet, what these servers have: silent (it has not answered yet); dead (',
    );
    const dead = await rpc.exchange('tools/call', { name: 'dead__x' });
    expect(dead.message.error?.code).toBe(-31001);
  });

  it('get the calls that only they can answer, even when they answer late', async () => {
    const answering = legacyServer({ 'tools/list': tools('late'), 'tools/call': '{"content":[]}' });
    // Far longer than lists wait for one server once another one has answered.
    const slow = await open(startScripted('/mcp', (seen, res) => void setTimeout(() => answering(seen, res), 700)));
    const healthy = await open(serverWith(['echo']));
    const rpc = await started({ slow: entryOf(slow), healthy: entryOf(healthy) });
    await rpc.initialize();
    expect(await rpc.request('tools/call', { name: 'late' })).toEqual({ content: [] });
  });

  it('show their tools as soon as they are back', async () => {
    let answers = false;
    const answering = legacyServer({ 'tools/list': tools('late') });
    const late = await open(
      startScripted('/mcp', (seen, res) => {
        if (answers) answering(seen, res);
        else res.writeHead(503).end();
      }),
    );
    const healthy = await open(serverWith(['echo']));
    const rpc = await started({ late: entryOf(late), healthy: entryOf(healthy) });
    await rpc.initialize();
    expect(await listed(rpc)).toEqual(['echo']);
    answers = true;
    expect((await listedWith(rpc, (names) => names.length === 2)).sort()).toEqual(['echo', 'late']);
  });
});

describe('what names no server', () => {
  const companion = async (): Promise<object> => entryOf(await open(serverWith(['other'])));

  it('is refused with a hint, and no server makes a task that its client could not ask for', async () => {
    const initialize = ({ protocolVersion }: { protocolVersion: string }): string =>
      JSON.stringify({
        protocolVersion,
        capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        serverInfo: { name: 'tasks', version: '1' },
      });
    const server = await open(serverWith(['work'], { initialize }));
    const rpc = await started({ tasks: entryOf(server), other: await companion() });
    await rpc.initialize();
    await listedWith(rpc, (names) => names.length === 2);
    // Now that the server has said that it has tasks.
    expect((await rpc.initialize()).capabilities).not.toHaveProperty('tasks');
    const params = { name: 'work', arguments: { task: 'kept' }, task: { ttl: 60_000 } };
    expect((await rpc.request('tools/call', params)).content[0].text).toBe('ran work');
    const call = server.requests.find(({ body }) => body.includes('"tools/call"'));
    expect(JSON.parse(call?.body ?? '').params).toEqual({ name: 'work', arguments: { task: 'kept' } });
    for (const method of ['tasks/get', 'tasks/list', 'tasks/result', 'tasks/cancel', 'acme/do']) {
      const { error } = (await rpc.exchange(method, { taskId: 'x' })).message;
      expect([error?.code, error?.data?.hint]).toEqual([
        -32601,
        expect.stringContaining('connect to that server alone'),
      ]);
    }
    expect(server.requests.filter(({ body }) => /tasks\/|acme/.test(body))).toEqual([]);
  });

  it('holds for the extension of 2026-07-28, too', async () => {
    const tasks = taskServer({ work: { states: [], direct: { content: [{ type: 'text', text: 'done' }] } } });
    const server = await open(startScripted('/mcp', tasks.script));
    const rpc = await started({ tasks: entryOf(server), other: await companion() });
    const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {}, 'acme/other': {} }, sampling: {} };
    const list = async (): Promise<string[]> => {
      const { tools: all } = await rpc.modern('tools/list', {}, capabilities);
      return all.map(({ name }: { name: string }) => name);
    };
    while (!(await list()).includes('work'));
    expect((await rpc.modern('server/discover', {}, capabilities)).capabilities.extensions ?? {}).toEqual({});
    const result = await rpc.modern('tools/call', { name: 'work', arguments: {} }, capabilities);
    expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'done' }] });
    const [{ _meta }] = tasks.seen('tools/call');
    expect(_meta['io.modelcontextprotocol/clientCapabilities']).toEqual({
      extensions: { 'acme/other': {} },
      sampling: {},
    });
    const { error } = (await rpc.exchange('tasks/get', modernParams({ taskId: 'task-1' }, capabilities))).message;
    expect(error?.code).toBe(-32601);
  });
});

describe('a second start', () => {
  it('answers the lists from memory, without a request and without a process, until something is called', async () => {
    const home = privateHome();
    const remote = await open(serverWith(['echo']));
    const old = await open(startScripted('/sse', sseServer({ 'tools/list': tools('old') })));
    const local = await open(scripted({ announces: 1 }));
    local.lists(['local']);
    const servers = {
      remote: entryOf(remote),
      old: entryOf(old),
      local: { command: local.command[0], args: local.command.slice(1) },
    };
    const file = await open(configFile(servers));
    const first = startProxy(undefined, ['--config', file.path], { home });
    await first.rpc.initialize();
    await listedWith(first.rpc, (names) => names.length === 3);
    await first.close();
    const before = [remote.requests.length, old.requests.length, local.pids().length];

    const second = startProxy(undefined, ['--config', file.path], { home });
    await second.rpc.initialize();
    expect((await listed(second.rpc)).sort()).toEqual(['echo', 'local', 'old']);
    expect([remote.requests.length, old.requests.length, local.pids().length]).toEqual(before);
    // The first call opens the server that it needs, and no other.
    await second.rpc.request('tools/call', { name: 'echo' });
    expect(remote.requests.length).toBeGreaterThan(before[0] as number);
    expect([old.requests.length, local.pids().length]).toEqual(before.slice(1));
    await second.close();
    rmSync(home, { recursive: true, force: true });
  });
});

describe('a server whose user has not signed in', () => {
  it('does not hold up the others, and shows what it has as soon as the user has signed in', async () => {
    const as = await open(startAuthorizationServer());
    const [first, second] = [
      await open(startProtectedServer({ authorizationServer: as })),
      await open(startProtectedServer({ authorizationServer: as })),
    ];
    const healthy = await open(serverWith(['alone']));
    const browser = await open(startBrowser('hold'));
    const file = await open(configFile({ first: entryOf(first), second: entryOf(second), healthy: entryOf(healthy) }));
    const { rpc } = startProxy(undefined, ['--config', file.path], { env: { BROWSER: browser.command } });
    await rpc.initialize();
    await listedWith(rpc, (names) => names.includes('first__sign_in') && names.includes('second__sign_in'));
    expect((await rpc.request('tools/call', { name: 'alone' })).content[0].text).toBe('ran alone');
    const told = await rpc.request('tools/call', { name: 'first__sign_in', arguments: {} });
    expect(told.content[0].text).toContain('Open this page to sign in');
    await browser.finish(1, 'approve');
    const names = await listedWith(rpc, (all) => all.some((name) => name.endsWith('whoami')));
    expect(names).toContain('alone');
    expect(names.filter((name) => name.endsWith('__sign_in'))).toHaveLength(1);
  });
});
