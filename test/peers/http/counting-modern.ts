// The counting server of revision 2026-07-28: no sessions, questions inside results, changes on subscriptions.
import type { ServerResponse } from 'node:http';
import { readJson } from '../listen.ts';
import { MODERN, type RpcId, type RpcMessage } from '../rpc.ts';
import { type Face, openStream, postOutlet } from './counting-legacy.ts';
import type { Audience, Neighbours } from './counting-session.ts';
import { LEVELS, runTool, TOOL_LIST, type ToolArguments } from './counting-tools.ts';

const META = 'io.modelcontextprotocol/';
const CACHE = { ttlMs: 0, cacheScope: 'private' };

interface Filter {
  readonly toolsListChanged?: boolean;
  readonly resourceSubscriptions?: readonly string[];
}

interface Params {
  readonly _meta?: object;
  readonly [name: string]: unknown;
}

export function modernFace({ ledger, audience }: Neighbours): Face {
  const subscribe = ({ id = null, params }: RpcMessage, res: ServerResponse): void => {
    const { notifications } = params as { notifications: Filter };
    const tell = (method: string, more: Params): void => void res.write(tagged(id, `notifications/${method}`, more));
    const listener: Audience = {
      updated(uri, nonce) {
        if (notifications.resourceSubscriptions?.includes(uri)) tell('resources/updated', { uri, _meta: { nonce } });
      },
      announced(nonce) {
        if (notifications.toolsListChanged) tell('tools/list_changed', { _meta: { nonce } });
      },
    };
    openStream(res, ledger, () => audience.delete(listener));
    audience.add(listener);
    tell('subscriptions/acknowledged', { notifications });
  };

  const call = async (message: RpcMessage, res: ServerResponse): Promise<void> => {
    const { id, params } = message;
    const meta = params._meta as Record<string, unknown>;
    const given = params.arguments as ToolArguments;
    const outlet = postOutlet(res, ledger);
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const level = LEVELS.indexOf(String(meta[`${META}logLevel`] ?? ''));
    const finish = (result: object): void => outlet.finish({ jsonrpc: '2.0', id, result }, given.as);
    if (params.name === 'ask' && params.inputResponses === undefined) {
      const question = { message: given.nonce, mode: 'form', requestedSchema: { type: 'object', properties: {} } };
      const inputRequests = { question: { method: 'elicitation/create', params: question } };
      return finish({ resultType: 'input_required', inputRequests, requestState: given.nonce });
    }
    if (params.name === 'ask' && params.requestState !== given.nonce)
      ledger.complain(`state of another: ${given.nonce}`);
    const outcome = await runTool(params.name, {
      arguments: given,
      progressToken: meta.progressToken,
      cancelled: gone.signal,
      ledger,
      notify: (method, more) => outlet.send({ jsonrpc: '2.0', method, params: more }),
      ask: async () => ({ result: params.inputResponses.question }),
      log: (at, data) => {
        if (level < 0 || LEVELS.indexOf(at) < level) return;
        outlet.send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: at, data } });
      },
      audience,
    });
    if (outcome) finish({ resultType: 'complete', ...outcome });
  };

  return async (req, res, body) => {
    if (req.method !== 'POST') return void res.writeHead(405, { allow: 'POST' }).end();
    const message = (body ?? (await readJson(req))) as RpcMessage;
    const { id, method } = message;
    if (id === undefined) return void res.writeHead(202).end();
    // A ping without an envelope asks whether the server is there, and an `initialize` which revisions it has.
    if (req.headers['mcp-method'] !== method && method !== 'ping' && method !== 'initialize')
      ledger.complain(`${method} with Mcp-Method ${req.headers['mcp-method']}`);
    if (method === 'subscriptions/listen') return subscribe(message, res);
    if (method === 'tools/call') return call(message, res);
    const outlet = postOutlet(res, ledger);
    const result = (value: object): void =>
      outlet.finish({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...CACHE, ...value } });
    if (method === 'server/discover') {
      const capabilities = { tools: { listChanged: true }, logging: {}, resources: { subscribe: true } };
      return result({ supportedVersions: [MODERN], capabilities });
    }
    if (method === 'tools/list') return result({ tools: TOOL_LIST });
    const error = { code: -32601, message: `Method not found: ${method}` };
    res.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, error }));
  };
}

function tagged(id: RpcId, method: string, { _meta, ...params }: Params): string {
  const meta = { ..._meta, [`${META}subscriptionId`]: id };
  return `data: ${JSON.stringify({ jsonrpc: '2.0', method, params: { ...params, _meta: meta } })}\n\n`;
}
