// SDK v1 over Streamable HTTP with sessions and tasks (its experimental API): every tool is a task.
import { randomUUID } from 'node:crypto';
import type { ToolTaskHandler } from '@modelcontextprotocol/sdk/experimental/tasks/interfaces.js';
import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageResultSchema, ElicitResultSchema, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { Changes } from './changes.ts';
import { listenLoopback, type Peer, readJson } from './listen.ts';

export const POLL_INTERVAL = 20;
const QUESTION = {
  mode: 'form' as const,
  message: 'Who?',
  requestedSchema: { type: 'object' as const, properties: {} },
};
const SAMPLE = { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Hi' } }], maxTokens: 9 };

type Extra = Parameters<ToolTaskHandler<undefined>['createTask']>[0];
/** What a tool does, as a task: its text, or an error of the tool. */
type Work = (extra: Extra, taskId: string) => Promise<{ text: string; isError?: boolean }>;

export interface TasksPeer extends Peer {
  /** Resolves when a request of this method has come so many times. */
  requested(method: string, times?: number): Promise<unknown>;
  readonly methods: readonly string[];
  /** Ends the work of the tool `slow`. */
  release(): void;
}

export async function startSdkV1Tasks(): Promise<TasksPeer> {
  const methods: string[] = [];
  const changes = new Changes();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const store = new InMemoryTaskStore();
  const queue = new InMemoryTaskMessageQueue();
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    const server = new McpServer(
      { name: 'tasks', version: '1.0.0' },
      {
        capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        taskStore: store,
        taskMessageQueue: queue,
      },
    );
    for (const [name, work] of Object.entries(workOf(released))) addTool(server, name, work);
    await server.connect(transport as Transport);
    return transport;
  };
  const peer = await listenLoopback('/mcp', async (req, res) => {
    const id = req.headers['mcp-session-id'];
    const body = req.method === 'POST' ? await readJson(req) : undefined;
    const method = (body as { method?: string } | undefined)?.method;
    if (method !== undefined) methods.push(method);
    changes.changed();
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (!known && !isInitializeRequest(body)) {
      const error = { code: -32000, message: 'Bad Request: No valid session ID provided' };
      res.writeHead(id === undefined ? 400 : 404, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
      return;
    }
    await (known ?? (await open())).handleRequest(req, res, body);
  });
  return {
    url: peer.url,
    methods,
    release,
    requested: (method, times = 1) =>
      changes.until(
        () => (methods.filter((one) => one === method).length >= times ? true : undefined),
        (reason) => `${reason} for ${times} × ${method}; seen: ${methods.join()}`,
      ),
    async close() {
      release();
      store.cleanup();
      await Promise.all([...sessions.values()].map((transport) => transport.close()));
      await peer.close();
    },
  };
}

function workOf(released: Promise<void>): Record<string, Work> {
  return {
    quick: async () => ({ text: 'quick' }),
    slow: async () => {
      await released;
      return { text: 'slow' };
    },
    fails: async () => ({ text: 'went wrong', isError: true }),
    asks: async ({ sendRequest, taskStore }, taskId) => {
      // The types leave it out.
      const related = { relatedTask: { taskId } } as object;
      const { action } = await sendRequest(
        { method: 'elicitation/create', params: QUESTION },
        ElicitResultSchema,
        related,
      );
      const said = await sendRequest(
        { method: 'sampling/createMessage', params: SAMPLE },
        CreateMessageResultSchema,
        related,
      );
      await taskStore.updateTaskStatus(taskId, 'working');
      return { text: `${action}, ${said.content.type === 'text' ? said.content.text : '?'}` };
    },
  };
}

function addTool(server: McpServer, name: string, work: Work): void {
  server.experimental.tasks.registerToolTask(
    name,
    { execution: { taskSupport: 'required' } },
    {
      async createTask(extra) {
        const task = await extra.taskStore.createTask({ ttl: 60_000, pollInterval: POLL_INTERVAL });
        void run(extra, task.taskId, work);
        return { task };
      },
      getTask: ({ taskStore, taskId }) => taskStore.getTask(taskId),
      getTaskResult: async ({ taskStore, taskId }) => (await taskStore.getTaskResult(taskId)) as { content: [] },
    },
  );
}

async function run(extra: Extra, taskId: string, work: Work): Promise<void> {
  const { text, isError = false } = await work(extra, taskId).catch((error: Error) => ({
    text: error.message,
    isError: true,
  }));
  const result = { content: [{ type: 'text' as const, text }], isError };
  // A task that was cancelled takes no result.
  await extra.taskStore.storeTaskResult(taskId, isError ? 'failed' : 'completed', result).catch(() => {});
}
