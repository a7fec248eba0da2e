// Tasks of a legacy server, for modern clients: who may use them, and what the bridge asks the server for them.
import { expect, it } from 'vitest';
import type { Cancelled } from '../../../../../src/core/exchange.ts';
import {
  ACCEPTED,
  type Act,
  ask,
  callOf,
  EVERYTHING,
  FORM,
  legacyPeer,
  META,
  modernClient,
  RpcFailure,
  type Value,
} from './legacy-peer.ts';

const TASKS = { tasks: { cancel: {}, requests: { tools: { call: {} } } }, tools: {} };
const DECLARED = { ...EVERYTHING, extensions: { 'io.modelcontextprotocol/tasks': {} } };
const RELATED = { 'io.modelcontextprotocol/related-task': { taskId: 't' } };
const LISTED = { tools: [{ name: 'work', execution: { taskSupport: 'required' } }, { name: 'other' }] };

const task = (status: string): Value => ({ taskId: 't', status, ttl: null, pollInterval: 1 });

/** A server whose only task is in this state. */
const serverWith = (status: string, more: Record<string, Act> = {}) =>
  legacyPeer({
    initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: TASKS, serverInfo: {} }),
    'tools/list': () => LISTED,
    'tools/call': ({ task: asked }) => (asked ? { task: task('working') } : { content: [] }),
    'tasks/get': () => task(status),
    'tasks/cancel': () => task('cancelled'),
    ...more,
  });

it('only the client that has made a task can use it', async () => {
  const server = serverWith('working');
  const client = modernClient(server);
  expect(await client.ask('tools/call', { name: 'work' }, DECLARED)).toMatchObject({ resultType: 'task', taskId: 't' });
  expect(await client.ask('tasks/get', { taskId: 't' }, DECLARED)).toMatchObject({ status: 'working' });
  // The same client, which describes itself differently.
  const less = { extensions: DECLARED.extensions };
  expect(await client.ask('tasks/get', { taskId: 't' }, less)).toMatchObject({ status: 'working' });
  const another = modernClient(server, { owner: 'another' });
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const answer = await another.ask(method, { taskId: 't', inputResponses: {} }, DECLARED);
    expect(answer.error).toMatchObject({ code: -32602 });
  }
});

it('a request about a task that its client cancels is cancelled without the envelope', async () => {
  const reasons: unknown[] = [];
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const server = serverWith('working', {
    'tasks/get': (_, { signal }) => {
      begin();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      });
    },
  });
  const client = modernClient(server);
  await client.ask('tools/call', { name: 'work' }, DECLARED);
  const sent = client.send('tasks/get', { taskId: 't' }, DECLARED);
  await begun;
  const envelope = { [`${META}protocolVersion`]: '2026-07-28', [`${META}clientCapabilities`]: {} };
  sent.cancel(callOf('notifications/cancelled', { requestId: 3, reason: 'enough', _meta: { ...envelope, x: 1 } }));
  await expect(sent.answer).rejects.toThrow('cancelled');
  expect(reasons.map((reason) => String((reason as Cancelled).call?.params))).toEqual([
    '{"requestId":3,"reason":"enough","_meta":{"x":1}}',
  ]);
});

it('other tools are called as they are, and all of them when the list cannot be read', async () => {
  const server = serverWith('working');
  expect(await modernClient(server).ask('tools/call', { name: 'other' }, DECLARED)).toMatchObject({ content: [] });
  const silent = serverWith('working', { 'tools/list': () => Promise.reject(new RpcFailure(-32603)) });
  expect(await modernClient(silent).ask('tools/call', { name: 'work' }, DECLARED)).toMatchObject({ content: [] });
});

it('a question outside of requests goes to its task, and the answer says so', async () => {
  const server = serverWith('working');
  const client = modernClient(server);
  await client.ask('tools/call', { name: 'work' }, DECLARED);
  const [session] = server.sessions;
  const answer = ask(session?.client as Value, 'elicitation/create', { ...FORM, _meta: RELATED });
  const { status, inputRequests } = await client.ask('tasks/get', { taskId: 't' }, DECLARED);
  expect([status, inputRequests]).toEqual(['input_required', { r1: { method: 'elicitation/create', params: FORM } }]);
  await client.ask('tasks/update', { taskId: 't', inputResponses: { r1: ACCEPTED, r9: {} } }, DECLARED);
  expect(await answer).toEqual({ ...ACCEPTED, _meta: RELATED });
  expect(await client.ask('tasks/get', { taskId: 't' }, DECLARED)).toMatchObject({ status: 'working' });
});

it('what the client did not declare is refused, and it is not asked', async () => {
  const asked: Value[] = [];
  const server = serverWith('input_required', {
    'tasks/result': async (_, exchange) => {
      asked.push(await ask(exchange, 'sampling/createMessage', { messages: [], _meta: RELATED }));
      return { content: [] };
    },
  });
  const client = modernClient(server);
  const less = { extensions: DECLARED.extensions };
  await client.ask('tools/call', { name: 'work' }, less);
  const { status, inputRequests } = await client.ask('tasks/get', { taskId: 't' }, less);
  expect([status, inputRequests]).toEqual(['working', undefined]);
  expect(asked).toMatchObject([{ error: { code: -32601 } }]);
});

it('the questions of a task end with it, and with the session', async () => {
  const server = serverWith('working');
  const client = modernClient(server);
  await client.ask('tools/call', { name: 'work' }, DECLARED);
  const session = server.sessions[0]?.client as Value;
  const first = ask(session, 'elicitation/create', { ...FORM, _meta: RELATED });
  await client.ask('tasks/cancel', { taskId: 't' }, DECLARED);
  expect(await first).toMatchObject({ action: 'cancel' });
  const second = ask(session, 'elicitation/create', { ...FORM, _meta: RELATED });
  await client.bridge.close(100);
  expect(await second).toMatchObject({ action: 'cancel' });
});

it.each([
  ['is over', 'completed', undefined],
  ['is at work', 'working', -32602],
])('to cancel a task that %s, although the server refuses', async (_, status, code) => {
  const server = serverWith(status, {
    'tasks/cancel': () => Promise.reject(new RpcFailure(-32602)),
    'tasks/result': () => ({ content: [] }),
  });
  const client = modernClient(server);
  await client.ask('tools/call', { name: 'work' }, DECLARED);
  const answer = await client.ask('tasks/cancel', { taskId: 't' }, DECLARED);
  expect(answer.error?.code).toBe(code);
});
