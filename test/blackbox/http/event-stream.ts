// A response that is an event stream. Tests read its events one by one as they arrive.

import type http from 'node:http';
import { Changes } from '../../peers/changes.ts';
import { type RpcMessage, WAIT_MS } from '../../peers/rpc.ts';
import { type Ask, begin } from './exchange.ts';

export interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
  /** The data as JSON; throws if it is none. */
  readonly message: RpcMessage;
}

export interface EventStream {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly events: readonly StreamEvent[];
  /** The last id that arrived, on an event with data or without. */
  readonly lastId: string | undefined;
  /** Lines that begin with a colon. */
  readonly comments: readonly string[];
  /** Resolves with true when the stream ended in order, false when it was cut off. */
  readonly ended: Promise<boolean>;
  /** The first event that matches and that no earlier call has returned. */
  next(matches?: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** The n-th comment. */
  comment(n: number, limitMs?: number): Promise<string>;
  /** Closes the connection without ending the stream. */
  destroy(): void;
}

const open = new Set<EventStream>();

/** For afterEach: an open stream keeps its test process alive. */
export function closeStreams(): void {
  for (const stream of open) stream.destroy();
  open.clear();
}

/** Resolves with the headers of the answer, whatever its type is. */
export function openStream(url: string, what: Ask): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const req = begin(url, { ...what, headers: { accept: 'text/event-stream', ...what.headers } });
    const timer = setTimeout(() => req.destroy(new Error(`no headers within ${WAIT_MS} ms`)), WAIT_MS);
    req.once('error', reject);
    req.once('response', (res) => {
      clearTimeout(timer);
      // The bytes of a stream that is cut off are no error here; `ended` tells.
      req.on('error', () => {});
      const stream = read(req, res);
      open.add(stream);
      resolve(stream);
    });
  });
}

function read(req: http.ClientRequest, res: http.IncomingMessage): EventStream {
  const events: StreamEvent[] = [];
  const comments: string[] = [];
  const taken = new Set<StreamEvent>();
  const changes = new Changes();
  let lastId: string | undefined;
  let rest = '';
  let fields: { id?: string; event?: string; data: string[] } = { data: [] };

  const line = (text: string): void => {
    if (text === '') {
      const { id, event = 'message', data } = fields;
      fields = { data: [] };
      // An event without data only names a position, for a client that must reconnect.
      if (id !== undefined) lastId = id;
      if (data.join('') !== '') events.push(eventOf(id, event, data.join('\n')));
      return;
    }
    if (text.startsWith(':')) return void comments.push(text);
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(text) ?? [];
    if (name === 'data') fields.data.push(value);
    if (name === 'id') fields.id = value;
    if (name === 'event') fields.event = value;
  };
  res.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) line(text.replace(/\r$/, ''));
    changes.changed();
  });
  res.on('error', () => {});
  const ended = new Promise<boolean>((resolve) => {
    res.once('close', () => {
      resolve(res.complete);
      changes.end('the stream ended');
    });
  });

  const waitFor = <T>(what: string, find: () => T | undefined, limitMs = WAIT_MS): Promise<T> =>
    changes.until(find, (reason) => `${reason} without ${what}; seen: ${JSON.stringify(events)}`, limitMs);

  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    events,
    comments,
    get lastId() {
      return lastId;
    },
    ended,
    next: async (matches = () => true) => {
      const found = await waitFor('such an event', () => events.find((event) => !taken.has(event) && matches(event)));
      taken.add(found);
      return found;
    },
    comment: (n, limitMs) => waitFor(`comment ${n}`, () => comments[n - 1], limitMs),
    destroy: () => void req.destroy(),
  };
}

function eventOf(id: string | undefined, event: string, data: string): StreamEvent {
  return {
    id,
    event,
    data,
    get message() {
      return JSON.parse(data) as RpcMessage;
    },
  };
}

/** Events whose message has this method. */
export const ofMethod =
  (method: string) =>
  ({ message }: StreamEvent): boolean =>
    message.method === method;

/** The event that answers a request. */
export const answering =
  (id: string | number) =>
  ({ message }: StreamEvent): boolean =>
    message.method === undefined && message.id === id;
