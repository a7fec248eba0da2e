// `--upstream-session shared` means one session with a server of an older revision, and one process of a local one, for
// clients of every revision.
import type net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, type Serving, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { opened } from '../../peers/opened.ts';
import type { RpcMessage } from '../../peers/rpc.ts';
import { configFile, entryOf } from '../../peers/several/config-file.ts';
import { Watched } from '../../peers/watched.ts';

afterEach(closeServings);
const keep = opened();

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  logging: {},
};
const DECLARED = [{}, { elicitation: {} }, { sampling: {} }, { roots: {} }];

/** What the processes of the server got, and how it answers. */
let got: Watched<RpcMessage>;
let processes: net.Socket[];
let command: readonly string[];
const clients: { vanish(): void }[] = [];

beforeEach(async () => {
  got = new Watched('messages');
  processes = [];
  const server = await keep(
    startPiped((child) => {
      processes.push(child);
      child.on('error', () => {});
      onLines(child, (line) => {
        const message = JSON.parse(line) as RpcMessage;
        got.add(message);
        reply(child, message);
      });
    }),
  );
  command = server.command;
});

afterEach(() => {
  for (const client of clients.splice(0)) client.vanish();
});

function say(child: net.Socket | undefined, message: object): void {
  child?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

function reply(child: net.Socket, { id, method }: RpcMessage): void {
  if (id === undefined || method === undefined || method === 'tools/call') return;
  const results: Record<string, object> = {
    initialize: { protocolVersion: '2025-11-25', capabilities: CAPABILITIES, serverInfo: { name: 's', version: '1' } },
    'tools/list': { tools: [{ name: 'wait', inputSchema: { type: 'object' } }] },
    'resources/subscribe': {},
    'resources/unsubscribe': {},
    'logging/setLevel': {},
  };
  const result = results[method];
  say(child, result ? { id, result } : { id, error: { code: -32601, message: 'Method not found' } });
}

const all = (method: string): RpcMessage[] => got.all.filter((message) => message.method === method);
const nth = (n: number, method: string): Promise<RpcMessage> => got.nth(n, (message) => message.method === method);

function serve(...args: string[]): Promise<Serving> {
  return startServing(undefined, ['--upstream-session', 'shared', ...args]);
}

async function legacy({ url }: Serving, capabilities: object, path = '/mcp'): Promise<StreamableClient> {
  const client = new StreamableClient(`${url}${path}`);
  clients.push(client);
  await client.initialize('2025-11-25', capabilities);
  return client;
}

function modern({ url }: Serving, capabilities: object, path = '/mcp'): ModernClient {
  const client = new ModernClient(`${url}${path}`);
  clients.push(client);
  client.capabilities = capabilities;
  return client;
}

function oneSession(): void {
  expect(all('initialize').map(({ params }) => params.capabilities)).toEqual([{}]);
}

describe('however they describe themselves, all clients have one session', () => {
  it('when those of older revisions come first, and one process', async () => {
    const serving = await serve('--', ...command);
    for (const capabilities of DECLARED) await (await legacy(serving, capabilities)).request('tools/list');
    for (const capabilities of DECLARED) await modern(serving, capabilities).request('tools/list');
    oneSession();
    expect(processes).toHaveLength(1);
  });

  it('when those of 2026-07-28 come first, at the same time', async () => {
    const serving = await serve('--', ...command);
    await Promise.all(DECLARED.map((capabilities) => modern(serving, capabilities).request('tools/list')));
    const before = processes.length;
    for (const capabilities of DECLARED) await (await legacy(serving, capabilities)).request('tools/list');
    await Promise.all(DECLARED.map((capabilities) => modern(serving, capabilities).request('tools/list')));
    oneSession();
    expect(processes).toHaveLength(before);
  });

  it.each(['/servers/one/mcp', '/mcp'])('with a server of a configuration file, at %s', async (path) => {
    const other = await keep(startPiped((child) => onLines(child, (line) => reply(child, JSON.parse(line)))));
    const file = await keep(configFile({ one: entryOf({ url: '', command }), two: entryOf({ url: '', ...other }) }));
    const serving = await serve('--config', file.path);
    for (const capabilities of DECLARED) {
      const old = await legacy(serving, capabilities, path);
      await old.request('resources/subscribe', { uri: 'mcp+one:a:b' }).catch(() => {});
      await modern(serving, capabilities, path).request('tools/list');
    }
    oneSession();
  });
});

describe('each client gets its own', () => {
  it('progress, cancellations and answers', async () => {
    const serving = await serve('--', ...command);
    const old = await legacy(serving, {});
    const both = [modern(serving, {}), modern(serving, { sampling: {} })];
    const call = { name: 'wait', arguments: {}, _meta: { progressToken: 'same' } };
    const calls = [old, ...both].map((client) => client.begin('tools/call', call, 1));
    await nth(3, 'tools/call');
    const sent = all('tools/call');
    expect(new Set(sent.map(({ params }) => params._meta.progressToken)).size).toBe(3);
    sent.forEach(({ params }, n) => {
      say(processes[0], { method: 'notifications/progress', params: { ...params._meta, progress: n } });
    });
    const seen = await Promise.all([old, ...both].map((client) => client.arrivals.next('notifications/progress')));
    expect(seen.map(({ message }) => message.params.progressToken)).toEqual(['same', 'same', 'same']);
    expect(seen.map(({ message }) => message.params.progress).sort()).toEqual([0, 1, 2]);
    calls[1]?.abandon();
    const { params } = await nth(1, 'notifications/cancelled');
    const left = sent.filter(({ id }) => id !== params.requestId);
    expect(left).toHaveLength(2);
    for (const { id } of left) say(processes[0], { id, result: { content: [] } });
    for (const at of [0, 2]) expect((await calls[at]?.answer)?.message.result.content).toEqual([]);
  });

  it('subscriptions, of which the server learns the end when no client has one any longer', async () => {
    const serving = await serve('--', ...command);
    const old = await legacy(serving, {});
    await old.listen();
    await old.request('resources/subscribe', { uri: 'a:b' });
    const both = [modern(serving, {}), modern(serving, { sampling: {} })];
    const notifications = { toolsListChanged: true, resourceSubscriptions: ['a:b'] };
    const listening = both.map((client) => client.begin('subscriptions/listen', { notifications }));
    for (const client of both) await client.arrivals.next('notifications/subscriptions/acknowledged');
    say(processes[0], { method: 'notifications/resources/updated', params: { uri: 'a:b' } });
    say(processes[0], { method: 'notifications/tools/list_changed' });
    for (const client of [old, ...both]) {
      await client.arrivals.next('notifications/tools/list_changed');
      expect(client.arrivals.of('notifications/resources/updated')).toHaveLength(1);
    }
    for (const pending of listening) pending.abandon();
    await old.request('resources/unsubscribe', { uri: 'a:b' });
    await nth(1, 'resources/unsubscribe');
    oneSession();
  });

  it('no question of the server, which learned of no capability', async () => {
    const serving = await serve('--', ...command);
    const client = modern(serving, { elicitation: {}, sampling: {}, roots: {} });
    const call = client.begin('tools/call', { name: 'wait', arguments: {} });
    const { id } = await nth(1, 'tools/call');
    const child = processes.at(-1);
    for (const method of ['elicitation/create', 'sampling/createMessage', 'roots/list']) {
      say(child, { id: method, method, params: {} });
      const refused = await got.nth(1, (message) => message.method === undefined && message.id === method);
      expect(refused.error?.code).toBe(-32_601);
    }
    say(child, { id, result: { content: [] } });
    expect((await call.answer).message.result.resultType).toBe('complete');
  });

  it('log messages of the level that it wants, unless they may be about the call of another client', async () => {
    const serving = await serve('--', ...command);
    const [one, two] = [modern(serving, {}), modern(serving, { sampling: {} })];
    const call = { name: 'wait', arguments: {}, _meta: { 'io.modelcontextprotocol/logLevel': 'info' } };
    const log = (data: string, level = 'info'): void =>
      say(processes.at(-1), { method: 'notifications/message', params: { level, data } });
    const first = one.begin('tools/call', call);
    const { id } = await nth(1, 'tools/call');
    log('too much', 'debug');
    log('alone');
    await one.arrivals.next('notifications/message');
    const second = two.begin('tools/call', call);
    const { id: other } = await nth(2, 'tools/call');
    log('whose');
    say(processes.at(-1), { id: other, result: { content: [] } });
    await second.answer;
    log('alone again');
    await one.arrivals.next('notifications/message');
    say(processes.at(-1), { id, result: { content: [] } });
    await first.answer;
    const data = (client: ModernClient): unknown[] =>
      client.arrivals.of('notifications/message').map(({ message }) => message.params.data);
    expect([data(one), data(two)]).toEqual([['alone', 'alone again'], []]);
    expect(all('logging/setLevel').length).toBeGreaterThan(0);
  });
});
