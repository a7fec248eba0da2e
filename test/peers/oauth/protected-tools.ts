// The tools behind the check, carried by the real SDKs; whoever presents the token travels as the SDKs' own authInfo.
import { randomUUID } from 'node:crypto';
import type http from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import type { Bearer } from './authority.ts';

/** `http`: every revision, no sessions. `modern`: 2026-07-28. `sessions`: up to 2025-11-25. `sse`: HTTP+SSE. */
export type Carrier = 'http' | 'modern' | 'sessions' | 'sse';

export interface Carried {
  readonly path: string;
  /** Serves a request that has passed the check; `body` is its parsed body, if it had one. */
  serve(
    req: http.IncomingMessage,
    res: http.ServerResponse,
    body: unknown,
    bearer: Bearer | undefined,
  ): Promise<unknown>;
  close(): Promise<void>;
}

type Executed = (tool: string) => void;
type Authenticated = http.IncomingMessage & { auth?: AuthInfo };

interface AuthInfo {
  token: string;
  clientId: string;
  scopes: string[];
  extra: { subject: string };
}

const INFO = { name: 'protected-server', version: '1.0.0' };
const TOOLS = [
  { name: 'echo', description: 'Returns its arguments' },
  { name: 'whoami', description: 'Says who is signed in' },
  { name: 'admin', description: 'Needs more scope' },
].map((tool) => ({ ...tool, inputSchema: { type: 'object' as const, additionalProperties: true } }));

function callTool(name: string, args: unknown, auth: AuthInfo | undefined, executed: Executed) {
  if (!TOOLS.some((tool) => tool.name === name)) throw new Error(`no tool ${name}`);
  executed(name);
  const text =
    name === 'whoami' ? (auth?.extra.subject ?? 'nobody') : name === 'admin' ? 'done' : JSON.stringify(args ?? {});
  return { content: [{ type: 'text' as const, text }] };
}

export function carry(carrier: Carrier, executed: Executed): Carried {
  if (carrier === 'http') return overHttp('stateless', executed);
  if (carrier === 'modern') return overHttp('reject', executed);
  return carrier === 'sessions' ? withSessions(executed) : overSse(executed);
}

function identified(req: http.IncomingMessage, bearer: Bearer | undefined): Authenticated {
  if (!bearer) return req;
  const { subject, clientId, scopes } = bearer;
  const token = (req.headers.authorization ?? '').replace(/^Bearer /i, '');
  return Object.assign(req, { auth: { token, clientId, scopes: [...scopes], extra: { subject } } });
}

function overHttp(legacy: 'stateless' | 'reject', executed: Executed): Carried {
  const handler = createMcpHandler(
    () => {
      const server = new Server(INFO, { capabilities: { tools: {} } });
      server.setRequestHandler('tools/list', () => ({ tools: TOOLS }));
      server.setRequestHandler('tools/call', ({ params }, ctx) =>
        callTool(params.name, params.arguments, ctx.http?.authInfo as AuthInfo | undefined, executed),
      );
      return server;
    },
    { legacy },
  );
  const node = toNodeHandler(handler);
  return {
    path: '/mcp',
    serve: async (req, res, body, bearer) =>
      node(...([identified(req, bearer), res, body] as unknown as Parameters<typeof node>)),
    close: () => handler.close(),
  };
}

function serverV1(executed: Executed): ServerV1 {
  const server = new ServerV1(INFO, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    callTool(params.name, params.arguments, extra.authInfo as AuthInfo | undefined, executed),
  );
  return server;
}

function withSessions(executed: Executed): Carried {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  return {
    path: '/mcp',
    async serve(req, res, body, bearer) {
      const id = req.headers['mcp-session-id'];
      let transport = sessions.get(String(id));
      if (id === undefined) {
        const fresh = new StreamableHTTPServerTransport({
          sessionIdGenerator: () => randomUUID(),
          onsessioninitialized: (session) => void sessions.set(session, fresh),
          onsessionclosed: (session) => void sessions.delete(session),
        });
        await serverV1(executed).connect(fresh as Transport);
        transport = fresh;
      }
      if (transport) await transport.handleRequest(identified(req, bearer) as never, res, body);
      else res.writeHead(404, { 'content-type': 'text/plain' }).end('no such session');
    },
    async close() {
      await Promise.all([...sessions.values()].map((transport) => transport.close()));
    },
  };
}

function overSse(executed: Executed): Carried {
  const sessions = new Map<string, SSEServerTransport>();
  return {
    path: '/sse',
    async serve(req, res, body, bearer) {
      const url = new URL(req.url ?? '/', 'http://localhost');
      if (req.method === 'GET' && url.pathname === '/sse') {
        const transport = new SSEServerTransport('/message', res);
        sessions.set(transport.sessionId, transport);
        res.once('close', () => sessions.delete(transport.sessionId));
        await serverV1(executed).connect(transport);
        return;
      }
      const transport = sessions.get(url.searchParams.get('sessionId') ?? '');
      if (req.method === 'POST' && transport) {
        await transport.handlePostMessage(identified(req, bearer) as never, res, body);
      } else res.writeHead(req.method === 'POST' && url.pathname === '/sse' ? 405 : 404).end();
    },
    async close() {
      await Promise.all([...sessions.values()].map((transport) => transport.close()));
    },
  };
}
