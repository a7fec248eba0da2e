// Minimal MCP servers, written by hand, for tests that need to see every request and to change single answers.
import type { ServerResponse } from 'node:http';
import { MODERN } from './rpc.ts';
import { answer, type Script, type Seen } from './scripted.ts';

export interface Message {
  id?: string | number;
  method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: scripts read members of messages they know the shape of
  params?: any;
}

/** Text to answer a method with: the whole JSON-RPC `result`. */
export type Results = Record<string, string | ((params: Message['params']) => string)>;

const TOOLS = '{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}';
const CALLED = '{"content":[{"type":"text","text":"called"}]}';

const LEGACY: Results = {
  initialize: ({ protocolVersion }) =>
    JSON.stringify({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'minimal', version: '1' } }),
  'tools/list': TOOLS,
  'tools/call': CALLED,
  ping: '{}',
};

const MODERN_RESULTS: Results = {
  'server/discover': `{"resultType":"complete","supportedVersions":["${MODERN}"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}`,
  'tools/list': `{"resultType":"complete","ttlMs":0,"cacheScope":"private",${TOOLS.slice(1)}`,
  'tools/call': `{"resultType":"complete",${CALLED.slice(1)}`,
};

/** Streamable HTTP with a session and without a GET stream. */
export function legacyServer(results: Results = {}): Script {
  return (seen, res) => {
    if (seen.method === 'DELETE') return answer(res, 200, 'text/plain', '');
    if (seen.method !== 'POST') return answer(res, 405, 'text/plain', 'no stream');
    const headers = rpc(seen).method === 'initialize' ? { 'mcp-session-id': 'session-1' } : {};
    return answerRpc(seen, res, { ...LEGACY, ...results }, headers);
  };
}

/** Streamable HTTP of 2026-07-28. */
export function modernServer(results: Results = {}): Script {
  return (seen, res) => {
    if (seen.method !== 'POST') return answer(res, 405, 'text/plain', 'only POST');
    return answerRpc(seen, res, { ...MODERN_RESULTS, ...results });
  };
}

/** HTTP+SSE: everything is answered on the stream of a GET. */
export function sseServer(results: Results = {}): Script {
  const streams = new Map<string, ServerResponse>();
  return (seen, res) => {
    const session = new URL(seen.path, 'http://host').searchParams.get('session');
    if (seen.method === 'GET') {
      const id = String(streams.size + 1);
      streams.set(id, res);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(`event: endpoint\ndata: /message?session=${id}\n\n`);
      return;
    }
    const stream = session === null ? undefined : streams.get(session);
    if (seen.method !== 'POST' || !stream) return answer(res, 405, 'text/plain', 'only GET');
    answer(res, 202, 'text/plain', 'accepted');
    const { id, method = '', params } = rpc(seen);
    if (id !== undefined)
      stream.write(`event: message\ndata: ${response(id, method, params, { ...LEGACY, ...results })}\n\n`);
  };
}

export function rpc(seen: Seen): Message {
  return seen.body === '' ? {} : (JSON.parse(seen.body) as Message);
}

export function answerRpc(seen: Seen, res: ServerResponse, results: Results, headers = {}): void {
  const { id, method = '', params } = rpc(seen);
  if (id === undefined) answer(res, 202, 'text/plain', '');
  else answer(res, 200, 'application/json', response(id, method, params, results), headers);
}

function response(id: string | number, method: string, params: Message['params'], results: Results): string {
  const result = results[method];
  const text = typeof result === 'function' ? result(params ?? {}) : result;
  const outcome = text === undefined ? '"error":{"code":-32601,"message":"Method not found"}' : `"result":${text}`;
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${outcome}}`;
}

/** A JSON-RPC error as the body of a refusal. */
export function rpcErrorBody(code: number, message: string, data?: unknown, id: string | number | null = null): string {
  return JSON.stringify({ jsonrpc: '2.0', error: { code, message, ...(data === undefined ? {} : { data }) }, id });
}
