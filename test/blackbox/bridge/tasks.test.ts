// The tasks extension of a server of 2026-07-28, for a client of 2025-11-25 with and without tasks.
import { describe, expect, it } from 'vitest';
import { rpc as rpcOf } from '../../peers/minimal-server.ts';
import { CREATED, type State, type TaskTool, taskServer } from '../../peers/modern-tasks.ts';
import type { RpcClient } from '../../peers/rpc.ts';
import type { Script } from '../../peers/scripted.ts';
import { ALL, bridged, CAPABILITIES, type Client, SUBSCRIPTION, stream } from './fixture.ts';

const DONE = { content: [{ type: 'text', text: 'done' }], isError: false };
const WORKING: State = { status: 'working', statusMessage: 'half way' };
const COMPLETED: State = { status: 'completed', result: DONE };
const QUESTION = { message: 'Name?', requestedSchema: { type: 'object', properties: {} } };
const ASKING: State = {
  status: 'input_required',
  inputRequests: { who: { method: 'elicitation/create', params: { mode: 'form', ...QUESTION } } },
};
const RELATED = 'io.modelcontextprotocol/related-task';
const STATUS = 'notifications/tasks/status';
const PROGRESS = 'notifications/progress';
const ACCEPTED = { action: 'accept', content: { name: 'Ann' } };

interface Tasks extends Awaited<ReturnType<typeof bridged>> {
  readonly tasks: ReturnType<typeof taskServer>;
}

async function inFrontOf(tool: TaskTool, client: Client = {}, interval?: number): Promise<Tasks> {
  const tasks = taskServer({ work: tool }, interval);
  return { ...(await bridged(tasks.script, client)), tasks };
}

const start = async (rpc: RpcClient): Promise<string> =>
  (await rpc.request('tools/call', { name: 'work', arguments: {}, task: { ttl: 5_000 } })).task.taskId;

describe('a client with tasks', () => {
  it('learns that the server has tasks, and that each tool can run as one', async () => {
    const { rpc } = await inFrontOf({ states: [COMPLETED] });
    const { capabilities } = await rpc.initialize('2025-11-25', ALL);
    expect(capabilities).toEqual({
      tools: {},
      extensions: {},
      tasks: { cancel: {}, requests: { tools: { call: {} } } },
    });
    const { tools } = await rpc.request('tools/list');
    expect(tools).toEqual([{ name: 'work', inputSchema: { type: 'object' }, execution: { taskSupport: 'optional' } }]);
  });

  it('gets the task in the form of its revision, and its result in the end', async () => {
    const { rpc, tasks } = await inFrontOf({ states: [WORKING, COMPLETED] });
    const created = await rpc.request('tools/call', { name: 'work', arguments: {}, task: { ttl: 5_000 } });
    const common = { taskId: 'task-1', createdAt: CREATED, lastUpdatedAt: CREATED, ttl: 60_000, pollInterval: 1 };
    expect(created).toEqual({ task: { ...common, status: 'working' }, _meta: { 'acme/x': 1 } });
    expect(await rpc.request('tasks/get', { taskId: 'task-1' })).toEqual({ ...common, ...WORKING });
    const result = await rpc.request('tasks/result', { taskId: 'task-1' });
    expect(result).toEqual({ ...DONE, _meta: { [RELATED]: { taskId: 'task-1' } } });
    expect(await rpc.request('tasks/get', { taskId: 'task-1' })).toEqual({ ...common, status: 'completed' });
    const [sent] = tasks.seen('tools/call');
    expect(sent.task).toBeUndefined();
    expect(sent._meta[CAPABILITIES].extensions).toEqual({ 'io.modelcontextprotocol/tasks': {} });
    expect(tasks.seen('tasks/get').every((params) => CAPABILITIES in params._meta)).toBe(true);
  });

  it.each([
    ['a result that is an error', { status: 'completed', result: { ...DONE, isError: true } }],
    ['an error', { status: 'failed', error: { code: -32000, message: 'went wrong' } }],
  ])('sees %s as a failure', async (_, last) => {
    const { rpc } = await inFrontOf({ states: [last] });
    const taskId = await start(rpc);
    expect((await rpc.request('tasks/get', { taskId })).status).toBe('failed');
    const answer = rpc.request('tasks/result', { taskId });
    if ('error' in last) await expect(answer).rejects.toMatchObject({ code: -32000, message: 'went wrong' });
    else expect(await answer).toMatchObject({ isError: true });
  });

  it('is asked with tasks/result, once', async () => {
    const { rpc, tasks } = await inFrontOf({ states: [ASKING, WORKING, COMPLETED] });
    const asked: unknown[] = [];
    rpc.on('elicitation/create', (params) => {
      asked.push(params);
      return ACCEPTED;
    });
    const taskId = await start(rpc);
    expect((await rpc.request('tasks/get', { taskId })).status).toBe('input_required');
    expect(await rpc.request('tasks/result', { taskId })).toMatchObject(DONE);
    expect(asked).toEqual([{ mode: 'form', ...QUESTION, _meta: { [RELATED]: { taskId } } }]);
    expect(tasks.seen('tasks/update')).toMatchObject([{ taskId, inputResponses: { who: ACCEPTED } }]);
  });

  it('gets the status changes of its task, if the server sends them', async () => {
    const tasks = taskServer({ work: { states: [COMPLETED] } });
    const script: Script = (seen, res) => {
      if (rpcOf(seen).method !== 'subscriptions/listen') return tasks.script(seen, res);
      const { send } = stream(seen, res);
      const { notifications, _meta } = rpcOf(seen).params;
      expect(_meta[CAPABILITIES].extensions).toEqual({ 'io.modelcontextprotocol/tasks': {} });
      const own = { _meta: { [SUBSCRIPTION]: 1 } };
      send({ method: 'notifications/subscriptions/acknowledged', params: { ...own, notifications } });
      const told = { ...own, taskId: notifications.taskIds[0], createdAt: CREATED, lastUpdatedAt: CREATED, ttlMs: 5 };
      send({ method: 'notifications/tasks', params: { ...told, ...WORKING } });
      send({ method: 'notifications/tasks', params: { ...told, taskId: 'other', ...WORKING } });
      send({ method: 'notifications/tasks', params: { ...told, ...COMPLETED } });
    };
    const { rpc } = await bridged(script);
    const taskId = await start(rpc);
    const task = { taskId, createdAt: CREATED, lastUpdatedAt: CREATED, ttl: 5 };
    const told = [await rpc.next(STATUS), await rpc.next(STATUS)].map(({ message }) => message.params);
    expect(told).toEqual([
      { ...task, ...WORKING },
      { ...task, status: 'completed' },
    ]);
  });

  it('can cancel a task', async () => {
    const { rpc, tasks } = await inFrontOf({ states: [WORKING] });
    const taskId = await start(rpc);
    expect(await rpc.request('tasks/cancel', { taskId })).toMatchObject({ taskId, status: 'cancelled', ttl: 60_000 });
    expect(tasks.seen('tasks/cancel')).toMatchObject([{ taskId }]);
    expect(await rpc.request('tasks/get', { taskId })).toMatchObject({ status: 'cancelled' });
    await expect(rpc.request('tasks/cancel', { taskId })).rejects.toMatchObject({ code: -32602 });
  });

  it('gets a task for a call that the server answers at once', async () => {
    const { rpc } = await inFrontOf({ states: [], direct: DONE, immediate: true });
    const { task } = await rpc.request('tools/call', { name: 'work', arguments: {}, task: { ttl: 5_000 } });
    expect(task).toMatchObject({ status: 'completed', ttl: 5_000 });
    const { taskId } = task;
    expect(await rpc.request('tasks/get', { taskId })).toEqual(task);
    expect(await rpc.request('tasks/result', { taskId })).toEqual({ ...DONE, _meta: { [RELATED]: { taskId } } });
    await expect(rpc.request('tasks/cancel', { taskId })).rejects.toMatchObject({ code: -32602 });
  });

  it('gets an error for a task that does not exist, and for a list of tasks', async () => {
    const { rpc } = await inFrontOf({ states: [COMPLETED] });
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      await expect(rpc.request(method, { taskId: 'other' })).rejects.toMatchObject({ code: -32602 });
      await expect(rpc.request(method, {})).rejects.toMatchObject({ code: -32602 });
    }
    await expect(rpc.request('tasks/list')).rejects.toMatchObject({ code: -32601 });
  });
});

describe('a client without tasks', () => {
  it('gets the result of a tool that the server runs only as a task', async () => {
    const { rpc, tasks } = await inFrontOf({ states: [WORKING, WORKING, COMPLETED] }, { version: '2025-06-18' });
    const params = { name: 'work', arguments: {}, _meta: { progressToken: 'p' } };
    expect(await rpc.request('tools/call', params)).toEqual(DONE);
    const notes = rpc.received.flatMap(({ message: { method, params } }) => (method === PROGRESS ? [params] : []));
    expect(notes.length).toBeGreaterThanOrEqual(2);
    expect(notes.every((note, i) => i === 0 || note.progress > notes[i - 1].progress)).toBe(true);
    expect(notes).toContainEqual(expect.objectContaining({ progressToken: 'p', message: 'half way' }));
    const needed = tasks.seen('tools/call').length;
    expect(await rpc.request('tools/call', params)).toEqual(DONE);
    // The proxy has learned that the tool needs tasks.
    expect([needed, tasks.seen('tools/call').length]).toEqual([2, 3]);
  });

  it("gets the server's questions during the call", async () => {
    const { rpc, tasks } = await inFrontOf({ states: [ASKING, COMPLETED] }, { version: '2025-06-18' });
    const asked: unknown[] = [];
    rpc.on('elicitation/create', (params) => {
      asked.push(params);
      return ACCEPTED;
    });
    expect(await rpc.request('tools/call', { name: 'work', arguments: {} })).toEqual(DONE);
    expect(asked).toEqual([QUESTION]);
    expect(tasks.seen('tasks/update')).toMatchObject([{ inputResponses: { who: ACCEPTED } }]);
  });

  it('gets -31006 when it cannot be asked, and the task is cancelled', async () => {
    const { rpc, tasks } = await inFrontOf({ states: [ASKING] }, { capabilities: {} });
    const refused = rpc.request('tools/call', { name: 'work', arguments: {} });
    await expect(refused).rejects.toMatchObject({ code: -31006, data: { hint: expect.any(String) } });
    await tasks.requested('tasks/cancel');
  });

  it('cancels the task when it cancels the call', async () => {
    const { rpc, tasks } = await inFrontOf({ states: [WORKING] }, {}, 60_000);
    const params = { name: 'work', arguments: {} };
    rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'call', method: 'tools/call', params }));
    await tasks.requested('tools/call', 2);
    rpc.notify('notifications/cancelled', { requestId: 'call' });
    await tasks.requested('tasks/cancel');
    expect(tasks.seen('tasks/cancel')).toMatchObject([{ taskId: 'task-1' }]);
  });

  it('learns nothing about tasks, and lets the server answer without one', async () => {
    const { rpc, tasks } = await inFrontOf({ states: [COMPLETED], direct: DONE }, { version: '2025-06-18' });
    const { capabilities } = await rpc.initialize('2025-06-18', ALL);
    expect(capabilities).toEqual({ tools: {}, extensions: {} });
    expect((await rpc.request('tools/list')).tools[0].execution).toBeUndefined();
    expect(await rpc.request('tools/call', { name: 'work', arguments: {} })).toEqual(DONE);
    expect(tasks.seen('tools/call')[0]._meta[CAPABILITIES].extensions).toBeUndefined();
    await expect(rpc.request('tasks/get', { taskId: 'x' })).rejects.toMatchObject({ code: -32601 });
  });
});
