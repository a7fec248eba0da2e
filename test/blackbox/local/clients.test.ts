// A local server for several HTTP clients: who shares a process, and what each of them gets.
import { afterEach, describe, expect, it } from 'vitest';
import { regularAnswer } from '../../peers/hostile-sse.ts';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, type Serving, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { isAlive, type Script, type Scripted, scripted, until } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { MODERN, type RpcMessage } from '../../peers/rpc.ts';

const open = opened();
afterEach(closeServings);

async function serve(script: Script, flags: string[] = []): Promise<{ server: Scripted; serving: Serving }> {
  const server = await open(scripted(script));
  return { server, serving: await startServing(undefined, [...flags, '--', ...server.command]) };
}

async function join(serving: Serving, capabilities: object = {}): Promise<StreamableClient> {
  const client = new StreamableClient(`${serving.url}/mcp`);
  await client.initialize('2025-11-25', capabilities);
  return client;
}

type Client = Pick<StreamableClient, 'call'>;

async function tool(client: Client, name: string, args: object = {}): Promise<string> {
  const { message } = await client.call('tools/call', { name, arguments: args });
  if (message.error) throw new Error(JSON.stringify(message.error));
  return message.result.content[0].text;
}

/** Waits until a call is at the server, which never answers it. */
async function hang(serving: Serving, client: StreamableClient): Promise<void> {
  client.call('tools/call', { name: 'hangs' }).catch(() => undefined);
  await serving.proxy.stderrMatching(/the call hangs/);
}

describe('a client that vanishes during a call', () => {
  it('loses its session and its process after --session-idle, while a client that waits keeps them', async () => {
    const { server, serving } = await serve({}, ['--session-idle', '1', '--max-children', '2']);
    const [waits, vanishes] = [await join(serving, { roots: {} }), await join(serving)];
    const asked = waits.call('tools/call', { name: 'ask', arguments: { method: 'roots/list' } });
    const question = await waits.arrivals.next('roots/list');
    await hang(serving, vanishes);
    const [first, second] = server.pids() as [number, number];
    vanishes.vanish();
    await until(() => !isAlive(second), 'the end of the process of the client that has vanished');
    expect(isAlive(first)).toBe(true);
    await waits.deliver({ jsonrpc: '2.0', id: question.message.id, result: { roots: [] } });
    expect((await asked).message.result.content[0].text).toBe('{"roots":[]}');
    // There is room for another one.
    expect(await tool(await join(serving), 'echo', { text: 'ok' })).toBe('ok');
  });

  it('has the call cancelled at the server then', async () => {
    const { serving } = await serve({}, ['--session-idle', '1', '--upstream-session', 'shared']);
    const [stays, vanishes] = [await join(serving), await join(serving)];
    await stays.listen();
    const before = Number(await tool(stays, 'heard'));
    await hang(serving, vanishes);
    vanishes.vanish();
    // Its notification is the only one.
    while (Number(await tool(stays, 'heard')) === before);
    expect(Number(await tool(stays, 'heard'))).toBe(before + 1);
  });
});

describe('clients that open sessions', () => {
  it('get a process each, which ends with the session', async () => {
    const { server, serving } = await serve({});
    const clients = [await join(serving), await join(serving)];
    const sse = new SseClient(`${serving.url}/sse`);
    await sse.open();
    await sse.initialize('2024-11-05');
    const pids = await Promise.all([...clients, sse].map((client) => tool(client, 'pid')));
    expect(new Set(pids).size).toBe(3);
    expect(server.running()).toBe(3);
    await Promise.all(clients.map((client) => client.close()));
    sse.vanish();
    await server.allGone();
  });

  it('get questions from their own process', async () => {
    const { serving } = await serve({});
    const [first, second] = [await join(serving, { roots: {} }), await join(serving, { roots: {} })];
    first.on('roots/list', () => ({ roots: [{ uri: 'file:///first' }] }));
    second.on('roots/list', () => ({ roots: [{ uri: 'file:///second' }] }));
    await Promise.all([first.listen(), second.listen()]);
    const ask = (client: StreamableClient): Promise<string> => tool(client, 'ask', { method: 'roots/list' });
    expect(await Promise.all([ask(first), ask(second)])).toEqual([
      '{"roots":[{"uri":"file:///first"}]}',
      '{"roots":[{"uri":"file:///second"}]}',
    ]);
  });

  it('beyond --max-children are refused, until another one leaves', async () => {
    const { server, serving } = await serve({}, ['--max-children', '2']);
    const [first] = [await join(serving), await join(serving)];
    const third = new StreamableClient(`${serving.url}/mcp`);
    const { message } = await third.call('initialize', { protocolVersion: '2025-11-25', capabilities: {} });
    expect(message.error?.code).toBe(-31008);
    expect(message.error?.message).toContain('runs in as many processes as are allowed (2)');
    await first?.close();
    const [pid] = server.pids();
    await until(() => !isAlive(pid as number), 'the end of the first process');
    await join(serving);
  });

  it('that come at the same time do not exceed --max-children', async () => {
    const { server, serving } = await serve({}, ['--max-children', '2']);
    const opening = { protocolVersion: '2025-11-25', capabilities: {} };
    const clients = [1, 2, 3, 4, 5].map(() => new StreamableClient(`${serving.url}/mcp`));
    const answers = await Promise.all(clients.map((client) => client.call('initialize', opening)));
    expect(answers.filter(({ message }) => message.error?.code === -31008)).toHaveLength(3);
    expect(server.pids()).toHaveLength(2);
  });

  it('share one process with --upstream-session shared', async () => {
    const { server, serving } = await serve({}, ['--upstream-session', 'shared']);
    const clients = [await join(serving), await join(serving, { roots: {} })];
    const pids = await Promise.all(clients.map((client) => tool(client, 'pid')));
    expect(new Set(pids).size).toBe(1);
    expect(server.pids()).toHaveLength(1);
    expect(await tool(clients[1] as StreamableClient, 'ask', { method: 'roots/list' })).toContain('-32601');
  });

  it('are not affected when the process of another client ends', async () => {
    const { serving } = await serve({});
    const [first, second] = [await join(serving), await join(serving)];
    const waiting = second.call('tools/call', { name: 'big', arguments: { size: 10 } });
    const { message } = await first.call('tools/call', { name: 'end' });
    expect(message.error?.code).toBe(-31003);
    expect((await waiting).message.error).toBeUndefined();
    expect(await tool(second, 'state')).toContain('"initializations":1');
    expect(await tool(first, 'state')).toContain('"initializations":1');
  });
});

describe('clients of 2026-07-28', () => {
  it('share one process, and each gets its own messages', async () => {
    const { server, serving } = await serve({ era: 'modern' });
    const clients = [1, 2, 3].map(() => new ModernClient(`${serving.url}/mcp`));
    const answers = await Promise.all(
      clients.flatMap((client, n) => [1, 2].map((m) => tool(client, 'echo', { text: `${n} ${m}` }))),
    );
    expect(answers).toEqual(['0 1', '0 2', '1 1', '1 2', '2 1', '2 2']);
    expect(server.pids()).toHaveLength(1);
    for (const client of clients) client.vanish();
  });

  it('share their process with older clients, which are bridged', async () => {
    const { server, serving } = await serve({ era: 'modern' });
    const modern = new ModernClient(`${serving.url}/mcp`);
    const [first, second] = [await join(serving), await join(serving)];
    for (const client of [modern, first, second]) expect(await tool(client, 'echo', { text: 'ok' })).toBe('ok');
    expect(new Set(await Promise.all([first, second].map((client) => tool(client, 'pid')))).size).toBe(1);
    // The first one was the first client of all, so it found out with a process of its own what the server speaks.
    expect(server.pids()).toHaveLength(2);
    modern.vanish();
  });

  it('are served by a legacy server that has refused only one of them when its process ends', async () => {
    const refused = JSON.stringify({ code: -32601, message: 'Method not found' });
    let asked: (() => void)[] | undefined = [];
    const piped = await open(
      startPiped((socket) => {
        onLines(socket, (text) => {
          const message = JSON.parse(text) as RpcMessage;
          if (message.id === undefined) return;
          const refuse = (): void => void socket.write(`{"jsonrpc":"2.0","id":${message.id},"error":${refused}}\n`);
          if (message.method !== 'server/discover') socket.write(`${regularAnswer({ message })}\n`);
          else if (asked && asked.push(refuse) === 3) asked = void asked[0]?.();
          else if (!asked) refuse();
        });
        socket.on('error', () => {});
      }),
    );
    const serving = await startServing(undefined, ['--', ...piped.command]);
    const clients = [1, 2, 3].map(() => new ModernClient(`${serving.url}/mcp`));
    const answers = await Promise.all(clients.map((client) => client.request('server/discover')));
    expect(answers.map(({ supportedVersions }) => supportedVersions)).toEqual([[MODERN], [MODERN], [MODERN]]);
    for (const client of clients) expect((await client.request('tools/list')).tools).toHaveLength(1);
    for (const client of clients) client.vanish();
  });

  it('share one process of a legacy server', async () => {
    const { server, serving } = await serve({});
    const clients = [1, 2].map(() => new ModernClient(`${serving.url}/mcp`));
    for (const client of clients) expect(await tool(client, 'echo', { text: 'ok' })).toBe('ok');
    expect(await tool(clients[0] as ModernClient, 'state')).toContain('"initializations":1');
    // The first one was asked for its era, and refused.
    expect(server.pids()).toHaveLength(2);
    expect(await tool(await join(serving), 'echo', { text: 'ok' })).toBe('ok');
    for (const client of clients) client.vanish();
  });
});

describe('a process that nobody uses', () => {
  it('is stopped, and started by the next call with what the client had set', async () => {
    const { server, serving } = await serve({}, ['--child-idle', '1']);
    const client = await join(serving);
    await client.call('logging/setLevel', { level: 'error' });
    await client.call('resources/subscribe', { uri: 'a://1' });
    const before = await tool(client, 'pid');
    await server.allGone();
    const state = JSON.parse(await tool(client, 'state'));
    expect(state).toMatchObject({ level: 'error', subscriptions: ['a://1'], initializations: 1, initialized: 1 });
    expect(await tool(client, 'pid')).not.toBe(before);
  });

  it('is not started for a ping, for a list that cannot have changed, or for an initialize that is known', async () => {
    const { server, serving } = await serve({}, ['--child-idle', '1']);
    const client = await join(serving);
    const { message: listed } = await client.call('tools/list', {});
    await server.allGone();
    expect((await client.call('ping')).message.result).toEqual({});
    expect((await client.call('tools/list', {})).message.result).toEqual(listed.result);
    const another = await join(serving);
    expect((await another.call('tools/list', {})).message.result).toEqual(listed.result);
    expect(server.pids()).toHaveLength(1);

    server.lists(['echo', 'another']);
    await another.listen();
    expect(await tool(another, 'echo', { text: 'ok' })).toBe('ok');
    await another.arrivals.next('notifications/tools/list_changed');
    expect((await another.call('tools/list', {})).message.result.tools).toHaveLength(2);
    expect(server.pids()).toHaveLength(2);
  });

  it('is started for a list that may have changed silently', async () => {
    const { server, serving } = await serve({ announces: 'no' }, ['--child-idle', '1']);
    const client = await join(serving);
    await client.call('tools/list', {});
    await server.allGone();
    server.lists(['echo', 'another']);
    expect((await client.call('tools/list', {})).message.result.tools).toHaveLength(2);
  });

  it('is started for the next client if it has asked the previous one, for which alone its lists may have been', async () => {
    const { server, serving } = await serve({}, ['--child-idle', '1']);
    const client = await join(serving, { roots: {} });
    client.on('roots/list', () => ({ roots: [] }));
    await client.listen();
    await tool(client, 'ask', { method: 'roots/list' });
    await client.call('tools/list', {});
    await server.allGone();
    await join(serving, { roots: {} });
    await server.started(2);
  });

  it('answers a modern client from memory for as long as the server allows', async () => {
    const { server, serving } = await serve({ era: 'modern' }, ['--child-idle', '1']);
    const client = new ModernClient(`${serving.url}/mcp`);
    const { message: first } = await client.call('tools/list', {});
    await server.allGone();
    const { message: again } = await client.call('tools/list', {});
    expect(again.result.tools).toEqual(first.result.tools);
    expect(again.result.ttlMs).toBeLessThan(first.result.ttlMs);
    expect(server.pids()).toHaveLength(1);
    expect(await tool(client, 'echo', { text: 'ok' })).toBe('ok');
    expect(server.pids()).toHaveLength(2);
    client.vanish();
  });

  it('counts as used while a call is open', async () => {
    const { server, serving } = await serve({}, ['--child-idle', '1']);
    const busy = await join(serving, { roots: {} });
    const idle = await join(serving);
    await busy.listen();
    const asked = busy.call('tools/call', { name: 'ask', arguments: { method: 'roots/list' } });
    const question = await busy.arrivals.next('roots/list');
    const [, second] = server.pids();
    await until(() => !isAlive(second as number), 'the end of the idle process');
    expect(server.running()).toBe(1);
    await busy.deliver({ jsonrpc: '2.0', id: question.message.id, result: { roots: [] } });
    expect((await asked).message.result.content[0].text).toBe('{"roots":[]}');
    await idle.close();
  });
});

it('the proxy is not ready while its program cannot be found, and says why', async () => {
  const serving = await startServing(undefined, ['--', 'no-such-program']);
  await serving.proxy.stderrMatching(/the program "no-such-program" is in no folder of PATH/);
  const response = await fetch(`${serving.url}/readyz`);
  expect(response.status).toBe(503);
  const { server, serving: works } = await serve({});
  expect((await fetch(`${works.url}/readyz`)).status).toBe(200);
  expect(server.pids()).toEqual([]);
});

it('every process ends with the proxy', async () => {
  const { server, serving } = await serve({ stays: 'end,term' });
  await Promise.all([join(serving), join(serving)]);
  expect(server.running()).toBe(2);
  await serving.stop();
  await server.allGone();
});
