// `subscriptions/listen` of modern clients, in front of a server that announces changes without being asked.
import { expect, it } from 'vitest';
import type { Peer } from '../../../../../src/core/exchange.ts';
import {
  legacyPeer,
  META,
  modernClient,
  RpcFailure,
  type Sent,
  type ServerSession,
  type TestServer,
} from './legacy-peer.ts';

/** The server has no wire: by the next turn of the event loop, everything has happened that can. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const ID = { _meta: { [`${META}subscriptionId`]: 0 } };
const listen = (notifications: unknown) => ({ notifications });

function tell(session: ServerSession, method: string, params?: object): void {
  session.client.notify({ method, ...(params && { params: Buffer.from(JSON.stringify(params)) }) });
}

const session = (server: TestServer): ServerSession => server.sessions[0] as ServerSession;
const updated = (uri: string): [string, object] => ['notifications/resources/updated', { uri }];
const methodsOf = (sent: Sent): string[] => sent.notified.map(({ method }) => method.replace('notifications/', ''));
const subscriptions = (server: TestServer): string[] =>
  session(server)
    .requests.filter(({ method }) => method.startsWith('resources/'))
    .map(({ method, params }) => `${method.slice('resources/'.length)} ${params.uri}`);

it('is acknowledged with what the server can announce, and hears of that only', async () => {
  const server = legacyPeer();
  const client = modernClient(server);
  const filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: false, other: true };
  const sent = client.send('subscriptions/listen', listen(filter));
  await turn();
  expect(sent.notified).toEqual([
    {
      method: 'notifications/subscriptions/acknowledged',
      params: { ...ID, notifications: { toolsListChanged: true } },
    },
  ]);
  for (const what of ['tools', 'prompts', 'resources']) tell(session(server), `notifications/${what}/list_changed`);
  tell(session(server), ...updated('a:b'));
  expect(sent.notified.slice(1)).toEqual([{ method: 'notifications/tools/list_changed', params: ID }]);
});

it('subscribes to resources, and ends the subscriptions with the last listener', async () => {
  const server = legacyPeer();
  const client = modernClient(server);
  const one = client.send('subscriptions/listen', listen({ resourceSubscriptions: ['a:x', 'a:y'] }));
  const two = client.send('subscriptions/listen', listen({ resourceSubscriptions: ['a:y', 'a:y', 7, ''] }));
  await turn();
  const acknowledged = [one, two].map(({ notified }) => notified[0]?.params.notifications);
  expect(acknowledged).toEqual([{ resourceSubscriptions: ['a:x', 'a:y'] }, { resourceSubscriptions: ['a:y'] }]);
  for (const uri of ['a:x', 'a:y/part', 'a:z']) tell(session(server), ...updated(uri));
  const heard = [one, two].map(({ notified }) => notified.slice(1).map(({ params }) => params.uri));
  expect(heard).toEqual([['a:x', 'a:y/part'], ['a:y/part']]);
  one.cancel();
  await expect(one.answer).rejects.toThrow('cancelled');
  await turn();
  expect(subscriptions(server).filter((line) => line.startsWith('unsubscribe'))).toEqual(['unsubscribe a:x']);
  two.cancel();
  await turn();
  expect(subscriptions(server).slice(-1)).toEqual(['unsubscribe a:y']);
});

it('leaves out the resources that the server refuses, and all where it takes none', async () => {
  const refusing = legacyPeer({
    'resources/subscribe': ({ uri }) => {
      if (uri === 'a:x') throw new RpcFailure(-32002);
      return {};
    },
  });
  const without = legacyPeer({
    initialize: () => ({ protocolVersion: '2025-11-25', capabilities: { resources: {} } }),
  });
  for (const [server, expected] of [
    [refusing, { resourceSubscriptions: ['a:y'] }],
    [without, {}],
  ] as const) {
    const client = modernClient(server);
    const sent = client.send('subscriptions/listen', listen({ resourceSubscriptions: ['a:x', 'a:y'] }));
    await turn();
    expect(sent.notified[0]?.params.notifications).toEqual(expected);
  }
  expect(subscriptions(without)).toEqual([]);
});

it('is acknowledged with nothing where the server has no way to announce anything', async () => {
  const server = legacyPeer();
  const mute = { ...server, connect: (client: Peer) => ({ ...server.connect(client), announces: async () => false }) };
  const client = modernClient(mute);
  const sent = client.send('subscriptions/listen', listen({ toolsListChanged: true, resourceSubscriptions: ['a:x'] }));
  await turn();
  expect(sent.notified[0]?.params.notifications).toEqual({});
  expect(subscriptions(server)).toEqual([]);
});

it('hears nothing before it is acknowledged, and then once what it has missed', async () => {
  let accept = (): void => {};
  const server = legacyPeer({
    'resources/subscribe': () =>
      new Promise((resolve) => {
        accept = () => resolve({});
      }),
  });
  const client = modernClient(server);
  const sent = client.send('subscriptions/listen', listen({ toolsListChanged: true, resourceSubscriptions: ['a:x'] }));
  await turn();
  for (let n = 0; n < 3; n++) tell(session(server), 'notifications/tools/list_changed');
  tell(session(server), ...updated('a:x'));
  expect(sent.notified).toEqual([]);
  accept();
  await turn();
  expect(methodsOf(sent)).toEqual(['subscriptions/acknowledged', 'tools/list_changed', 'resources/updated']);
});

it('hears of changes that come on the stream of a call, and the call does not', async () => {
  const server = legacyPeer({
    'tools/call': async (_params, exchange) => {
      exchange.notify({ method: 'notifications/tools/list_changed' });
      exchange.notify({ method: 'notifications/resources/updated', params: Buffer.from('{"uri":"a:x"}') });
      exchange.notify({ method: 'notifications/vendor' });
      return { content: [] };
    },
  });
  const client = modernClient(server);
  const sent = client.send('subscriptions/listen', listen({ toolsListChanged: true }));
  await turn();
  const call = client.send('tools/call', { name: 'a' });
  await call.answer;
  expect(methodsOf(sent)).toEqual(['subscriptions/acknowledged', 'tools/list_changed']);
  expect(methodsOf(call)).toEqual(['vendor']);
});

it.each([undefined, null, [], 'x'])('without a filter that is an object is refused: %j', async (filter) => {
  const answer = await modernClient(legacyPeer()).ask('subscriptions/listen', listen(filter));
  expect(answer.error).toMatchObject({ code: -32602, message: expect.stringContaining('notifications') });
});

it('ends as a server ends it when the session with the server does', async () => {
  const client = modernClient(legacyPeer());
  const sent = client.send('subscriptions/listen', listen({ toolsListChanged: true }));
  await turn();
  await client.bridge.close(1);
  expect(await sent.answer).toEqual({ resultType: 'complete', ...ID });
});

it('messages that belong to nobody are dropped, and logged', async () => {
  const server = legacyPeer();
  const client = modernClient(server);
  await client.ask('tools/list');
  tell(session(server), 'notifications/vendor');
  tell(session(server), 'notifications/tasks/status', { taskId: '1' });
  expect(client.logged.filter((line) => line.includes('belongs to no request'))).toHaveLength(2);
});
