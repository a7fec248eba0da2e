// What a healthy server over HTTP answers, and which phase of the matrix a request belongs to.
import type http from 'node:http';
import { MODERN, type RpcMessage } from '../peers/rpc.ts';
import type { Phase } from './cells.ts';
import { TOKEN_PATH } from './sign-in.ts';

export const LIST_CHANGED = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };
export const FORM = { message: 'Which?', requestedSchema: { type: 'object', properties: { n: { type: 'number' } } } };
const TOOLS = ['echo', 'progress', 'ask', 'marked'].map((name) => ({
  name,
  inputSchema: { type: 'object' },
  ...(name === 'marked' && { annotations: { readOnlyHint: true, idempotentHint: true } }),
}));

const INITIALIZED = { capabilities: { tools: { listChanged: true } }, serverInfo: { name: 'faulty', version: '1' } };
const CACHE = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

export interface Incoming {
  readonly req: http.IncomingMessage;
  readonly res: http.ServerResponse;
  readonly message: RpcMessage | undefined;
  readonly path: string;
}

/** What a healthy server answers to a request: its result or error. */
export function outcomeOf({ method, params }: RpcMessage, isModern: boolean): object {
  const complete = isModern ? CACHE : {};
  if (method === 'initialize') {
    if (!isModern) return { result: { ...INITIALIZED, protocolVersion: params?.protocolVersion } };
    return { error: { code: -32022, message: 'Unsupported protocol version', data: { supported: [MODERN] } } };
  }
  if (method === 'server/discover' && isModern) {
    return { result: { ...CACHE, ...INITIALIZED, supportedVersions: [MODERN] } };
  }
  if (method === 'ping') return { result: {} };
  if (method === 'tools/list') return { result: { ...complete, tools: TOOLS } };
  if (method !== 'tools/call') return { error: { code: -32601, message: 'Method not found' } };
  if (isModern && params?.name === 'ask' && params.inputResponses === undefined) {
    const inputRequests = { form: { method: 'elicitation/create', params: { mode: 'form', ...FORM } } };
    return { result: { resultType: 'input_required', inputRequests, requestState: 'state' } };
  }
  return { result: { ...(isModern && { resultType: 'complete' }), content: [{ type: 'text', text: 'done' }] } };
}

/** The phase that a request belongs to; undefined for those that no phase is about. */
export function phaseOf({ req, message, path }: Incoming, isModern: boolean): Phase | undefined {
  if (req.method === 'GET') return 'GET stream';
  if (req.method === 'DELETE') return 'DELETE';
  if (path === TOKEN_PATH) return 'token call';
  if (!message) return undefined;
  const { method, params } = message;
  switch (method) {
    case undefined:
      return 'questions';
    case 'initialize':
    case 'server/discover':
      return 'initialize';
    case 'tools/list':
      return 'list';
    case 'subscriptions/listen':
      return 'subscription';
    case 'tools/call':
      if (params?.inputResponses !== undefined) return 'questions';
      if (params?.name === 'ask') return isModern ? undefined : 'questions';
      return params?.name === 'progress' ? 'progress' : params?.name === 'marked' ? 'marked call' : 'call';
    default:
      return undefined;
  }
}
