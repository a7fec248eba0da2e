// A configuration file on the command line: bad entries, one server of it, changes, and a file that leads to itself.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { PROGRAM, startProxy } from '../../peers/proxy.ts';
import type { RpcClient } from '../../peers/rpc.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { type ConfigFile, configFile, entryOf } from '../../peers/several/config-file.ts';

const open = opened();
afterEach(closeServings);

function serverWith(...names: string[]): Promise<ScriptedPeer> {
  const tools = names.map((name) => ({ name, inputSchema: { type: 'object' } }));
  return startScripted('/mcp', legacyServer({ 'tools/list': JSON.stringify({ tools }) }));
}

/** A server that takes long may be missing from the first list. */
async function untilListed(rpc: RpcClient, ...names: string[]): Promise<void> {
  let listed: string[] = [];
  while (listed.length < names.length) listed = namesIn(await rpc.request('tools/list'));
  expect(listed.sort()).toEqual(names);
}

const namesIn = (result: { tools: { name: string }[] }): string[] => result.tools.map(({ name }) => name);

describe('a bad entry', () => {
  it('is one error with its place, and the others start', async () => {
    const good = await open(serverWith('echo'));
    const file = await open(
      configFile(
        `{\n  // mine\n  "mcpServers": {\n    "bad": {"url": 7},\n    "good": ${JSON.stringify(entryOf(good))}\n  }\n}`,
      ),
    );
    const proxy = startProxy(undefined, ['--config', file.path]);
    await proxy.rpc.initialize();
    expect(namesIn(await proxy.rpc.request('tools/list'))).toEqual(['echo']);
    expect(proxy.stderr.split('\n').filter((line) => line.includes('servers.json'))).toEqual([
      expect.stringContaining(`${file.path}:4:20: server "bad": "url" is a number (expected a string)`),
    ]);
  });

  it('ends the start when no server is left, with an answer for the client', async () => {
    const file = await open(configFile({ bad: { url: 7 }, worse: {} }));
    const proxy = startProxy(undefined, ['--config', file.path]);
    const { error } = (
      await proxy.rpc.exchange('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
      })
    ).message;
    expect(error?.message).toContain('server "bad": "url" is a number');
    expect((await proxy.exit()).code).toBe(2);
    expect(proxy.stderr).toContain('(and 1 more servers cannot be used)');
  });

  it.each([
    ['a file that is not there', ['--config', '/nowhere/servers.json'], /cannot be read|no such file|does not exist/i],
    [
      'a URL beside the file',
      ['https://server.example/mcp', '--config', 'x.json'],
      /both --config and a server are given/,
    ],
    ['a command beside the file', ['--config', 'x.json', '--', 'node'], /both --config and a server are given/],
    ['--server without a file', ['--server', 'one'], /--server is given without --config/],
    ['login with a file', ['login', '--config', 'x.json'], /login takes no --config\n.*mcp-proxy login https:/],
    [
      'replay with another file',
      ['replay', 'x.jsonl', '--config', 'x.json'],
      /replay takes no --config\n.*hint: mcp-proxy replay session\.jsonl\n/,
    ],
    ['completion with a file', ['completion', 'bash', '--config', 'x'], /hint: mcp-proxy completion bash\n/],
    ['uninstall with a file', ['uninstall', '--config', 'x'], /hint: mcp-proxy uninstall claude-code NAME\n/],
    [
      'install with a server',
      ['install', '--server', 'x'],
      /install takes no --server\n.*hint: mcp-proxy install \S+ https:/,
    ],
    ['the command after its file', ['x.jsonl', 'replay'], /the command comes first: mcp-proxy replay session\.jsonl\n/],
    ['replay with a command', ['replay', 'x.jsonl', '--', 'node'], /replay takes the name of one file\n/],
    ['a URL and --server', ['https://server.example/mcp', '--server', 'one'], /--server is given without --config/],
    [
      'the transport of another program',
      ['--server', 'sse', '--', 'node'],
      /--server is given without --config\n.*hint: leave it out: --listen localhost:8080 serves both \/mcp and \/sse\n/,
    ],
    [
      'a URL after --server',
      ['--server', 'https://server.example/mcp'],
      /--server is given without --config\n.*hint: the URL without a flag: mcp-proxy https:\/\/server\.example\/mcp\n/,
    ],
  ])('%s is a usage error', async (_, args, expected) => {
    const proxy = startProxy(undefined, args);
    proxy.stdin.end();
    expect((await proxy.exit()).code).toBe(2);
    expect(proxy.stderr).toMatch(expected);
  });
});

describe('--server', () => {
  it('connects to that server alone, and to no other', async () => {
    const [one, two] = [await open(serverWith('echo')), await open(serverWith('echo'))];
    const file = await open(configFile({ one: entryOf(one), two: entryOf(two) }));
    const { rpc } = startProxy(undefined, ['--config', file.path, '--server', 'two']);
    const { serverInfo } = await rpc.initialize();
    // What it says itself, unchanged.
    expect(serverInfo).toEqual({ name: 'minimal', version: '1' });
    expect(namesIn(await rpc.request('tools/list'))).toEqual(['echo']);
    expect(one.requests).toEqual([]);
  });

  it.each([
    ['that is not there', 'tow', /has no server "tow"[\s\S]*did you mean --server two\?/],
    ['that is turned off', 'off', /the server "off" is turned off/],
    ['whose entry is wrong', 'bad', /servers\.json:\d+:\d+: server "bad": "url" is a number/],
  ])('%s is a usage error', async (_, name, expected) => {
    const servers = { two: { command: 'x' }, off: { command: 'x', disabled: true }, bad: { url: 7 } };
    const file = await open(configFile(servers));
    const proxy = startProxy(undefined, ['--config', file.path, '--server', name]);
    proxy.stdin.end();
    expect((await proxy.exit()).code).toBe(2);
    expect(proxy.stderr).toMatch(expected);
  });
});

describe('a change of the file', () => {
  async function running(file: ConfigFile) {
    const proxy = startProxy(undefined, ['--config', file.path]);
    await proxy.rpc.initialize();
    return proxy;
  }

  it('shows the client other lists, and keeps the sessions with what has not changed', async () => {
    const [one, two, three] = [
      await open(serverWith('first')),
      await open(serverWith('second')),
      await open(serverWith('third')),
    ];
    const file = await open(configFile({ one: entryOf(one), two: entryOf(two) }));
    const { rpc } = await running(file);
    await untilListed(rpc, 'first', 'second');
    await rpc.request('tools/call', { name: 'first' });
    const sessions = one.requests.filter(({ body }) => body.includes('"initialize"')).length;
    file.write({ one: entryOf(one), three: entryOf(three) });
    await rpc.next('notifications/tools/list_changed');
    let names: string[] = [];
    // The new server has not been asked when the change is told.
    while (!names.includes('third')) names = namesIn(await rpc.request('tools/list'));
    expect(names).toEqual(['first', 'third']);
    await rpc.request('tools/call', { name: 'first' });
    expect(one.requests.filter(({ body }) => body.includes('"initialize"')).length).toBe(sessions);
    const gone = await rpc.exchange('tools/call', { name: 'second' });
    expect(gone.message.error?.message).toBe('Unknown tool: second');
  });

  it('leaves a server running whose entry is wrong now', async () => {
    const [one, two] = [await open(serverWith('first')), await open(serverWith('second'))];
    const file = await open(configFile({ one: entryOf(one), two: entryOf(two) }));
    const proxy = await running(file);
    await untilListed(proxy.rpc, 'first', 'second');
    file.write({ one: { ...entryOf(one), 'ignore-tool': 7 }, two: entryOf(two) });
    await proxy.stderrMatching(/server "one": "ignore-tool" is a number/);
    expect(namesIn(await proxy.rpc.request('tools/list')).sort()).toEqual(['first', 'second']);
  });
});

describe('--capture', () => {
  it('of several servers is a usage error', async () => {
    const file = await open(configFile({ one: { command: 'x' }, two: { command: 'y' } }));
    for (const listen of [[], ['--listen', 'localhost:0']]) {
      const proxy = startProxy(undefined, ['--config', file.path, '--capture', `${file.folder}/x.jsonl`, ...listen]);
      proxy.stdin.end();
      expect((await proxy.exit()).code).toBe(2);
      expect(proxy.stderr).toMatch(/--capture records one server, and the file has several[\s\S]*--server NAME/);
    }
  });

  it('records one server of a file, over HTTP too, and no other one that is added', async () => {
    const [one, two] = [await open(serverWith('first')), await open(serverWith('second'))];
    const file = await open(configFile({ one: entryOf(one) }));
    const recording = `${file.folder}/recording.jsonl`;
    const serving = await startServing(undefined, ['--config', file.path, '--capture', recording]);
    file.write({ one: entryOf(one), two: entryOf(two) });
    await serving.proxy.stderrMatching(/servers\.json has changed: start the proxy again to use it/);
    const client = new StreamableClient(`${serving.url}/mcp`);
    await client.initialize();
    expect(namesIn((await client.request('tools/list')) as Parameters<typeof namesIn>[0])).toEqual(['first']);
    await client.close();
    await serving.stop();
    expect(readFileSync(recording, 'utf8')).toContain('"first"');
    expect(two.requests).toEqual([]);
  });
});

describe('a server that leads back to the file', () => {
  it('ends with an error instead of starting itself for ever', async () => {
    const good = await open(serverWith('echo'));
    const file = await open(configFile({}));
    // Through a program that hides what it starts.
    const script = `const [file, ...args] = JSON.parse(process.env.WORDS);
      require('node:child_process').spawn(file, args, { stdio: 'inherit' })`;
    const words = JSON.stringify([...PROGRAM, '--config', file.path]);
    const itself = { command: process.execPath, args: ['-e', script], env: { WORDS: words } };
    file.write({ itself, good: entryOf(good) });
    const proxy = startProxy(undefined, ['--config', file.path]);
    await proxy.rpc.initialize();
    await proxy.rpc.request('tools/list');
    await proxy.stderrMatching(/leads back to that file/);
    expect((await proxy.rpc.request('tools/call', { name: 'echo' })).content[0].text).toBe('called');
  });
});
