// A server that says something whenever the test wants, and answers calls in two steps.
//
//   const server = await startStreaming();
//   await server.listening(1);
//   server.say('one');
import type { ServerResponse } from 'node:http';
import { expect } from 'vitest';
import { legacyServer, rpc } from '../../peers/minimal-server.ts';
import { startScripted } from '../../peers/scripted.ts';

const INITIALIZED = JSON.stringify({
  protocolVersion: '2025-11-25',
  capabilities: { tools: {}, logging: {} },
  serverInfo: { name: 'streaming', version: '1' },
});

export interface StreamingServer {
  readonly url: string;
  /** Says something on the streams for messages that belong to no call. */
  say(text: string): void;
  /** Resolves when there is a stream for such messages. */
  listening(count: number): Promise<void>;
  /** Ends the call of a tool, which has begun with a message. */
  answer(tool: string): void;
  close(): Promise<void>;
}

const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const saying = (data: string): string => event({ method: 'notifications/message', params: { level: 'info', data } });

export async function startStreaming(): Promise<StreamingServer> {
  const streams = new Set<ServerResponse>();
  const calls = new Map<string, { readonly id: unknown; readonly res: ServerResponse }>();
  let opened = 0;
  const serve = legacyServer({ initialize: INITIALIZED, 'logging/setLevel': '{}' });
  const peer = await startScripted('/mcp', (seen, res) => {
    const { id, method, params } = rpc(seen);
    if (seen.method !== 'GET' && method !== 'tools/call') return serve(seen, res);
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.flushHeaders();
    if (method === 'tools/call') {
      calls.set(params.name, { id, res });
      res.write(saying(`begins ${params.name}`));
      return;
    }
    opened++;
    streams.add(res);
    res.once('close', () => streams.delete(res));
  });
  return {
    url: peer.url,
    say(text) {
      for (const res of streams) res.write(saying(text));
    },
    listening: (count) => expect.poll(() => opened, { timeout: 60_000 }).toBeGreaterThanOrEqual(count),
    answer(tool) {
      const { id, res } = calls.get(tool) ?? {};
      res?.end(event({ id, result: { content: [{ type: 'text', text: tool }] } }));
    },
    close: peer.close,
  };
}
