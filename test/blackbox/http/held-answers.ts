// Answers of the server that the test controls: it decides when to write what.

import type { ServerResponse } from 'node:http';
import type { Answer, Hostile, Seen } from '../../peers/hostile.ts';
import { event } from '../../peers/hostile-answers.ts';
import { Watched } from '../../peers/watched.ts';

/** One exchange that the server has not answered yet. */
export interface Held {
  readonly seen: Seen;
  /** The JSON text of the id that the server knows the request by. */
  readonly id: string;
  /** Writes an event, and begins the stream if that has not happened yet. */
  send(message: string, eventId?: string): void;
  /** Answers as JSON, or as the last event of the stream. */
  finish(message: string): void;
}

/** Takes every request of a kind; the n-th is handed out by `nth`. */
export function hold(upstream: Hostile, kind: string): { nth(n: number): Promise<Held> } {
  const held = new Watched<Held>(kind);
  const answer: Answer = (res, seen) => void held.add(holding(res, seen));
  upstream.on(kind, answer);
  return { nth: (n) => held.nth(n) };
}

function holding(res: ServerResponse, seen: Seen): Held {
  const begin = (): void => {
    if (!res.headersSent) res.writeHead(200, { 'content-type': 'text/event-stream' });
  };
  // A GET is a stream from the start.
  if (seen.kind === 'GET') {
    begin();
    res.flushHeaders();
  }
  return {
    seen,
    id: seen.id,
    send(message, eventId) {
      begin();
      res.write(event(message, eventId));
    },
    finish(message) {
      if (res.headersSent) res.end(event(message));
      else res.writeHead(200, { 'content-type': 'application/json' }).end(message);
    },
  };
}
