// A server of 2026-07-28 with the tasks extension, by hand: each tool is a list of the states that `tasks/get` shows.
import { Changes } from './changes.ts';
import { type Message, modernServer, rpc, rpcErrorBody } from './minimal-server.ts';
import { MODERN } from './rpc.ts';
import { answer, type Script } from './scripted.ts';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
export const CREATED = '2026-07-28T10:30:00Z';

/** What `tasks/get` shows, beside what all states of the task have in common. */
export type State = { readonly status: string } & Record<string, unknown>;

export interface TaskTool {
  /** One after the other, each for one look; the last one stays. `asks` stays until its answers have come. */
  readonly states: readonly State[];
  /** Whether clients without the extension can use the tool: they get this result. */
  readonly direct?: object;
  /** Whether the server answers at once even if the client could have a task. */
  readonly immediate?: boolean;
}

export interface TaskServer {
  readonly script: Script;
  /** The parameters of each request of a method. */
  seen(method: string): Message['params'][];
  /** Resolves when a method has been requested so many times. */
  requested(method: string, times?: number): Promise<unknown>;
}

interface Task {
  readonly tool: TaskTool;
  at: number;
  answered: boolean;
  cancelled: boolean;
}

export function taskServer(tools: Record<string, TaskTool>, pollIntervalMs = 1): TaskServer {
  const tasks = new Map<string, Task>();
  const requests: { method: string; params: Message['params'] }[] = [];
  const changes = new Changes();
  const common = (taskId: string): object => ({
    taskId,
    createdAt: CREATED,
    lastUpdatedAt: CREATED,
    ttlMs: 60_000,
    pollIntervalMs,
  });
  const call = (params: Message['params']): object => {
    const tool = tools[params.name] as TaskTool;
    const declared = params._meta[CAPABILITIES].extensions?.[EXTENSION] !== undefined;
    if (tool.direct && (tool.immediate || !declared)) return { result: { resultType: 'complete', ...tool.direct } };
    if (!declared) {
      const requiredCapabilities = { extensions: { [EXTENSION]: {} } };
      return { error: { code: -32021, message: 'needs tasks', data: { requiredCapabilities } } };
    }
    const taskId = `task-${tasks.size + 1}`;
    tasks.set(taskId, { tool, at: 0, answered: false, cancelled: false });
    return { result: { resultType: 'task', status: 'working', ...common(taskId), _meta: { 'acme/x': 1 } } };
  };
  const look = (task: Task, taskId: string): object => {
    const state = task.tool.states[task.at] as State;
    const waits = state.status === 'input_required' && !task.answered;
    if (!waits && task.at < task.tool.states.length - 1) task.at++;
    if (!waits) task.answered = false;
    return { resultType: 'complete', ...common(taskId), ...(task.cancelled ? { status: 'working' } : state) };
  };
  const about = (method: string, params: Message['params']): object => {
    const task = tasks.get(params.taskId);
    if (!task) return { error: { code: -32602, message: 'Failed to retrieve task: Task not found' } };
    if (method === 'tasks/get') return { result: look(task, params.taskId) };
    if (method === 'tasks/update') task.answered = true;
    if (method === 'tasks/cancel') task.cancelled = true;
    return { result: { resultType: 'complete' } };
  };
  const capabilities = { tools: {}, extensions: { [EXTENSION]: {} } };
  const others = modernServer({
    'server/discover': JSON.stringify({
      resultType: 'complete',
      supportedVersions: [MODERN],
      capabilities,
      ttlMs: 0,
      cacheScope: 'private',
    }),
    'tools/list': JSON.stringify({
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })),
    }),
  });
  const script: Script = (seen, res) => {
    const { id, method = '', params } = rpc(seen);
    requests.push({ method, params });
    changes.changed();
    if (id === undefined || (method !== 'tools/call' && !method.startsWith('tasks/'))) return others(seen, res);
    const outcome = method === 'tools/call' ? call(params) : about(method, params);
    if ('error' in outcome) {
      const { code, message, data } = outcome.error as { code: number; message: string; data?: unknown };
      return answer(res, code === -32021 ? 400 : 200, 'application/json', rpcErrorBody(code, message, data, id));
    }
    return answer(res, 200, 'application/json', JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
  };
  const seen = (method: string): Message['params'][] =>
    requests.filter((one) => one.method === method).map(({ params }) => params);
  return {
    script,
    seen,
    requested: (method, times = 1) =>
      changes.until(
        () => (seen(method).length >= times ? true : undefined),
        (reason) => `${reason} for ${times} × ${method}; seen: ${JSON.stringify(requests)}`,
      ),
  };
}
