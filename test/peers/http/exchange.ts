// One HTTP exchange whose response may carry messages, on node:http alone, because an SDK or fetch would repeat, follow
// or buffer something.
import http from 'node:http';
import https from 'node:https';
import { createParser } from 'eventsource-parser';
import type { MessageStream } from './arrivals.ts';

export interface Sent {
  readonly method: string;
  readonly url: string | URL;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer | undefined;
  readonly agent?: http.Agent | undefined;
  /** Authorities to trust, for `https:`. */
  readonly ca?: string | undefined;
  /** What the messages are kept with. */
  readonly stream: MessageStream;
  /** Called with each message: the data of an event, or a JSON body. */
  readonly message: (text: string, eventId: string | undefined) => void;
  /** Called with each event that is no message: another name than `message`, or no data. */
  readonly event?: (name: string, data: string) => void;
  /** Called with each comment (a heartbeat). */
  readonly comment?: (text: string) => void;
}

export interface Exchange {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly stream: MessageStream;
  /** The body so far, whatever it is. */
  readonly body: string;
  /** `complete`: ended in order. `cut`: the connection went away, here or there. Never rejects. */
  readonly ended: Promise<'complete' | 'cut'>;
  /** Closes the connection without reading on, like a client that disconnects. */
  destroy(): void;
}

export interface Sending {
  /** The response has begun. Rejects when there is none. */
  readonly response: Promise<Exchange>;
  destroy(): void;
}

/** Sends a request; the messages of the response go to `message` as they come. */
export function send(sent: Sent): Sending {
  const url = new URL(sent.url);
  const { method, headers, agent, ca } = sent;
  const options = { method, headers, ...(agent === undefined ? {} : { agent }), ...(ca === undefined ? {} : { ca }) };
  const request = (url.protocol === 'https:' ? https : http).request(url, options as http.RequestOptions);
  const response = new Promise<Exchange>((resolve, reject) => {
    request.once('error', reject);
    // Without this an abandoned request that has no response yet would leave the promise open.
    request.once('close', () => reject(new Error(`${method} ${url.pathname}: closed without a response`)));
    request.once('response', (answer) => resolve(receive(sent, request, answer)));
  });
  request.on('error', () => {});
  // Not every caller looks at the response.
  response.catch(() => {});
  request.end(sent.body);
  return { response, destroy: () => void request.destroy() };
}

function receive(sent: Sent, request: http.ClientRequest, answer: http.IncomingMessage): Exchange {
  const { stream } = sent;
  const type = answer.headers['content-type'] ?? '';
  stream.events = type.startsWith('text/event-stream');
  const parser = createParser({
    onEvent({ id, event = 'message', data }) {
      if (id !== undefined) stream.eventIds.push(id);
      if (event === 'message' && data !== '') sent.message(data, id);
      else sent.event?.(event, data);
    },
    onComment: (text) => sent.comment?.(text),
  });
  let body = '';
  let complete = false;
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
    if (stream.events) parser.feed(chunk);
  });
  answer.once('end', () => {
    complete = answer.complete;
    if (complete && !stream.events && type.startsWith('application/json') && body !== '') sent.message(body, undefined);
  });
  answer.on('error', () => {});
  const ended = new Promise<'complete' | 'cut'>((resolve) => {
    answer.once('close', () => resolve(complete ? 'complete' : 'cut'));
  });
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    stream,
    get body() {
      return body;
    },
    ended,
    destroy: () => void request.destroy(),
  };
}
