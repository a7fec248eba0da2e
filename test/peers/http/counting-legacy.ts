// The two transports with sessions, as the counting server speaks them: Streamable HTTP and HTTP+SSE.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readJson } from '../listen.ts';
import type { RpcMessage } from '../rpc.ts';
import { CountingSession, type Neighbours, type Outlet } from './counting-session.ts';
import type { Ledger } from './ledger.ts';

export type Face = (req: IncomingMessage, res: ServerResponse, body?: unknown) => Promise<void>;

const EVENTS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
const event = (message: object): string => `event: message\ndata: ${JSON.stringify(message)}\n\n`;

const PROBES = new Set<unknown>(['ping', 'server/discover']);

export function streamableFace(around: Neighbours): Face {
  const { sessions, ledger, forgotten } = around;
  const streams = new Map<CountingSession, ServerResponse>();
  const kept = new Map<CountingSession, object[]>();
  const ended = new Set<string>();

  const open = (): CountingSession => {
    const session: CountingSession = new CountingSession(randomUUID(), around, (message) => {
      const stream = streams.get(session);
      if (stream) stream.write(event(message));
      else kept.set(session, [...(kept.get(session) ?? []), message]);
    });
    return session;
  };

  const listen = (session: CountingSession, res: ServerResponse): void => {
    streams.get(session)?.end();
    streams.set(session, res);
    const end = (): void => void res.end();
    session.over.signal.addEventListener('abort', end);
    openStream(res, ledger, () => {
      session.over.signal.removeEventListener('abort', end);
      if (streams.get(session) === res) streams.delete(session);
    });
    for (const message of kept.get(session) ?? []) res.write(event(message));
    kept.delete(session);
  };

  return async (req, res, body) => {
    const id = req.headers['mcp-session-id'] as string | undefined;
    const message = (body ?? (req.method === 'POST' ? await readJson(req) : undefined)) as RpcMessage | undefined;
    if (id === undefined && message?.method === 'initialize') {
      const session = open();
      res.setHeader('mcp-session-id', session.id);
      return session.answer(message, postOutlet(res, ledger));
    }
    const session = sessions.get(id ?? '');
    if (!session) {
      // A ping without a session asks whether the server is there, and a discover whether it is of 2026-07-28. The DELETE of a client that left may overtake its
      // last messages; a client that is still there and uses such a session gets no answer.
      const isRight = id === undefined ? PROBES.has(message?.method) : ended.has(id) || forgotten.has(id);
      if (!isRight) ledger.complain(`${req.method} ${message?.method ?? ''} for the unknown session ${id}`);
      return void res.writeHead(id === undefined ? 400 : 404).end();
    }
    if (req.method === 'DELETE') {
      ledger.deletes += 1;
      ended.add(session.id);
      session.close();
      kept.delete(session);
      return void res.writeHead(200).end();
    }
    if (req.method === 'GET') return listen(session, res);
    if (message?.method !== undefined && message.id !== undefined) {
      return session.answer(message, postOutlet(res, ledger));
    }
    if (message) session.take(message);
    res.writeHead(202).end();
  };
}

export function sseFace(around: Neighbours): Face {
  const { sessions, ledger } = around;
  const streams = new Map<string, ServerResponse>();
  const ended = new Set<string>();
  return async (req, res) => {
    const url = new URL(req.url ?? '', 'http://localhost');
    if (url.pathname === '/sse' && req.method === 'GET') {
      const session = new CountingSession(randomUUID(), around, (message) => res.write(event(message)));
      streams.set(session.id, res);
      openStream(res, ledger, () => {
        streams.delete(session.id);
        ended.add(session.id);
        session.close();
      });
      res.write(`event: endpoint\ndata: /message?sessionId=${session.id}\n\n`);
      return;
    }
    const id = url.searchParams.get('sessionId') ?? '';
    const session = sessions.get(id);
    const stream = streams.get(session?.id ?? '');
    if (req.method !== 'POST' || !session || !stream) {
      // The end of the stream, which is that of the session, may overtake a message.
      if (url.pathname === '/message' && !ended.has(id)) ledger.complain(`${req.method} ${req.url}: no such session`);
      return void res.writeHead(url.pathname === '/message' ? 404 : 405).end();
    }
    const message = (await readJson(req)) as RpcMessage;
    res.writeHead(202).end('Accepted');
    if (message.method === undefined || message.id === undefined) return session.take(message);
    const write = (text: object): void => void stream.write(event(text));
    ledger.requests += 1;
    return session.answer(message, { send: write, finish: write });
  };
}

/** A response that stays open and belongs to no call. */
export function openStream(res: ServerResponse, ledger: Ledger, closed: () => void): void {
  res.writeHead(200, EVENTS);
  res.flushHeaders();
  ledger.streamsOpen += 1;
  ledger.changed();
  res.once('close', () => {
    closed();
    ledger.streamsOpen -= 1;
    ledger.changed();
  });
}

/** The response to one POST: JSON if the answer is all there is, and events otherwise. */
export function postOutlet(res: ServerResponse, ledger: Ledger): Outlet {
  ledger.requests += 1;
  ledger.callsOpen += 1;
  ledger.changed();
  res.once('close', () => {
    ledger.callsOpen -= 1;
    ledger.changed();
  });
  const send = (message: object): void => {
    if (!res.headersSent) res.writeHead(200, EVENTS);
    res.write(event(message));
  };
  return {
    send,
    finish(answer, as = 'json') {
      if (as === 'json' && !res.headersSent) {
        res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
        return;
      }
      send(answer);
      res.end();
    },
  };
}
