// The feature definition carried by SDK v2 (@modelcontextprotocol/server) over HTTP: 2026-07-28, and, where it is
// dual-era, the revisions before it without sessions.
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  type InputRequests,
  inputRequired,
  type McpHttpHandler,
  ProtocolError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { bareBigIntegers } from './big-integers.ts';
import {
  answer,
  CAPABILITIES,
  type Call,
  FeatureError,
  INSTRUCTIONS,
  InputNeeded,
  METHODS,
  type Params,
  type Result,
  SERVER_INFO,
  type ServerSide,
  VENDOR_METHOD,
  vendor,
} from './features.ts';
import { listenLoopback, type Peer } from './listen.ts';

const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

/** What travels in requestState: the answers of the rounds so far, and the state of the tool. */
interface Carried {
  answers: Record<string, Result>;
  state?: string;
}

/** Errors the SDK reports out of band are collected: an empty list is part of a clean run. */
export interface SdkV2Peer extends Peer {
  readonly errors: readonly Error[];
}

export async function startSdkV2(legacy: 'stateless' | 'reject'): Promise<SdkV2Peer> {
  const errors: Error[] = [];
  const handler = createMcpHandler(({ era }) => buildServerV2(era, () => handler), {
    legacy,
    onerror: (error) => errors.push(error),
  });
  const node = toNodeHandler(handler);
  const peer = await listenLoopback('/mcp', (req, res) => {
    bareBigIntegers(res);
    return node(...([req, res] as unknown as Parameters<typeof node>));
  });
  return {
    url: peer.url,
    errors,
    async close() {
      await handler.close();
      await peer.close();
    },
  };
}

/** @param handler what tells clients of changes; left out: the connection of the server itself */
export function buildServerV2(era: 'legacy' | 'modern', handler?: () => McpHttpHandler): Server {
  const server = new Server(SERVER_INFO, { capabilities: CAPABILITIES, instructions: INSTRUCTIONS });
  const around: ServerSide = {
    async announce(what) {
      if (!handler) {
        if (what === 'tools') await server.sendToolListChanged();
        else if (what === 'prompts') await server.sendPromptListChanged();
        else await server.sendResourceListChanged();
        return;
      }
      const { notify } = handler();
      if (what === 'tools') notify.toolsChanged();
      else if (what === 'prompts') notify.promptsChanged();
      else notify.resourcesChanged();
    },
    updated: async (uri) => (handler ? handler().notify.resourceUpdated(uri) : server.sendResourceUpdated({ uri })),
    streaming: async () => {},
    rootsChanged: async () => {},
  };
  for (const method of METHODS) {
    const run = (request: { params?: unknown }, ctx: ServerContext): Promise<Result> =>
      translated(() => answer(method, (request.params ?? {}) as Params, callOf(server, era, ctx, around)), ctx);
    // The handlers differ only in types that the feature definition does not know.
    server.setRequestHandler(method as 'tools/call', run as never);
  }
  server.setRequestHandler(VENDOR_METHOD, { params: z.looseObject({}) }, (params) => vendor(params));
  return server;
}

function callOf(server: Server, era: 'legacy' | 'modern', ctx: ServerContext, around: ServerSide): Call {
  const { mcpReq } = ctx;
  const before = carried(ctx);
  return {
    signal: mcpReq.signal,
    progressToken: mcpReq._meta?.progressToken,
    clientCapabilities: ((mcpReq.envelope as Params | undefined)?.[CLIENT_CAPABILITIES] ??
      server.getClientCapabilities() ??
      {}) as Params,
    notify: (method, params) => mcpReq.notify({ method, params }),
    log: (level, data) => mcpReq.log(level as 'info', data, 'features'),
    async ask(key, method, params) {
      if (era === 'legacy') return mcpReq.send({ method: method as 'roots/list', params });
      const known = before.answers[key];
      if (known) return known;
      // Only older revisions name a question.
      const { elicitationId: _, ...asked } = params;
      throw new InputNeeded({ [key]: { method, params: asked } });
    },
    async roundTrip(state) {
      if (era === 'legacy') return undefined;
      if (before.state !== undefined) return before.state;
      throw new InputNeeded({}, state);
    },
    server: around,
  };
}

function carried({ mcpReq }: ServerContext): Carried {
  const raw = mcpReq.requestState();
  const before = raw === undefined ? { answers: {} } : (JSON.parse(String(raw)) as Carried);
  const now = (mcpReq.inputResponses ?? {}) as Record<string, Result>;
  return { ...before, answers: { ...before.answers, ...now } };
}

async function translated(run: () => Promise<Result>, ctx: ServerContext): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof InputNeeded) {
      const { answers } = carried(ctx);
      const requestState = JSON.stringify({ answers, ...(error.state === undefined ? {} : { state: error.state }) });
      const inputRequests = error.requests as unknown as InputRequests;
      return inputRequired({ requestState, ...(Object.keys(inputRequests).length > 0 ? { inputRequests } : {}) });
    }
    if (error instanceof FeatureError) throw new ProtocolError(error.code, error.message, error.data);
    throw error;
  }
}
