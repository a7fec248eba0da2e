// The feature definition carried by SDK v1 (@modelcontextprotocol/sdk): revisions 2024-11-05 to 2025-11-25.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  RootsListChangedNotificationSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import {
  answer,
  CAPABILITIES,
  type Call,
  FeatureError,
  INSTRUCTIONS,
  METHODS,
  type Params,
  type Result,
  SERVER_INFO,
  type ServerSide,
  VENDOR_METHOD,
  vendor,
} from './features.ts';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const SCHEMAS = {
  'tools/list': ListToolsRequestSchema,
  'tools/call': CallToolRequestSchema,
  'resources/list': ListResourcesRequestSchema,
  'resources/templates/list': ListResourceTemplatesRequestSchema,
  'resources/read': ReadResourceRequestSchema,
  'prompts/list': ListPromptsRequestSchema,
  'prompts/get': GetPromptRequestSchema,
  'completion/complete': CompleteRequestSchema,
} satisfies Record<(typeof METHODS)[number], unknown>;

const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
const AnyResult = z.looseObject({});

/** One server instance: for one session, where `streaming` resolves when the client listens, or for one request. */
export function buildServerV1(streaming?: Promise<void>): Server {
  const server = new Server(SERVER_INFO, { capabilities: CAPABILITIES, instructions: INSTRUCTIONS });
  const subscribed = new Set<string>();
  let level = 'debug';
  const rootsChanged = new Promise<void>((resolve) => {
    server.setNotificationHandler(RootsListChangedNotificationSchema, () => resolve());
    if (!streaming) resolve();
  });

  const around: ServerSide = {
    async announce(what) {
      if (what === 'tools') await server.sendToolListChanged();
      else if (what === 'prompts') await server.sendPromptListChanged();
      else await server.sendResourceListChanged();
    },
    async updated(uri) {
      if (subscribed.has(uri)) await server.sendResourceUpdated({ uri });
    },
    streaming: async () => streaming,
    rootsChanged: () => rootsChanged,
  };

  const callOf = (extra: Extra): Call => ({
    signal: extra.signal,
    progressToken: extra._meta?.progressToken,
    clientCapabilities: server.getClientCapabilities() ?? {},
    notify: (method, params) => extra.sendNotification({ method, params } as ServerNotification),
    async log(at, data) {
      if (LEVELS.indexOf(at) < LEVELS.indexOf(level)) return;
      const params = { level: at, data, logger: 'features' };
      await extra.sendNotification({ method: 'notifications/message', params } as ServerNotification);
    },
    ask: (_key, method, params) => extra.sendRequest({ method, params } as ServerRequest, AnyResult),
    roundTrip: async () => undefined,
    server: around,
  });

  for (const method of METHODS) {
    server.setRequestHandler(SCHEMAS[method], (request: { params?: unknown }, extra: Extra) =>
      translated(() => answer(method, (request.params ?? {}) as Params, callOf(extra))),
    );
  }
  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    level = params.level;
    return {};
  });
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  const vendorSchema = z.object({ method: z.literal(VENDOR_METHOD), params: AnyResult.optional() });
  server.setRequestHandler(vendorSchema, ({ params }) => vendor(params ?? {}));
  return server;
}

async function translated(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof FeatureError)) throw error;
    // Older revisions have a code of their own for a resource that does not exist.
    const isResource = error.code === -32602 && error.message.startsWith('Resource not found');
    const code = isResource ? -32002 : error.code;
    // McpError puts the code in front of the message; the bare message is what the definition says.
    throw Object.assign(new McpError(code, error.message, error.data), { message: error.message });
  }
}
