// The content carried by the official SDK v1: initialize, sessions, a GET stream, resumable events.
import { randomUUID } from 'node:crypto';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  isInitializeRequest,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { ASKING_TOOLS } from './asking.mjs';
import { CAPABILITIES, PLAIN_TOOLS, PROMPTS, RESOURCES, SERVER_INFO, said, TEMPLATE } from './content.mjs';

const TOOLS = [...PLAIN_TOOLS, ...ASKING_TOOLS];
const anyResult = z.looseObject({});

function callOf(extra) {
  const notify = (method, params) => extra.sendNotification({ method, params });
  return {
    progressToken: extra._meta?.progressToken,
    notify,
    log: (level, data) => notify('notifications/message', { level, data }),
    ask: (method, params) => extra.sendRequest({ method, params }, anyResult),
    async dropStream() {
      // On stdio there is no stream that could be cut.
      extra.closeSSEStream?.();
      // An answer given at once could be written before the client has seen the end of the stream.
      await new Promise((resolve) => setTimeout(resolve, 100));
    },
  };
}

function named(list, name) {
  const found = list.find((entry) => entry.name === name);
  if (!found) throw new McpError(ErrorCode.InvalidParams, `there is no ${name}`);
  return found;
}

function read(uri) {
  const fixed = RESOURCES.find((resource) => resource.uri === uri);
  if (fixed) return { uri, mimeType: fixed.mimeType, ...fixed.body };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id !== undefined) return { uri, mimeType: TEMPLATE.mimeType, text: TEMPLATE.read(id) };
  throw new McpError(ErrorCode.InvalidParams, 'Resource not found', { uri });
}

function buildServer() {
  const server = new Server(SERVER_INFO, { capabilities: CAPABILITIES });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS.map(({ run, ...tool }) => tool) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = named(TOOLS, params.name);
    try {
      return await tool.run(params.arguments ?? {}, callOf(extra));
    } catch (error) {
      return { ...said(error.message), isError: true };
    }
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: RESOURCES.map(({ body, ...resource }) => resource),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => {
    const { read: _, ...template } = TEMPLATE;
    return { resourceTemplates: [template] };
  });
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => ({ contents: [read(params.uri)] }));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: PROMPTS.map(({ render, ...prompt }) => prompt),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) =>
    named(PROMPTS, params.name).render(params.arguments ?? {}),
  );
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: ['paris', 'park'], total: 2 } }));
  for (const schema of [SubscribeRequestSchema, UnsubscribeRequestSchema, SetLevelRequestSchema]) {
    server.setRequestHandler(schema, () => ({}));
  }
  return server;
}

/** Every event of a session, in order, for as long as the session lives. */
function memoryOfEvents() {
  const events = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}_${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async getStreamIdForEventId(id) {
      return events.find((event) => event.id === id)?.stream;
    },
    async replayEventsAfter(last, { send }) {
      const at = events.findIndex(({ id }) => id === last);
      const stream = events[at]?.stream;
      for (const { id, stream: its, message } of events.slice(at + 1)) {
        // The event that opens a stream has an id and nothing to say.
        if (its === stream && message.jsonrpc !== undefined) await send(id, message);
      }
      return stream;
    },
  };
}

/** A handler `(req, res, body)` for one endpoint. */
export function sessionsHandler() {
  const sessions = new Map();
  return async (req, res, body) => {
    const id = req.headers['mcp-session-id'];
    const session = sessions.get(id);
    if (session) return session.handleRequest(req, res, body);
    if (id !== undefined || !isInitializeRequest(body)) {
      const error = { code: -32000, message: id === undefined ? 'no session: initialize first' : 'no such session' };
      res.writeHead(id === undefined ? 400 : 404, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: memoryOfEvents(),
      retryInterval: 500,
      onsessioninitialized: (opened) => void sessions.set(opened, transport),
      onsessionclosed: (closed) => void sessions.delete(closed),
    });
    await buildServer().connect(transport);
    return transport.handleRequest(req, res, body);
  };
}

/** One session, on standard input and output. */
export async function serveSessionsOnStdio() {
  await buildServer().connect(new StdioServerTransport());
}
