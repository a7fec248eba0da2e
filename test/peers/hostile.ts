// A server that does what a test tells it, right or wrong. Left alone it is a small correct server of every revision
// over Streamable HTTP; a test replaces the answer to one kind of request, always or once.
//
//   const server = await startHostile();
//   server.once('tools/call', status(503, 'busy'));
//   ...
//   expect(server.executions).toBe(1);
//
// In a test file: afterEach(closeHostiles).

import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Changes } from './changes.ts';
import { reply, rpcError, status } from './hostile-answers.ts';
import { listenLoopback, type Peer } from './listen.ts';
import { MODERN, type RpcMessage } from './rpc.ts';

export interface Seen {
  /** The JSON-RPC method of a POST; `response`, `batch` or `garbage` for a POST without one; else the HTTP method. */
  readonly kind: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly message: RpcMessage;
  /** The JSON text of the request's id. */
  readonly id: string;
  readonly modern: boolean;
  readonly session: string | undefined;
  /** Whether the connection had carried a request before. */
  readonly reused: boolean;
  /** Refused because its session is unknown, before anything could run. */
  refused: boolean;
  /** Resolves when the response is over or its connection is gone. */
  readonly closed: Promise<void>;
  /** Cuts its connection, whatever is on it now. */
  cut(): void;
}

export type Answer = (res: ServerResponse, seen: Seen) => unknown;

export interface Hostile extends Peer {
  /** In order of arrival, each there before its answer is. */
  readonly requests: readonly Seen[];
  /** The answer to a request of an unknown session. */
  readonly executions: number;
  /** What a request of an unknown session gets. */
  unknownSession: Answer;
  /** Answers every further request of this kind. */
  on(kind: string, answer: Answer): void;
  /** Answers the next request of this kind that no earlier `once` takes. */
  once(kind: string, answer: Answer): void;
  all(kind: string): Seen[];
  /** What a restart does to a server that keeps its sessions in memory. */
  seen(kind: string, nth?: number): Promise<Seen>;
  /** What a restart does to a server that keeps its sessions in memory. */
  forgetSessions(): void;
}

const DEFAULTS: Record<string, Answer> = {
  GET: status(405, ''),
  DELETE: status(200, ''),
  response: status(202, ''),
  'server/discover': reply({
    supportedVersions: [MODERN],
    capabilities: { tools: {} },
    ttlMs: 0,
    cacheScope: 'private',
    serverInfo: { name: 'hostile', version: '1.0.0' },
  }),
  ping: reply({}),
  'logging/setLevel': reply({}),
  'resources/subscribe': reply({}),
  'resources/unsubscribe': reply({}),
  'tools/list': reply({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }),
  'tools/call': (res, seen) => {
    const text = JSON.stringify(seen.message.params?.arguments ?? {});
    return reply({ content: [{ type: 'text', text }] })(res, seen);
  },
};

const running = new Set<Peer>();

/** Adds a server to those that `closeHostiles` closes. */
export function closeLater<T extends Peer>(peer: T): T {
  running.add(peer);
  return peer;
}

/** For afterEach. */
export async function closeHostiles(): Promise<void> {
  const peers = [...running];
  running.clear();
  await Promise.all(peers.map((peer) => peer.close()));
}

export async function startHostile(): Promise<Hostile> {
  const requests: Seen[] = [];
  const changes = new Changes();
  const always = new Map<string, Answer>();
  const next = new Map<string, Answer[]>();
  const carried = new WeakSet<Socket>();
  let sessions = new Set<string>();
  let lastSession = 0;

  const initialize: Answer = (res, seen) => {
    const session = `session-${++lastSession}`;
    sessions.add(session);
    res.setHeader('mcp-session-id', session);
    const { protocolVersion } = seen.message.params as { protocolVersion: string };
    const capabilities = { tools: { listChanged: true }, logging: {}, resources: { subscribe: true } };
    return reply({ protocolVersion, capabilities, serverInfo: { name: 'hostile', version: '1.0.0' } })(res, seen);
  };
  const byDefault = (kind: string): Answer => {
    if (kind === 'initialize') return initialize;
    if (kind.startsWith('notifications/')) return status(202, '');
    return DEFAULTS[kind] ?? rpcError(-32601, 'Method not found');
  };
  const needsSession = (seen: Seen): boolean =>
    !seen.modern && !['initialize', 'server/discover', 'GET', 'DELETE'].includes(seen.kind);

  const peer = await listenLoopback('/mcp', async (req, res) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of req) chunks.push(chunk as Buffer);
    } catch {
      // The client went away in the middle of its request.
      return;
    }
    const body = Buffer.concat(chunks).toString('utf8');
    const seen: Seen = {
      ...describe(req.method ?? '', body),
      path: req.url ?? '',
      headers: req.headers,
      body,
      session: req.headers['mcp-session-id'] as string | undefined,
      reused: carried.has(req.socket),
      refused: false,
      closed: new Promise((resolve) => res.once('close', resolve)),
      cut: () => void req.socket.destroy(),
    };
    carried.add(req.socket);
    const unknown = needsSession(seen) && (seen.session === undefined || !sessions.has(seen.session));
    seen.refused = unknown;
    requests.push(seen);
    changes.changed();
    if (unknown) return hostile.unknownSession(res, seen);
    const answer = next.get(seen.kind)?.shift() ?? always.get(seen.kind) ?? byDefault(seen.kind);
    return answer(res, seen);
  });

  const hostile: Hostile = {
    url: peer.url,
    requests,
    get executions() {
      return requests.filter(({ kind, refused }) => kind === 'tools/call' && !refused).length;
    },
    unknownSession: status(404, ''),
    on: (kind, answer) => void always.set(kind, answer),
    once: (kind, answer) => void next.set(kind, [...(next.get(kind) ?? []), answer]),
    all: (kind) => requests.filter((seen) => seen.kind === kind),
    seen(kind, nth = 1) {
      return changes.until(
        () => hostile.all(kind)[nth - 1],
        (reason) => `${reason} for ${kind} number ${nth}; seen: ${requests.map((seen) => seen.kind).join(', ')}`,
      );
    },
    forgetSessions: () => {
      sessions = new Set();
    },
    close: () => peer.close(),
  };
  return closeLater(hostile);
}

function describe(httpMethod: string, body: string): Pick<Seen, 'kind' | 'message' | 'id' | 'modern'> {
  const none = { message: { jsonrpc: '2.0' } as RpcMessage, id: 'null', modern: false };
  if (httpMethod !== 'POST') return { kind: httpMethod, ...none };
  let message: RpcMessage;
  try {
    message = JSON.parse(body) as RpcMessage;
  } catch {
    return { kind: 'garbage', ...none };
  }
  if (Array.isArray(message)) return { kind: 'batch', ...none };
  return {
    kind: message.method ?? 'response',
    message,
    id: JSON.stringify(message.id ?? null),
    modern: message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined,
  };
}
