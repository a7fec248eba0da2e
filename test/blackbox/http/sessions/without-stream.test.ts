// What the server tells and asks a client that has no stream open.
import type net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { StreamableClient } from '../../../peers/http/streamable-client.ts';
import { onLines, startPiped } from '../../../peers/local/piped-child.ts';
import { opened } from '../../../peers/opened.ts';
import type { RpcMessage } from '../../../peers/rpc.ts';
import { Watched } from '../../../peers/watched.ts';

afterEach(closeServings);
const keep = opened();

const CAPABILITIES = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true } };

/** A local server: what it got, and a way to say something of its own. */
let got: Watched<RpcMessage>;
let socket: net.Socket;
let client: StreamableClient;

beforeEach(async () => {
  got = new Watched('messages');
  const server = await keep(
    startPiped((child) => {
      socket = child;
      child.on('error', () => {});
      onLines(child, (line) => {
        const message = JSON.parse(line) as RpcMessage;
        got.add(message);
        if (message.id === undefined || message.method === undefined) return;
        const serverInfo = { name: 'server', version: '1' };
        const opening = { protocolVersion: '2025-11-25', capabilities: CAPABILITIES, serverInfo };
        say({ id: message.id, result: message.method === 'initialize' ? opening : {} });
      });
    }),
  );
  const serving = await startServing(undefined, ['--', ...server.command]);
  client = new StreamableClient(`${serving.url}/mcp`);
  await client.initialize('2025-11-25', { roots: {} });
});

afterEach(() => client.vanish());

function say(...messages: object[]): void {
  socket.write(messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join(''));
}

const log = (data: number): object => ({ method: 'notifications/message', params: { level: 'info', data } });
const updated = (uri: string, _meta?: object): object => ({
  method: 'notifications/resources/updated',
  params: { uri, _meta },
});
const changed = (list: string): object => ({ method: `notifications/${list}/list_changed` });
const roots = (id: number): object => ({ id, method: 'roots/list' });
const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The proxy has everything that the server has said before: the answer comes after it, and carries nothing else. */
async function taken(): Promise<void> {
  const ping = client.post('{"jsonrpc":"2.0","id":"last","method":"ping"}', { accept: 'application/json' });
  expect(JSON.parse(await bodyOf(ping))).toEqual({ jsonrpc: '2.0', id: 'last', result: {} });
}

async function bodyOf({ response }: ReturnType<StreamableClient['post']>): Promise<string> {
  const exchange = await response;
  await exchange.ended;
  return exchange.body;
}

/** What arrives on a stream that the client opens now, up to the notification that the server sends last. */
async function heard(): Promise<object[]> {
  await client.listen();
  say({ method: 'notifications/end' });
  await client.arrivals.next('notifications/end');
  const told = client.arrivals.all.filter(({ stream }) => stream.kind === 'GET');
  return told.slice(0, -1).map(({ message: { jsonrpc: _, ...message } }) => message);
}

describe('a change', () => {
  it('that is announced repeatedly is told once', async () => {
    say(changed('tools'));
    for (const _ of numbers(1, 300)) say(updated('a:b'), changed('tools'), updated('a:c'), changed('prompts'));
    await taken();
    expect(await heard()).toEqual([changed('tools'), updated('a:b'), updated('a:c'), changed('prompts')]);
  });

  it('is told as it was announced last', async () => {
    say(updated('a:b', { n: 1 }), changed('tools'), updated('a:b', { n: 2 }), updated('a:b', { n: 3 }));
    await taken();
    expect(await heard()).toEqual([updated('a:b', { n: 3 }), changed('tools')]);
  });

  it('outlasts whatever else the server says', async () => {
    say(changed('tools'), updated('a:b'), ...numbers(1, 300).map(log));
    await taken();
    expect(await heard()).toEqual([changed('tools'), updated('a:b'), ...numbers(47, 300).map(log)]);
  });
});

describe('a question', () => {
  const answered = ({ method, id }: RpcMessage): boolean => method === undefined && id !== undefined;

  it('outlasts whatever else the server says, and is answered', async () => {
    say(roots(7), ...numbers(1, 300).map(log));
    await taken();
    client.on('roots/list', () => ({ roots: [] }));
    await client.listen();
    expect(await got.nth(1, answered)).toMatchObject({ id: 7, result: { roots: [] } });
  });

  it('of which there are too many ends with an error for the server, and the others are answered', async () => {
    say(...numbers(1, 300).map(roots));
    await taken();
    await got.nth(44, answered);
    client.on('roots/list', () => ({ roots: [] }));
    await client.listen();
    await got.nth(300, answered);
    const answers = got.all.filter(answered);
    const failed = answers.filter(({ error }) => error?.code === -31008);
    expect(failed.map(({ id }) => id)).toEqual(numbers(1, 44));
    expect(new Set(answers.filter(({ result }) => result).map(({ id }) => id))).toEqual(new Set(numbers(45, 300)));
  });

  it('that is too large to be kept ends with an error for the server', async () => {
    say({ id: 1, method: 'roots/list', params: { _meta: { text: 'x'.repeat(1_100_000) } } });
    expect(await got.nth(1, answered)).toMatchObject({ id: 1, error: { code: -31008 } });
  });
});
