// Answers of the server that stay in the hand of the test: it writes on when it likes.
import type { ServerResponse } from 'node:http';
import type { Answer, Hostile, Seen } from '../../peers/hostile.ts';
import { event } from '../../peers/hostile-answers.ts';
import { WAIT_MS } from '../../peers/listen.ts';

/** One exchange that the server has not answered yet. */
export interface Held {
  readonly seen: Seen;
  /** The JSON text of the id that the server knows the request by. */
  readonly id: string;
  /** Writes an event, beginning a stream if need be. */
  send(message: string, eventId?: string): void;
  /** Answers as JSON, or as the last event of the stream. */
  finish(message: string): void;
}

/** Takes every request of a kind; the n-th is handed out by `nth`. */
export function hold(upstream: Hostile, kind: string): { nth(n: number): Promise<Held> } {
  const held: Held[] = [];
  const watchers = new Set<() => void>();
  const answer: Answer = (res, seen) => {
    held.push(holding(res, seen));
    for (const look of [...watchers]) look();
  };
  upstream.on(kind, answer);
  return {
    nth: (n) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = held[n - 1];
          if (!found) return;
          clearTimeout(timer);
          watchers.delete(look);
          resolve(found);
        };
        const timer = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`no ${kind} number ${n} within ${WAIT_MS} ms`));
        }, WAIT_MS);
        watchers.add(look);
        look();
      }),
  };
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
