// The faults of the matrix, as data. What each of them does on a wire is in `server.ts` and `local-server.mjs`.

/** The words of every body that a faulty server writes: the client must find them in its error. */
export const WORDS = 'the disk of node 4711 is full';

/** Bytes that a message of a server may have in the cells of `oversize`; what these servers write has twice as many. */
export const LARGEST = 131_072;

/** The part of an exchange that a fault is in. */
export type Part =
  /** There is no connection. */
  | 'connection'
  /** The response to an HTTP request. */
  | 'response'
  /** What carries the answer: a body, a stream, the pipe of a local server. */
  | 'answer'
  /** The program of a local server. */
  | 'program';

export interface Fault {
  readonly part: Part;
  /** The answer arrives in spite of it. */
  readonly harmless?: true;
  /** The HTTP status that the client must be told. */
  readonly status?: number;
  /** The body, where there is one: `rpc` is a JSON-RPC error. */
  readonly body?: 'rpc' | 'html' | 'empty';
  /** Seconds that the server asks for in `Retry-After`. */
  readonly retryAfter?: number;
  /** The request never reaches a tool. */
  readonly unread?: true;
}

const STATUSES = [400, 403, 404, 500, 502] as const;
const BODIES = ['rpc', 'html', 'empty'] as const;

const refusals: [string, Fault][] = STATUSES.flatMap((status) =>
  BODIES.map((body): [string, Fault] => [
    `${status}, ${{ rpc: 'JSON-RPC', html: 'HTML', empty: 'empty' }[body]}`,
    { part: 'response', status, body },
  ]),
);

const ALL = {
  'connection refused': { part: 'connection', unread: true },
  'unknown host name': { part: 'connection', unread: true },
  'TLS failure': { part: 'connection', unread: true },
  'reset before the headers': { part: 'response' },
  'reset after the headers': { part: 'response' },
  'redirect, same origin': { part: 'response', harmless: true, unread: true },
  'redirect, other origin': { part: 'response', status: 307, unread: true },
  '429, Retry-After': { part: 'response', status: 429, body: 'html', retryAfter: 7, unread: true },
  '503, Retry-After': { part: 'response', status: 503, body: 'html', retryAfter: 7 },
  'wrong content type': { part: 'response', status: 200, body: 'html' },
  'reset in the body': { part: 'answer' },
  'end without a reply': { part: 'answer' },
  silence: { part: 'answer' },
  'slow drip': { part: 'answer', harmless: true },
  'invalid JSON': { part: 'answer' },
  'wrong id': { part: 'answer' },
  'duplicate reply': { part: 'answer', harmless: true },
  oversize: { part: 'answer' },
  death: { part: 'program' },
  'closed pipe': { part: 'program' },
  garbage: { part: 'program' },
} satisfies Record<string, Fault>;

/** By name, in the order of the table. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  ...Object.entries<Fault>(ALL).slice(0, 5),
  ...refusals,
  ...Object.entries<Fault>(ALL).slice(5),
]);
