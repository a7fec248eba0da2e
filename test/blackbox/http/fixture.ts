// A server whose answers the test writes one by one, the proxy in front of it, and a session through both.
import { afterEach } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { closeServings, type Serving, startServing } from '../../peers/http/serving.ts';
import { closeStreams, type EventStream, openStream } from './event-stream.ts';
import { type Answered, type Ask, ask, BOTH, inSession, openSession, request } from './exchange.ts';
import { type Held, hold } from './held-answers.ts';
import { closeConnections } from './raw-connection.ts';

export interface Session {
  readonly id: string;
  readonly headers: Record<string, string>;
  /** Posts a message, or this text in place of one. */
  post(body: Ask['body'], headers?: Ask['headers']): Promise<Answered>;
  /** Posts a request, and reads the response while it arrives. */
  stream(body: object, headers?: Ask['headers']): Promise<EventStream>;
  /** GETs the stream of the session, from an event on if one is given. */
  listen(lastEventId?: string): Promise<EventStream>;
  delete(): Promise<Answered>;
}

export interface Fixture {
  readonly upstream: Hostile;
  readonly serving: Serving;
  readonly session: Session;
}

/** For each test file that uses `fixture`. */
export function cleanUp(): void {
  afterEach(async () => {
    closeStreams();
    closeConnections();
    await closeServings();
    await closeHostiles();
  });
}

export async function fixture(args: string[] = [], version = '2025-11-25'): Promise<Fixture> {
  const upstream = await startHostile();
  const serving = await startServing(upstream.url, args);
  return { upstream, serving, session: await startSession(serving.url, version) };
}

/** The same, with the stream of the session open on both sides of the proxy. */
export async function listening(args: string[] = []): Promise<Fixture & { stream: EventStream; theirs: Held }> {
  const upstream = await startHostile();
  const gets = hold(upstream, 'GET');
  const serving = await startServing(upstream.url, args);
  const session = await startSession(serving.url);
  const stream = await session.listen();
  return { upstream, serving, session, stream, theirs: await gets.nth(1) };
}

export async function startSession(url: string, version = '2025-11-25'): Promise<Session> {
  const id = await openSession(url, version);
  const headers = inSession(id, version);
  const path = '/mcp';
  return {
    id,
    headers,
    post: (body, more) => ask(url, { path, headers: { ...headers, ...more }, ...(body !== undefined && { body }) }),
    stream: (body, more) => openStream(url, { path, headers: { ...headers, accept: BOTH, ...more }, body }),
    listen: (last) =>
      openStream(url, { path, headers: { ...headers, ...(last !== undefined && { 'last-event-id': last }) } }),
    delete: () => ask(url, { path, method: 'DELETE', headers }),
  };
}

export const call = (id: string | number, more: object = {}): object =>
  request(id, 'tools/call', { name: 'long', arguments: {}, ...more });

export const progress = (n: number, token = 'p'): string =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"${token}","progress":${n}}}`;

export const log = (n: number): string =>
  `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{"n":${n}}}}`;

export const done = (id: string, text = 'done'): string => a.resultText(id, { content: [{ type: 'text', text }] });
