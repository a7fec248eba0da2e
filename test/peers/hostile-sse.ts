// A server of revision 2024-11-05 (HTTP+SSE) that does what a test tells it: each GET opens a stream whose first event
// names an endpoint, each POST to that endpoint is answered on the stream. A test replaces any of it.

import type { ServerResponse } from 'node:http';
import { closeLater } from './hostile.ts';
import { resultText } from './hostile-answers.ts';
import { listenLoopback, type Peer } from './listen.ts';
import type { RpcMessage } from './rpc.ts';
import { Watched } from './watched.ts';

export interface Posted {
  readonly path: string;
  /** The body as it was written. */
  readonly text: string;
  readonly message: RpcMessage;
}

export interface SseStream {
  readonly number: number;
  /** Writes bytes on the stream. */
  write(text: string | Buffer): void;
  /** Sends a message on the stream. */
  send(text: string): void;
  /** Ends the stream in order. */
  end(): void;
  /** Closes its connection with a reset. */
  cut(): void;
}

export interface HostileSse extends Peer {
  /** GETs in order of arrival. */
  readonly streams: readonly SseStream[];
  readonly posts: readonly Posted[];
  /** The answer to a GET; undefined, as by default, for a stream. */
  refuse: ((res: ServerResponse) => void) | undefined;
  /** What a stream begins with; an endpoint event by default. */
  begin: (stream: SseStream, res: ServerResponse) => void;
  /** The answer to a POST; by default 202, with the answer on the stream. */
  post: (posted: Posted, stream: SseStream, res: ServerResponse) => void;
  /** The n-th POST of a method, past or future. */
  posted(method: string, nth?: number): Promise<Posted>;
}

export const endpointEvent = (endpoint: string): string => `event: endpoint\ndata: ${endpoint}\n\n`;

/** The regular answer to a request; nothing for anything else. */
export function regularAnswer({ message }: Pick<Posted, 'message'>): string | undefined {
  if (message.method === undefined || message.id === undefined) return undefined;
  const id = JSON.stringify(message.id);
  switch (message.method) {
    case 'initialize':
      return resultText(id, {
        protocolVersion: message.params.protocolVersion,
        capabilities: { tools: {}, logging: {}, resources: { subscribe: true } },
        serverInfo: { name: 'hostile-sse', version: '1.0.0' },
      });
    case 'tools/list':
      return resultText(id, { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] });
    default:
      return resultText(id, { content: [{ type: 'text', text: JSON.stringify(message.params?.arguments ?? {}) }] });
  }
}

/** Accepts the message, and answers it on the stream in the regular way. */
export function regularPost(posted: Posted, stream: SseStream, res: ServerResponse): void {
  res.writeHead(202).end('Accepted');
  const answer = regularAnswer(posted);
  if (answer !== undefined) stream.send(answer);
}

export async function startHostileSse(): Promise<HostileSse> {
  const streams: SseStream[] = [];
  const posts = new Watched<Posted>('messages');

  const peer = await listenLoopback('/sse', async (req, res) => {
    if (req.method === 'GET') {
      if (hostile.refuse) return hostile.refuse(res);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.flushHeaders();
      const stream: SseStream = {
        number: streams.length + 1,
        write: (text) => void res.write(text),
        send: (text) => void res.write(`event: message\ndata: ${text}\n\n`),
        end: () => void res.end(),
        cut: () => void req.socket.resetAndDestroy(),
      };
      streams.push(stream);
      hostile.begin(stream, res);
      return;
    }
    const url = new URL(req.url ?? '', 'http://localhost');
    const stream = streams[Number(url.searchParams.get('session')) - 1];
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    // Streamable HTTP would begin with a POST to the URL of the stream.
    if (req.method !== 'POST' || !stream || url.pathname === '/sse') {
      res.writeHead(404).end();
      return;
    }
    const text = Buffer.concat(chunks).toString('utf8');
    const posted = { path: req.url ?? '', text, message: JSON.parse(text) as RpcMessage };
    posts.add(posted);
    hostile.post(posted, stream, res);
  });

  const hostile: HostileSse = {
    url: peer.url,
    streams,
    posts: posts.all,
    refuse: undefined,
    begin: (stream) => stream.write(endpointEvent(`/message?session=${stream.number}`)),
    post: regularPost,
    posted: (method, nth = 1) => posts.nth(nth, ({ message }) => message.method === method),
    close: () => peer.close(),
  };
  return closeLater(hostile);
}
