// The server on the Rust SDK, which has the tasks extension of 2026-07-28: calls, questions and tasks, for clients of both
// eras with and without tasks. The clients are raw: no other SDK here has tasks.
import { startProxy } from '../peers/proxy.ts';
import type { RpcClient, RpcMessage } from '../peers/rpc.ts';
import { RUST_PROGRAM } from './install.ts';
import type { Era } from './peers.ts';
import { startServer } from './peers.ts';
import type { Result } from './results.ts';

const EXTENSION = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const ASKED = { elicitation: { form: {} }, sampling: {} };
const ANSWERS: Record<string, object> = {
  'elicitation/create': { action: 'accept', content: { name: 'Ödön' } },
  'sampling/createMessage': { role: 'assistant', model: 'm', content: { type: 'text', text: 'ü' } },
};

type Value = RpcMessage['result'];

/** A client, as the checks use it. */
interface Client {
  readonly name: string;
  readonly era: Era;
  readonly tasks: boolean;
  open(rpc: RpcClient): Promise<void>;
  request(rpc: RpcClient, method: string, params: object): Promise<Value>;
}

export const RUST_CLIENTS: readonly Client[] = [
  ...[true, false].map((tasks): Client => {
    const capabilities = tasks ? { ...ASKED, ...EXTENSION } : ASKED;
    return {
      name: `2026-07-28, ${tasks ? 'tasks' : 'no tasks'}`,
      era: 'modern',
      tasks,
      open: async () => {},
      request: (rpc, method, params) => rpc.modern(method, params, capabilities),
    };
  }),
  ...(['2025-11-25', '2025-06-18'] as const).map((version): Client => {
    const tasks = version === '2025-11-25';
    return {
      name: `${version}, ${tasks ? 'tasks' : 'no tasks'}`,
      era: 'legacy',
      tasks,
      async open(rpc) {
        for (const [method, answer] of Object.entries(ANSWERS)) rpc.on(method, () => answer);
        await rpc.initialize(version, tasks ? ASKED : { elicitation: {}, sampling: {} });
      },
      request: (rpc, method, params) => rpc.request(method, params),
    };
  }),
];

interface Check {
  readonly name: string;
  readonly isTask: boolean;
  /** Whether only a client with tasks can do it. */
  readonly forTasks?: true;
  /** Throws when something is wrong. */
  run(client: Client, rpc: RpcClient): Promise<void>;
}

export const RUST_CHECKS: readonly Check[] = [
  { name: 'call', isTask: false, run: says('echo', 'Grüße', { text: 'Grüße' }) },
  { name: 'elicitation', isTask: false, run: says('elicits', 'Ödön') },
  { name: 'sampling', isTask: false, run: says('samples', 'ü') },
  { name: 'task', isTask: true, run: says('task', 'the task is done') },
  { name: 'task that asks', isTask: true, run: says('task_asks', 'Ödön') },
  {
    name: 'task that fails',
    isTask: true,
    async run(client, rpc) {
      const error = await said(client, rpc, 'task_fails').catch((thrown: Error) => thrown);
      if (!(error instanceof Error) || !error.message.includes('das ging schief'))
        throw new Error(`got ${short(error)}`);
    },
  },
  {
    name: 'task that is cancelled',
    isTask: true,
    forTasks: true,
    async run(client, rpc) {
      const { taskId } = await begun(client, rpc, 'task_waits');
      await client.request(rpc, 'tasks/cancel', { taskId });
      await over(client, rpc, taskId, 'cancelled');
    },
  },
];

/** Every check with every client, with the server over HTTP and as a local one. */
export async function rust(era: Era, home: string): Promise<Result[]> {
  const peer = await startServer('rust', home, era);
  try {
    const results: Result[] = [];
    for (const [way, target, args] of [
      ['http', peer.url, []],
      ['stdio', undefined, ['--', RUST_PROGRAM, era, 'stdio']],
    ] as const) {
      for (const client of RUST_CLIENTS) results.push(...(await checked(client, era, way, [target, [...args]])));
    }
    return results;
  } finally {
    await peer.close();
  }
}

async function checked(client: Client, era: Era, way: string, start: Parameters<typeof startProxy>): Promise<Result[]> {
  const proxy = startProxy(...start);
  const results: Result[] = [];
  try {
    const opened = client.open(proxy.rpc);
    for (const { name, isTask, forTasks, run } of RUST_CHECKS) {
      // A server of 2025-11-25 on this SDK has no tasks.
      if ((isTask && era === 'legacy') || (forTasks && !client.tasks)) continue;
      const refused = isTask && client.era === era && !client.tasks;
      const fault = await opened
        .then(() => (refused ? refusal : run)(client, proxy.rpc))
        .then(
          () => undefined,
          (error: Error) => error.message,
        );
      results.push({ part: 'rust', client: client.name, server: 'rust', era, way, check: name, fault });
    }
  } finally {
    proxy.kill();
    await proxy.exited;
  }
  return results;
}

/** In its own era a client without tasks gets the server's own refusal. */
async function refusal(client: Client, rpc: RpcClient): Promise<void> {
  const error = await said(client, rpc, 'task').catch((thrown: { code?: number }) => thrown);
  if (error?.code !== -32021) throw new Error(`got ${short(error)}`);
}

function says(tool: string, expected: string, args: object = {}): Check['run'] {
  return async (client, rpc) => {
    const { content } = await said(client, rpc, tool, args);
    if (content?.[0]?.text !== expected) throw new Error(`got ${short(content)}`);
  };
}

/** The result of a call, whatever it takes to get it. */
async function said(client: Client, rpc: RpcClient, name: string, args: object = {}): Promise<Value> {
  if (client.tasks && name.startsWith('task')) {
    const { taskId } = await begun(client, rpc, name);
    if (client.era === 'legacy') return client.request(rpc, 'tasks/result', { taskId });
    const task = await over(client, rpc, taskId);
    if (task.error) throw new Error(task.error.message);
    return task.result;
  }
  let more = {};
  for (;;) {
    const result = await client.request(rpc, 'tools/call', { name, arguments: args, ...more });
    if (result.resultType !== 'input_required') return result;
    more = { requestState: result.requestState, inputResponses: answersTo(result.inputRequests) };
  }
}

async function begun(client: Client, rpc: RpcClient, name: string): Promise<{ taskId: string }> {
  const task = client.era === 'legacy' ? { task: { ttl: 60_000 } } : {};
  const created = await client.request(rpc, 'tools/call', { name, arguments: {}, ...task });
  return client.era === 'legacy' ? created.task : created;
}

/** A task at its end; answers what it asks on the way. */
async function over(client: Client, rpc: RpcClient, taskId: string, status?: string): Promise<Value> {
  for (;;) {
    const task = await client.request(rpc, 'tasks/get', { taskId });
    if (['completed', 'failed', 'cancelled'].includes(task.status)) {
      if (status !== undefined && task.status !== status) throw new Error(`the task is ${task.status}`);
      return task;
    }
    if (!task.inputRequests) continue;
    await client.request(rpc, 'tasks/update', { taskId, inputResponses: answersTo(task.inputRequests) });
  }
}

const answersTo = (requests: Record<string, { method: string }> = {}): object =>
  Object.fromEntries(Object.entries(requests).map(([key, { method }]) => [key, ANSWERS[method]]));

const short = (value: unknown): string =>
  String(value instanceof Error ? value.message : JSON.stringify(value)).slice(0, 300);
