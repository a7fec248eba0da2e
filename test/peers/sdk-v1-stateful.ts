// SDK v1 over Streamable HTTP with sessions: POST, GET stream with resumable events, DELETE.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { isInitializeRequest, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { bareBigIntegers } from './big-integers.ts';
import { listenLoopback, type Peer, readJson } from './listen.ts';
import { buildServerV1 } from './sdk-v1.ts';

interface Session {
  transport: StreamableHTTPServerTransport;
  /** The GET stream of the client is open. */
  listening(): void;
}

export interface StatefulPeer extends Peer {
  /** Sessions that are open now: none may be left when every client is gone. */
  readonly sessions: ReadonlyMap<string, unknown>;
}

export async function startSdkV1Stateful(): Promise<StatefulPeer> {
  const sessions = new Map<string, Session>();

  const open = async (): Promise<StreamableHTTPServerTransport> => {
    let listening = (): void => {};
    const streaming = new Promise<void>((resolve) => {
      listening = resolve;
    });
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: memoryOfEvents(),
      onsessioninitialized: (id) => void sessions.set(id, { transport, listening }),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await buildServerV1(streaming).connect(transport as Transport);
    return transport;
  };

  const peer = await listenLoopback('/mcp', async (req, res) => {
    bareBigIntegers(res);
    const id = req.headers['mcp-session-id'];
    const session = typeof id === 'string' ? sessions.get(id) : undefined;
    if (session) {
      if (req.method === 'GET') onceStreaming(res, session.listening);
      const body = req.method === 'POST' ? await readJson(req) : undefined;
      await session.transport.handleRequest(req, res, body);
      return;
    }
    const body = req.method === 'POST' ? await readJson(req) : undefined;
    if (id === undefined && isInitializeRequest(body)) {
      await (await open()).handleRequest(req, res, body);
      return;
    }
    // As the SDK's own example router answers.
    const error = { code: -32000, message: 'Bad Request: No valid session ID provided' };
    const status = id === undefined ? 400 : 404;
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
  });

  return {
    url: peer.url,
    sessions,
    async close() {
      await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
      await peer.close();
    },
  };
}

function onceStreaming(res: ServerResponse, listening: () => void): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = (...args: unknown[]) => {
    if (args[0] === 200) listening();
    return writeHead(...args);
  };
}

/** Events in order, per stream, for the life of the session. */
function memoryOfEvents(): EventStore {
  const events: { id: string; stream: string; message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}~${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async replayEventsAfter(last, { send }) {
      const at = events.findIndex(({ id }) => id === last);
      const stream = events[at]?.stream ?? '';
      for (const event of events.slice(at + 1)) if (event.stream === stream) await send(event.id, event.message);
      return stream;
    },
  };
}
