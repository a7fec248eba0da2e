// `--capture FILE` records both sides of a session, and `replay FILE` is a server that says the same again.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAskingServer } from '../../peers/asking-server.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { answer, startScripted } from '../../peers/scripted.ts';
import { startServerEverythingHttp } from '../../peers/server-everything.ts';

const open = opened();
let folder = '';
const file = (): string => path.join(folder, 'session.jsonl');

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-capture-'));
});
afterEach(async () => {
  await closeProxies();
  await closeServings();
  rmSync(folder, { recursive: true });
});

interface Line {
  readonly format?: string;
  readonly leg?: string;
  readonly from?: string;
  readonly kind?: string;
  readonly method?: string;
  readonly id?: string;
  readonly during?: string;
  readonly params?: { readonly arguments?: unknown };
  readonly result?: { readonly content?: unknown };
}

const linesOf = (): Line[] =>
  readFileSync(file(), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const said = (leg: string): string[] =>
  linesOf()
    .filter((line) => line.leg === leg)
    .map((line) => `${line.from} ${line.kind}${line.method === undefined ? '' : ` ${line.method}`}`);

const REQUEST = { name: 'ask', arguments: { city: 'Lisbon', depth: 12345678901234567890n.toString() } };

async function recorded(flags: readonly string[] = []): Promise<void> {
  const server = await open(startAskingServer());
  const proxy = startProxy(server.url, ['--capture', file(), ...flags]);
  proxy.rpc.on('elicitation/create', () => ({ action: 'accept', content: { n: 7 } }));
  await proxy.rpc.initialize('2025-11-25', { elicitation: {} });
  proxy.rpc.notify('notifications/initialized');
  await proxy.rpc.request('tools/call', REQUEST);
  await proxy.close();
}

describe('a recording', () => {
  it('has both sides of the session, in order', async () => {
    await recorded();
    const [header, ...events] = linesOf();
    expect(header).toMatchObject({ format: 'mcp-proxy-recording/1', arguments: false });
    expect(events.every((event) => 'run' in event && 'time' in event)).toBe(true);
    const call = ['client request tools/call', 'server request elicitation/create', 'client result', 'server result'];
    for (const leg of ['client', 'server']) {
      const all = said(leg);
      expect(all.slice(0, 3)).toEqual([
        'client request initialize',
        'server result',
        'client notification notifications/initialized',
      ]);
      expect(all.slice(-4)).toEqual(call);
    }
  });

  it('contains neither arguments nor answers of the user', async () => {
    await recorded();
    const text = readFileSync(file(), 'utf8');
    expect(text).not.toContain('Lisbon');
    const answers = linesOf().filter((line) => line.from === 'client' && line.kind === 'result');
    expect(answers).toHaveLength(2);
    for (const { result } of answers) expect(result).toEqual({ action: 'accept', content: { n: '[redacted]' } });
  });

  it('contains them byte for byte with --capture-arguments', async () => {
    await recorded(['--capture-arguments']);
    expect(linesOf()[0]).toMatchObject({ arguments: true });
    const calls = linesOf().filter((line) => line.method === 'tools/call');
    for (const call of calls) expect(call.params?.arguments).toEqual(REQUEST.arguments);
  });

  it.skipIf(process.platform === 'win32')('is readable by its owner only', async () => {
    await recorded();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('contains no secret that a server repeats', async () => {
    const secret = 'topsecret-0123456789';
    const echo = JSON.stringify({ content: [{ type: 'text', text: `you sent ${secret}` }], apiKey: 'another-one' });
    const server = await open(startScripted('/mcp', legacyServer({ 'tools/call': echo })));
    const proxy = startProxy(server.url, ['--capture', file(), '--capture-arguments', '--header', `X-Key: ${secret}`]);
    await proxy.rpc.initialize();
    const result = await proxy.rpc.request('tools/call', { name: 'a', arguments: { password: 'hunter2-hunter2' } });
    expect(JSON.stringify(result)).toContain(secret);
    await proxy.close();
    const text = readFileSync(file(), 'utf8');
    expect(text).toContain('you sent ***');
    for (const hidden of [secret, 'another-one', 'hunter2']) expect(text).not.toContain(hidden);
  });

  it('contains no secret that a server repeats as a name, and can be replayed', async () => {
    const secret = 'topsecret-0123456789';
    const echo = JSON.stringify({ content: [], structuredContent: { [secret]: 1, [`${secret}!`]: 2, other: 3 } });
    const serve = legacyServer({ 'tools/call': echo, [`vendor/${secret}`]: '{"ok":true}' });
    const server = await open(startScripted('/mcp', serve));
    const proxy = startProxy(server.url, ['--capture', file(), '--header', `X-Key: ${secret}`]);
    await proxy.rpc.initialize();
    await proxy.rpc.request(`vendor/${secret}`);
    proxy.rpc.notify(`notifications/${secret}`);
    await proxy.rpc.request('tools/call', { name: 'a', arguments: { [secret]: 1 } });
    await proxy.close();
    expect(readFileSync(file(), 'utf8')).not.toContain(secret);

    const replayed = startProxy(undefined, ['replay', file()]);
    await replayed.rpc.initialize();
    const { structuredContent } = await replayed.rpc.request('tools/call', { name: 'a', arguments: {} });
    expect(structuredContent).toEqual({ '***': 1, '***!': 2, other: 3 });
    await replayed.close();
  });

  it('has the error that a client gets instead of an answer', async () => {
    const script = legacyServer();
    const server = await open(
      startScripted('/mcp', (seen, res) =>
        seen.body.includes('tools/call') ? answer(res, 500, 'text/html', '<h1>down</h1>') : script(seen, res),
      ),
    );
    const proxy = startProxy(server.url, ['--capture', file()]);
    await proxy.rpc.initialize();
    await expect(proxy.rpc.request('tools/call', { name: 'a' })).rejects.toThrow('500');
    await proxy.close();
    expect(said('client').at(-1)).toBe('server error');
    expect(said('server').at(-1)).toBe('server error');
  });

  it('is added to an existing file, with the sessions of other clients', async () => {
    const server = await open(startServerEverythingHttp());
    const first = startProxy(server.url, ['--capture', file()]);
    await first.rpc.initialize();
    await first.close();
    const { url } = await startServing(server.url, ['--capture', file()]);
    const clients = [new StreamableClient(`${url}/mcp`), new StreamableClient(`${url}/mcp`)];
    for (const client of clients) await client.initialize();
    const headers = linesOf().filter((line) => line.format !== undefined);
    expect(headers.length).toBeGreaterThanOrEqual(2);
    expect(said('client').filter((line) => line === 'client request initialize')).toHaveLength(3);
  });

  it('that cannot be written ends the start with an error that names the file', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const missing = path.join(folder, 'missing', 'session.jsonl');
    const told = `cannot write the recording ${JSON.stringify(missing)}: ENOENT`;
    const proxy = startProxy(server.url, ['--capture', missing]);
    await expect(proxy.rpc.initialize()).rejects.toThrow(told);
    expect(await proxy.exited).toMatchObject({ code: 1 });
    expect(proxy.stderr).toContain(told);
    expect(server.requests).toEqual([]);
    for (const args of [
      [server.url, '--listen', '127.0.0.1:0'],
      ['--', process.execPath, '-e', ''],
    ]) {
      const another = startProxy('--capture', [missing, ...args]);
      another.stdin.end();
      expect(await another.exited).toMatchObject({ code: 1 });
      expect(another.stderr).toContain(told);
      expect(another.stderr).not.toContain('listening on');
    }
  });
});

describe('a replay', () => {
  it('repeats what the server said and asked', async () => {
    await recorded();
    const replay = startProxy('replay', [file()]);
    const asked: unknown[] = [];
    replay.rpc.on('elicitation/create', (params) => {
      asked.push(params.message);
      return { action: 'decline' };
    });
    await replay.rpc.initialize('2025-11-25', { elicitation: {} });
    replay.rpc.notify('notifications/initialized');
    const result = await replay.rpc.request('tools/call', { name: 'ask', arguments: { city: 'Porto' } });
    expect(asked).toEqual(['Who?']);
    expect(result.content[0].text).toBe('{"action":"accept","content":{"n":7}}');
    await expect(replay.rpc.request('tools/call', { name: 'other' })).rejects.toThrow(
      'the recording has no "tools/call"',
    );
    expect(await replay.close()).toMatchObject({ code: 0 });
  });

  it('of a real server gives clients the same results and progress, on stdio and in HTTP mode', async () => {
    const server = await open(startServerEverythingHttp());
    const steps = {
      name: 'trigger-long-running-operation',
      arguments: { duration: 0.2, steps: 2 },
      _meta: { progressToken: 'p-1' },
    };
    const proxy = startProxy(server.url, ['--capture', file(), '--capture-arguments']);
    const initialized = await proxy.rpc.initialize();
    const tools = await proxy.rpc.request('tools/list');
    const done = await proxy.rpc.request('tools/call', steps);
    await proxy.close();

    const replay = startProxy('replay', [file()]);
    expect(await replay.rpc.initialize()).toEqual(initialized);
    expect(await replay.rpc.request('tools/list')).toEqual(tools);
    expect(await replay.rpc.request('tools/call', { ...steps, _meta: { progressToken: 'mine' } })).toEqual(done);
    const progress = replay.rpc.received.filter(({ message }) => message.method === 'notifications/progress');
    expect(progress.map(({ message }) => message.params.progressToken)).toEqual(['mine', 'mine']);
    await replay.close();

    const { url } = await startServing('replay', [file()]);
    const client = new StreamableClient(`${url}/mcp`);
    await client.initialize();
    expect((await client.call('tools/list')).message.result).toEqual(tools);
  });

  it('on stdio obeys the flags of a policy, as in HTTP mode', async () => {
    const server = await open(startServerEverythingHttp());
    const proxy = startProxy(server.url, ['--capture', file()]);
    await proxy.rpc.initialize();
    const { tools } = await proxy.rpc.request('tools/list');
    await proxy.close();
    const namesIn = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
    expect(namesIn(tools)).toEqual(expect.arrayContaining(['echo', 'get-sum']));
    const replay = startProxy('replay', [file(), '--ignore-tool', 'echo', '--rename-tool', 'get-sum=add']);
    await replay.rpc.initialize();
    const names = namesIn((await replay.rpc.request('tools/list')).tools);
    expect(names).toContain('add');
    expect(names).not.toContain('echo');
    expect(names).not.toContain('get-sum');
    expect(names).toHaveLength(tools.length - 1);
    expect(await replay.close()).toMatchObject({ code: 0 });
  });

  it.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGINT'] as const)('ends at %s with 0', async (signal) => {
    await recorded();
    const replay = startProxy('replay', [file()]);
    await replay.rpc.initialize();
    replay.kill(signal);
    expect(await replay.exited).toEqual({ code: 0, signal: null });
  });

  it('still works if the program was killed in the middle of a line', async () => {
    await recorded();
    const whole = readFileSync(file(), 'utf8');
    writeFileSync(file(), whole.slice(0, -20));
    await recorded();
    const replay = startProxy('replay', [file()]);
    expect(await replay.rpc.initialize()).toMatchObject({ protocolVersion: '2025-11-25' });
  });

  it.skipIf(process.platform === 'win32')('of a pipe is refused, and so is a recording into one', async () => {
    execFileSync('mkfifo', [file()]);
    for (const args of [
      ['replay', file()],
      ['http://127.0.0.1:1/mcp', '--capture', file()],
    ] as const) {
      const [first, ...rest] = args;
      const proxy = startProxy(first, rest);
      await expect(proxy.rpc.initialize()).rejects.toThrow(/it is a pipe|is not a file/);
      await proxy.close();
    }
  });

  it.each<[what: string, text: string | undefined, expected: string]>([
    ['a file that is not there', undefined, 'cannot read'],
    ['an empty file', '', 'it has no line with'],
    ['another file', '{"a":1}\n', 'line 1: no text \\"run\\"'],
    ['what is not JSON', 'hello\n', 'line 1: expected an object'],
    ['another format', '{"format":"har"}\n', 'line 1: the format is not mcp-proxy-recording/1'],
  ])('of %s is refused', async (_what, text, expected) => {
    if (text !== undefined) writeFileSync(file(), text);
    const replay = startProxy('replay', [file()]);
    await expect(replay.rpc.initialize()).rejects.toThrow(expected.replaceAll('\\"', '"'));
    expect(await replay.exited).toMatchObject({ code: 2 });
  });
});
