/** Reads the messages of a response, whether it is one JSON body or a stream of events. */

import type { HttpResponse } from '../core/fetch.ts';
import { JsonError } from '../core/json.ts';
import type { Message } from '../core/jsonrpc.ts';
import type { Log } from '../core/ports.ts';
import { ProxyError } from '../errors.ts';
import { MAX_UPSTREAM_MESSAGE, readEnds, readFrame } from '../wire/frames.ts';
import { EventTooLarge, type SseEvent, SseParser } from '../wire/sse.ts';
import { unexpectedResponse } from './failure.ts';

/** Takes a message; the reader waits for the promise before it reads on. */
export type Take = (message: Message) => Promise<void> | undefined;

/** How far a stream was read, which resuming it requires. */
export interface EventPosition {
  lastEventId: string | undefined;
  /** Milliseconds that the server asks the proxy to wait before it reconnects. */
  retry: number | undefined;
  /** How many events with data came on it; others only carry ids and times. */
  events: number;
}

export function startOfStream(): EventPosition {
  return { lastEventId: undefined, retry: undefined, events: 0 };
}

export function mediaType(response: HttpResponse): string {
  const type = response.headers['content-type'];
  if (type === 'application/json' || type === 'text/event-stream') return type;
  return typeof type === 'string' ? (type.split(';', 1)[0] as string).trim().toLowerCase() : '';
}

function largestIn({ body }: HttpResponse): number {
  return body.largest ?? MAX_UPSTREAM_MESSAGE;
}

function tooLarge({ status }: HttpResponse, largest: number, cause: Error): ProxyError {
  const hint = 'a higher --max-message lets it through; the server may have run the call already';
  const message = `a message of the server is larger than ${largest / 1_048_576} MiB`;
  return new ProxyError('limit', message, { httpStatus: status, outcome: 'unknown', hint }, cause);
}

async function wholeBody(response: HttpResponse, largest: number): Promise<Buffer> {
  try {
    return await response.body.bytes(largest);
  } catch (error) {
    throw error instanceof ProxyError && error.code === 'limit' ? tooLarge(response, largest, error) : error;
  }
}

/**
 * Reads a JSON body, and returns it: one message, or a batch. Throws or rejects with a ProxyError `failed` when it is
 * anything else. Waits for nothing where the body has arrived and its messages are taken at once, as most are.
 */
export function readJson(response: HttpResponse, url: URL, take: Take): Buffer | Promise<Buffer> {
  const largest = largestIn(response);
  const arrived = response.body.arrived?.(largest);
  if (arrived) return takeAll(arrived, response, url, take);
  return wholeBody(response, largest).then((body) => takeAll(body, response, url, take));
}

function takeAll(body: Buffer, response: HttpResponse, url: URL, take: Take): Buffer | Promise<Buffer> {
  let messages: readonly Message[];
  try {
    messages = readFrame(body).messages;
  } catch (error) {
    if (error instanceof JsonError) throw unexpectedResponse(response, body, url);
    throw error;
  }
  let at = 0;
  const takeRest = (): Buffer | Promise<Buffer> => {
    for (let message = messages[at]; message; message = messages[at]) {
      at++;
      if (message.kind === 'invalid' || message.kind === 'malformed') throw unexpectedResponse(response, body, url);
      const full = take(message);
      if (full) return full.then(takeRest);
    }
    return body;
  };
  return takeRest();
}

/**
 * Reads the events of a stream to its end, whatever they are. Rejects with a ProxyError when the
 * stream breaks off.
 */
export async function readEvents(
  response: HttpResponse,
  position: EventPosition,
  take: (event: SseEvent) => Promise<void> | undefined,
): Promise<void> {
  let full: Promise<void> | undefined;
  const largest = largestIn(response);
  const parser = new SseParser(largest, (event) => {
    if (event.data.length > 0) position.events++;
    position.lastEventId = event.id ?? position.lastEventId;
    // Takes all events of one chunk at once; the next chunk waits until there is room for the last of them.
    full = take(event) ?? full;
  });
  await response.body.each((chunk) => {
    full = undefined;
    try {
      parser.push(chunk);
    } catch (error) {
      throw error instanceof EventTooLarge ? tooLarge(response, largest, error) : error;
    } finally {
      position.retry = parser.retry ?? position.retry;
    }
    return full;
  });
}

/** Reads the messages on a stream. Skips events without a message: they answer nothing and break nothing. */
export function readMessages(response: HttpResponse, position: EventPosition, log: Log, take: Take): Promise<void> {
  return readEvents(response, position, (event) => {
    if (event.type !== 'message' || event.data.length === 0) return undefined;
    let full: Promise<void> | undefined;
    for (const message of messagesIn(event.data, log)) full = take(message) ?? full;
    return full;
  });
}

/** How long a stream may stay open after its response, for further messages of the server; in milliseconds. */
const GRACE = 5_000;

/**
 * Reads the stream of a request. Servers should end it after the response, and some never do. So
 * after the response it has a little time left, and how it ends does not matter.
 */
export async function readAnswer(
  response: HttpResponse,
  position: EventPosition,
  log: Log,
  take: Take,
  answered: () => boolean,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const watched: Take = (message) => {
    const full = take(message);
    if (answered()) timer ??= setTimeout(() => response.body.destroy(), GRACE).unref();
    return full;
  };
  try {
    await readMessages(response, position, log, watched);
  } catch (error) {
    if (!answered()) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Reads and drops the rest of a body, so that the connection can be used again; cuts a body that does not end. */
export async function discard(response: HttpResponse): Promise<void> {
  const timer = setTimeout(() => response.body.destroy(), GRACE).unref();
  await response.body.bytes(65_536).catch(() => undefined);
  clearTimeout(timer);
}

/** The messages of one event's data; if it cannot be read, what its two ends reveal, or none. */
export function messagesIn(data: Buffer, log: Log): readonly Message[] {
  try {
    return readFrame(data).messages;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    // Some libraries write `NaN`, which is not JSON: such an answer is malformed, but it is the answer.
    const { id, asks } = readEnds(data, data);
    if (!asks && id !== 'null') return [{ kind: 'malformed', id, reason: error.message }];
    log.debug(`upstream: skipped an event that is no JSON (${error.message})`);
    return [];
  }
}
