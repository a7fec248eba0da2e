// What a faulty HTTP server writes for each fault of the matrix.
import type { ServerResponse } from 'node:http';
import { FAULTS, type Fault, LARGEST, WORDS } from './faults.ts';

const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
/** More bytes than any document of a sign-in has. */
const LARGEST_DOCUMENT = 2 * 1_048_576;
/** Enough pieces to come in turns of their own, in the time that a healthy server may take. */
const DRIPS = 8;
const DRIP_MS = 15;

/** The answer to a request as it would be without a fault, with the id that it should have. */
export type Answer = (id: unknown) => object;

export const event = (message: object): string => `event: message\ndata: ${JSON.stringify(message)}\n\n`;

/** Reacts to an HTTP request with a fault of the response. */
export function respond(name: string, res: ServerResponse, id: unknown): void {
  const fault = FAULTS.get(name) as Fault;
  const { socket } = res.req;
  switch (name) {
    case 'reset before the headers':
      socket.resetAndDestroy();
      return;
    case 'reset after the headers':
      res.writeHead(200, SSE);
      res.flushHeaders();
      socket.end(() => socket.resetAndDestroy());
      return;
    case 'redirect, same origin':
      res.writeHead(307, { location: '/moved' }).end();
      return;
    case 'redirect, other origin':
      res.writeHead(307, { location: 'http://127.0.0.1:9/elsewhere' }).end();
      return;
    case 'wrong content type':
      res.writeHead(200, { 'content-type': 'text/html' }).end(`<h1>${WORDS}</h1>`);
      return;
  }
  const { status = 500, body, retryAfter } = fault;
  const rpc = JSON.stringify({ jsonrpc: '2.0', id, error: { code: 4711, message: WORDS } });
  const text = { rpc, html: `<h1>${WORDS}</h1>`, empty: '' }[body ?? 'empty'];
  const type = body === 'rpc' ? JSON_TYPE : body === 'html' ? { 'content-type': 'text/html' } : {};
  res.writeHead(status, { ...type, ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) }).end(text);
}

/** Where an answer goes: the response to a POST, or the one stream of HTTP+SSE. */
export interface Carrier {
  readonly res: ServerResponse;
  /** Whether the stream has begun, and stays open for other answers. */
  readonly stream: boolean;
  /** Whether the answer is a plain document. */
  readonly document?: true;
}

/** Reacts with a fault of the answer. */
export async function answerBadly(
  name: string,
  { res, stream, document }: Carrier,
  id: unknown,
  answer: Answer,
): Promise<void> {
  if (name === 'silence') return;
  const plain = JSON.stringify(answer(id));
  const whole = document ? plain : event(answer(id));
  const end = (): void => {
    if (!stream) res.end();
  };
  if (name === 'invalid JSON' && !res.headersSent) {
    res.writeHead(200, JSON_TYPE).end(plain.slice(0, -4));
    return;
  }
  if (!res.headersSent) res.writeHead(200, document ? JSON_TYPE : SSE);
  switch (name) {
    case 'reset in the body':
      res.write(whole.slice(0, whole.length / 2), () => res.req.socket.resetAndDestroy());
      return;
    case 'end without a reply':
      res.end();
      return;
    case 'slow drip':
      await drip(res, whole);
      return end();
    case 'invalid JSON':
      res.write(`event: message\ndata: ${plain.slice(0, -4)}\n\n`);
      return end();
    case 'wrong id':
      res.write(event(answer('of another request')));
      return end();
    case 'duplicate reply':
      res.write(whole + whole);
      return end();
    case 'oversize':
      // White space may be between the tokens of any JSON.
      res.write(whole.replace('{', `{${' '.repeat(document ? LARGEST_DOCUMENT : 2 * LARGEST)}`));
      return end();
    default:
      throw new Error(`${name} is not a fault of an answer`);
  }
}

async function drip(res: ServerResponse, text: string): Promise<void> {
  const size = Math.ceil(text.length / DRIPS);
  for (let at = 0; at < text.length; at += size) {
    res.write(text.slice(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, DRIP_MS));
  }
}
