// The tasks of a server of 2025-11-25 (SDK v1), for clients of 2026-07-28 with and without the tasks extension, and for
// a client of its own revision.
import { describe, expect, it } from 'vitest';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import type { RpcClient } from '../../peers/rpc.ts';
import { startSdkV1Tasks, type TasksPeer } from '../../peers/sdk-v1-tasks.ts';

const open = opened();
const EXTENSION = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const ASKED = { elicitation: { form: {} }, sampling: {} };
const ANSWERS = {
  'elicitation/create': { action: 'accept', content: {} },
  'sampling/createMessage': { role: 'assistant', model: 'm', content: { type: 'text', text: 'hello' } },
};
const text = (said: string, isError = false): object => ({ content: [{ type: 'text', text: said }], isError });
const CHANGED = 'notifications/tasks';
const call = (name: string, more: object = {}): object => ({ name, arguments: {}, ...more });

interface Fixture {
  readonly server: TasksPeer;
  readonly rpc: RpcClient;
}

async function inFront(): Promise<Fixture> {
  const server = await open(startSdkV1Tasks());
  const proxy = await open(startProxy(server.url));
  return { server, rpc: proxy.rpc };
}

type Asked = Record<string, { method: keyof typeof ANSWERS }>;
const answersTo = (requests: Asked): object =>
  Object.fromEntries(Object.entries(requests).map(([key, { method }]) => [key, ANSWERS[method]]));

describe('a modern client with tasks', () => {
  const with_ = { ...ASKED, ...EXTENSION };

  it('learns that the server has tasks', async () => {
    const { rpc } = await inFront();
    const { capabilities } = await rpc.modern('server/discover', {}, with_);
    expect(capabilities).toMatchObject(EXTENSION);
    expect(capabilities.tasks).toBeUndefined();
    const { tools } = await rpc.modern('tools/list', {}, with_);
    expect(tools[0].execution).toBeUndefined();
  });

  it('gets a task, its status and its result', async () => {
    const { server, rpc } = await inFront();
    const created = await rpc.modern('tools/call', call('slow'), with_);
    expect(created).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 60_000, pollIntervalMs: 20 });
    expect(created.ttl).toBeUndefined();
    const { taskId } = created;
    expect(await rpc.modern('tasks/get', { taskId }, with_)).toMatchObject({
      resultType: 'complete',
      taskId,
      status: 'working',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'tasks' } },
    });
    server.release();
    const done = await until(rpc, taskId, 'completed');
    expect(done.result).toEqual(text('slow'));
  });

  it('sees a task whose tool reports an error as completed', async () => {
    const { rpc } = await inFront();
    const { taskId } = await rpc.modern('tools/call', call('fails'), with_);
    expect((await until(rpc, taskId, 'completed')).result).toEqual(text('went wrong', true));
  });

  it('answers the questions that the server asks for the task', async () => {
    const { rpc } = await inFront();
    const { taskId } = await rpc.modern('tools/call', call('asks'), with_);
    const form = (await until(rpc, taskId, 'input_required')).inputRequests as Asked;
    expect(Object.values(form)).toMatchObject([{ method: 'elicitation/create', params: { message: 'Who?' } }]);
    expect(JSON.stringify(form)).not.toContain('related-task');
    expect(await rpc.modern('tasks/get', { taskId }, with_)).toMatchObject({ inputRequests: form });
    const update = { taskId, inputResponses: answersTo(form) };
    expect(await rpc.modern('tasks/update', update, with_)).toMatchObject({ resultType: 'complete' });
    const sampling = (await until(rpc, taskId, 'input_required')).inputRequests as Asked;
    await rpc.modern('tasks/update', { taskId, inputResponses: answersTo(sampling) }, with_);
    expect((await until(rpc, taskId, 'completed')).result).toEqual(text('accept, hello'));
  });

  it('gets the status changes of a task', async () => {
    const { rpc } = await inFront();
    const { taskId } = await rpc.modern('tools/call', call('asks'), with_);
    const listen = { notifications: { taskIds: [taskId, 'other'], toolsListChanged: true } };
    rpc.modern('subscriptions/listen', listen, with_).catch(() => {});
    const { message } = await rpc.next('notifications/subscriptions/acknowledged');
    expect(message.params.notifications.taskIds).toEqual([taskId]);
    for (let round = 0; round < 2; round++) {
      const asking = await until(rpc, taskId, 'input_required');
      const update = { taskId, inputResponses: answersTo(asking.inputRequests as Asked) };
      await rpc.modern('tasks/update', update, with_);
    }
    const completed = await rpc.next(({ method, params }) => method === CHANGED && params.status === 'completed');
    expect(completed.message.params).toMatchObject({ taskId, result: text('accept, hello'), ttlMs: 60_000 });
    const refused = rpc.modern('subscriptions/listen', listen, ASKED);
    await expect(refused).rejects.toMatchObject({ code: -32021 });
  });

  it('cancels a task', async () => {
    const { server, rpc } = await inFront();
    const { taskId } = await rpc.modern('tools/call', call('slow'), with_);
    const ack = await rpc.modern('tasks/cancel', { taskId }, with_);
    expect([ack.resultType, ack.taskId]).toEqual(['complete', undefined]);
    expect(server.methods).toContain('tasks/cancel');
    expect(await rpc.modern('tasks/get', { taskId }, with_)).toMatchObject({ status: 'cancelled' });
    // In 2026-07-28 it is no error to cancel what is over.
    expect(await rpc.modern('tasks/cancel', { taskId }, with_)).toMatchObject({ resultType: 'complete' });
  });

  it('gets an error for unknown tasks, and for any task if it lacks the extension', async () => {
    const { rpc } = await inFront();
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const asked = { taskId: 'other', inputResponses: {} };
      await expect(rpc.modern(method, asked, with_)).rejects.toMatchObject({ code: -32602 });
      await expect(rpc.modern(method, asked, ASKED)).rejects.toMatchObject({ code: -32021 });
    }
    for (const method of ['tasks/list', 'tasks/result', 'tasks/other']) {
      await expect(rpc.modern(method, { taskId: 'other' }, with_)).rejects.toMatchObject({ code: -32601 });
    }
  });

  const until = async (rpc: RpcClient, taskId: string, status: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const task = await rpc.modern('tasks/get', { taskId }, with_);
      if (task.status === status) return task;
    }
  };
});

describe('a modern client without tasks', () => {
  it('gets the results of tools that only run as tasks, with progress', async () => {
    const { server, rpc } = await inFront();
    const params = call('slow', { _meta: { progressToken: 'p' } });
    const answer = rpc.modern('tools/call', params, ASKED);
    await rpc.next('notifications/progress');
    await server.requested('tasks/get', 2);
    server.release();
    expect(await answer).toMatchObject({ resultType: 'complete', ...text('slow') });
    expect((await answer)._meta).not.toHaveProperty('io.modelcontextprotocol/related-task');
    expect(await rpc.modern('tools/call', call('fails'), ASKED)).toMatchObject(text('went wrong', true));
    expect(server.methods.filter((method) => method === 'tools/list')).toHaveLength(1);
  });

  it("gets the server's questions in rounds", async () => {
    const { rpc } = await inFront();
    const round = await rpc.modern('tools/call', call('asks'), ASKED);
    expect(round).toMatchObject({ resultType: 'input_required' });
    const { requestState } = round;
    const answered = call('asks', { requestState, inputResponses: answersTo(round.inputRequests) });
    const second = await rpc.modern('tools/call', answered, ASKED);
    expect(second).toMatchObject({ resultType: 'input_required' });
    const inputResponses = answersTo(second.inputRequests);
    const last = call('asks', { requestState: second.requestState, inputResponses });
    expect(await rpc.modern('tools/call', last, ASKED)).toMatchObject(text('accept, hello'));
  });

  it('cancels the task when it cancels the call', async () => {
    const { server, rpc } = await inFront();
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: call('slow', { _meta }) }));
    await server.requested('tasks/get');
    rpc.notify('notifications/cancelled', { requestId: 'c', _meta });
    await server.requested('tasks/cancel');
  });
});

it('a client of the same revision gets everything unchanged', async () => {
  const { rpc } = await inFront();
  const { capabilities } = await rpc.initialize('2025-11-25', ASKED);
  expect(capabilities.tasks).toEqual({ list: {}, cancel: {}, requests: { tools: { call: {} } } });
  for (const method of Object.keys(ANSWERS)) rpc.on(method, () => ANSWERS[method as keyof typeof ANSWERS]);
  const { task } = await rpc.request('tools/call', call('asks', { task: { ttl: 60_000 } }));
  const { taskId } = task;
  expect(await rpc.request('tasks/result', { taskId })).toMatchObject(text('accept, hello'));
  expect(await rpc.request('tasks/get', { taskId })).toMatchObject({ taskId, status: 'completed', ttl: 60_000 });
  expect(await rpc.request('tasks/list')).toMatchObject({ tasks: [{ taskId }] });
  await expect(rpc.request('tasks/cancel', { taskId })).rejects.toMatchObject({ code: expect.any(Number) });
});

describe('a client of the same era that has no tasks', () => {
  it('calls tools that only run as tasks like any other tool, once it has listed them', async () => {
    const { server, rpc } = await inFront();
    await rpc.initialize('2025-06-18', { elicitation: {}, sampling: {} });
    for (const method of Object.keys(ANSWERS)) rpc.on(method, () => ANSWERS[method as keyof typeof ANSWERS]);
    expect(await rpc.request('tools/call', call('quick'))).toMatchObject({ isError: true });
    await rpc.request('tools/list');
    const answer = rpc.request('tools/call', call('slow', { _meta: { progressToken: 'p' } }));
    expect((await rpc.next('notifications/progress')).message.params).toMatchObject({
      progressToken: 'p',
      progress: 0,
    });
    await server.requested('tasks/get', 2);
    server.release();
    expect(await answer).toEqual(text('slow'));
    expect(await rpc.request('tools/call', call('fails'))).toEqual(text('went wrong', true));
    expect(await rpc.request('tools/call', call('asks'))).toEqual(text('accept, hello'));
  });

  it('cancels the task when it cancels the call', async () => {
    const { server, rpc } = await inFront();
    await rpc.initialize('2025-11-25');
    await rpc.request('tools/list');
    rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: call('slow') }));
    await server.requested('tasks/get');
    rpc.notify('notifications/cancelled', { requestId: 'c' });
    await server.requested('tasks/cancel');
  });
});
