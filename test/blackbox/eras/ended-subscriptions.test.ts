// A server of 2026-07-28 ends a subscription with `notifications/cancelled`, as the specification demands, under the id
// of that wire. What its clients of 2026-07-28 hear of it.
import { afterEach, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcMessage } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { Watched } from '../../peers/watched.ts';
import { discovered, SUBSCRIPTION, streaming } from '../bridge/fixture.ts';

const open = opened();
const clients: ModernClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.vanish();
  await closeServings();
});

const CAPABILITIES = { tools: { listChanged: true } };
const FILTER = { notifications: { toolsListChanged: true } };
const CHANGED = 'notifications/tools/list_changed';
const CANCELLED = 'notifications/cancelled';

/** A `subscriptions/listen` that a server got. */
interface Listened {
  readonly id: unknown;
  send(message: object): void;
}

/** A server that has acknowledged each of these subscriptions. */
interface Listening {
  readonly subscriptions: Watched<Listened>;
  /** The arguments that lead to it. */
  readonly args: readonly string[];
}

function acknowledge(subscriptions: Watched<Listened>, subscription: Listened): void {
  told(subscription, 'notifications/subscriptions/acknowledged', FILTER);
  subscriptions.add(subscription);
}

function told({ id, send }: Listened, method: string, params: object = {}): void {
  send({ method, params: { ...params, _meta: { [SUBSCRIPTION]: id } } });
}

async function overHttp(): Promise<Listening> {
  const subscriptions = new Watched<Listened>('subscriptions');
  const script = streaming('subscriptions/listen', (stream) => acknowledge(subscriptions, stream), {
    'server/discover': discovered(CAPABILITIES),
  });
  const { url } = await open(startScripted('/mcp', script));
  return { subscriptions, args: [url] };
}

async function onStdio(): Promise<Listening> {
  const subscriptions = new Watched<Listened>('subscriptions');
  const piped = await open(
    startPiped((socket) => {
      socket.on('error', () => {});
      const send = (message: object): void => void socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
      onLines(socket, (text) => {
        const { id, method } = JSON.parse(text) as RpcMessage;
        if (method === 'server/discover') send({ id, result: JSON.parse(discovered(CAPABILITIES)) });
        else if (method === 'subscriptions/listen') acknowledge(subscriptions, { id, send });
        else if (id !== undefined) send({ id, result: { resultType: 'complete', tools: [] } });
      });
    }),
  );
  return { subscriptions, args: ['--', ...piped.command] };
}

/** What a client has heard, in order, and what it asks beside. */
interface Client {
  listen(id: string): void;
  next(method: string): Promise<unknown>;
  ask(): Promise<unknown>;
  /** The answer to a request, and then everything that came up to now. */
  answer(id: string): Promise<RpcMessage[]>;
  heard(): RpcMessage[];
}

function onPipes(args: readonly string[]): Client {
  const { rpc } = startProxy(undefined, [...args]);
  const heard = (): RpcMessage[] => rpc.received.map(({ message }) => message);
  return {
    heard,
    listen: (id) =>
      rpc.raw(JSON.stringify({ jsonrpc: '2.0', id, method: 'subscriptions/listen', params: modernParams(FILTER) })),
    next: (method) => rpc.next(method),
    ask: () => rpc.modern('tools/list'),
    answer: async (id) => {
      await rpc.response(id);
      return heard();
    },
  };
}

async function inHttpMode(args: readonly string[]): Promise<Client> {
  const { url } = await startServing(undefined, [...args]);
  const client = new ModernClient(`${url}/mcp`);
  clients.push(client);
  const answers = new Map<string, Promise<unknown>>();
  const heard = (): RpcMessage[] => client.arrivals.all.map(({ message }) => message);
  return {
    heard,
    listen: (id) => void answers.set(id, client.begin('subscriptions/listen', FILTER, id).answer),
    next: (method) => client.arrivals.next(method),
    ask: () => client.request('tools/list'),
    answer: async (id) => {
      await answers.get(id);
      return heard();
    },
  };
}

describe.each([
  ['on stdio', onPipes],
  ['in HTTP mode', inHttpMode],
])('a client %s', (_front, connect) => {
  it.each([
    ['over HTTP', overHttp],
    ['that a command starts', onStdio],
  ])('hears of the end under its own id, and nothing after it, from a server %s', async (_server, start) => {
    const { subscriptions, args } = await start();
    const client = await connect(args);
    client.listen('mine');
    await client.next('notifications/subscriptions/acknowledged');
    const subscription = await subscriptions.nth(1);
    told(subscription, CHANGED);
    // It names no subscription.
    subscription.send({ method: CANCELLED, params: { requestId: 999 } });
    subscription.send({ method: CANCELLED, params: { requestId: subscription.id, reason: 'restart' } });
    told(subscription, CHANGED);
    subscription.send({ id: subscription.id, result: { resultType: 'complete', late: true } });

    const about = { _meta: { [SUBSCRIPTION]: 'mine' } };
    const until = await client.answer('mine');
    expect(until.slice(-3)).toEqual([
      { jsonrpc: '2.0', method: CHANGED, params: about },
      { jsonrpc: '2.0', method: CANCELLED, params: { requestId: 'mine', reason: 'restart' } },
      { jsonrpc: '2.0', id: 'mine', result: { resultType: 'complete', ...about } },
    ]);
    // What the server has sent since then would be there now.
    await client.ask();
    expect(client.heard().filter(({ method }) => method !== undefined)).toHaveLength(3);
    expect(subscriptions.all).toHaveLength(1);
  });

  it('hears nothing when a server cancels what is no subscription', async () => {
    const calls = new Watched<Listened>('calls');
    const script = streaming('tools/list', (stream) => {
      stream.send({ method: CANCELLED, params: { requestId: stream.id } });
      stream.finish({ resultType: 'complete', tools: [], ttlMs: 0, cacheScope: 'private' });
      calls.add(stream);
    });
    const { url } = await open(startScripted('/mcp', script));
    const client = await connect([url]);
    await client.ask();
    expect(client.heard().map(({ method }) => method)).toEqual([undefined]);
    expect(calls.all).toHaveLength(1);
  });
});
