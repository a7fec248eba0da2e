// A minimal server of 2025-11-25 that asks the client something during each call, on the stream of the call, and keeps
// the answers.
import type { ServerResponse } from 'node:http';
import { Changes } from './changes.ts';
import { legacyServer, rpc, rpcErrorBody } from './minimal-server.ts';
import { answer, type ScriptedPeer, startScripted } from './scripted.ts';

export interface AskingServer extends ScriptedPeer {
  /** The answers to the questions, by the name of the tool: results, or errors. */
  readonly answers: ReadonlyMap<string, unknown>;
  /** The tools whose calls were cancelled. */
  readonly cancelled: readonly string[];
  /** Resolves when the condition is true. */
  until(condition: () => boolean): Promise<unknown>;
}

const FORM = { message: 'Who?', requestedSchema: { type: 'object', properties: { n: { type: 'number' } } } };

/**
 * @param finishes whether a call ends when its question is answered
 * @param needsSession what it does outside of a session: nothing, everything but take answers, or everything
 */
export async function startAskingServer(
  finishes = true,
  needsSession: 'always' | 'for answers' | 'never' = 'always',
): Promise<AskingServer> {
  const answers = new Map<string, unknown>();
  const cancelled: string[] = [];
  const changes = new Changes();
  const calls = new Map<string, { readonly tool: string; readonly id: unknown; readonly res: ServerResponse }>();
  const serve = legacyServer();
  const sessionless = rpcErrorBody(-32000, 'Bad Request: No valid session ID provided');
  const server = await startScripted('/mcp', (seen, res) => {
    const { method } = rpc(seen);
    const needsOne = method === undefined ? needsSession !== 'never' : needsSession === 'always';
    if (seen.headers['mcp-session-id'] === undefined && method !== 'initialize' && needsOne) {
      return answer(res, 400, 'application/json', sessionless);
    }
    const message = seen.body === '' ? undefined : (JSON.parse(seen.body) as Record<string, never>);
    if (message?.method === 'tools/call') {
      const { id, params } = rpc(seen);
      calls.set(`q-${id}`, { tool: params.name, id, res });
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(event({ jsonrpc: '2.0', id: `q-${id}`, method: 'elicitation/create', params: FORM }));
      return;
    }
    if (message?.method === 'notifications/cancelled') {
      cancelled.push(calls.get(`q-${rpc(seen).params.requestId}`)?.tool ?? 'no call');
      changes.changed();
    }
    const call = message && message.method === undefined && calls.get(String(message.id));
    if (!call) return serve(seen, res);
    answer(res, 202, 'text/plain', '');
    const { result, error } = message as { result?: unknown; error?: unknown };
    answers.set(call.tool, result ?? { error });
    changes.changed();
    if (!finishes) return;
    const content = [{ type: 'text', text: JSON.stringify(result ?? { error }) }];
    call.res.end(event({ jsonrpc: '2.0', id: call.id, result: { content } }));
  });
  return {
    ...server,
    requests: server.requests,
    get lines() {
      return server.lines;
    },
    answers,
    cancelled,
    until: (condition) =>
      changes.until(
        () => condition() || undefined,
        (reason) => `${reason}; cancelled ${JSON.stringify(cancelled)}, answered ${JSON.stringify([...answers])}`,
      ),
  };
}

function event(message: object): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}
