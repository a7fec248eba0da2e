/**
 * The stream of a request. If it ends before its response, the proxy continues to read it from
 * where it broke off (specification 2025-11-25, "Resumability and Redelivery").
 */
import type { CancelSignal } from '../../core/cancel.ts';
import type { HttpResponse } from '../../core/fetch.ts';
import type { Log } from '../../core/ports.ts';
import { mayPass, nextAttempt, pause } from '../backoff.ts';
import { endedStream } from '../failure.ts';
import { refusal } from '../outcome.ts';
import { type EventPosition, mediaType, readAnswer, startOfStream, type Take } from '../read-messages.ts';

/** The number of attempts in a row without a new event after which the request counts as lost. */
const MAX_MISSES = 5;

export interface RequestStreamOptions {
  /** Sends the GET that resumes the stream. */
  readonly get: (lastEventId: string) => Promise<HttpResponse>;
  readonly take: Take;
  /** Whether the response has come. */
  readonly answered: () => boolean;
  readonly signal: CancelSignal;
  /** Called when the response did not come on the first stream. */
  readonly slow: () => void;
  readonly url: URL;
  readonly log: Log;
}

/** Reads the stream until the response has come. Rejects with a ProxyError when it will not come. */
export async function readRequestStream(response: HttpResponse, options: RequestStreamOptions): Promise<undefined> {
  const { take, answered, log, signal, slow } = options;
  const position = startOfStream();
  try {
    await readAnswer(response, position, log, take, answered);
  } catch (error) {
    if (signal.aborted || position.lastEventId === undefined) throw error;
  }
  if (!answered()) slow();
  await resume(response, options, position);
}

/** Resolves when the response has come, or the signal is aborted. */
async function resume(first: HttpResponse, options: RequestStreamOptions, position: EventPosition): Promise<void> {
  const { answered, url, log, take, signal } = options;
  let cause: unknown;
  let misses = 0;
  /** The pause that the last refusal asked for, in milliseconds. */
  let retry = 0;
  while (!answered() && position.lastEventId !== undefined && misses < MAX_MISSES) {
    const asked = nextAttempt({ kind: 'served', retry: position.retry }, 0, 0) ?? 0;
    const grown = misses === 0 ? 0 : (nextAttempt({ kind: 'failed', retry }, misses, Math.random()) ?? 0);
    await pause(Math.max(asked, grown), signal);
    if (answered() || signal.aborted) return;
    const before = position.events;
    retry = 0;
    try {
      const response = await options.get(position.lastEventId);
      if (response.status !== 200 || mediaType(response) !== 'text/event-stream') {
        const { error } = await refusal(response, url);
        cause = error;
        retry = (error.data.retryAfter ?? 0) * 1_000;
        if (!mayPass(response.status)) break;
      } else {
        await readAnswer(response, position, log, take, answered);
      }
    } catch (error) {
      cause = error;
    }
    misses = position.events > before ? 0 : misses + 1;
  }
  if (answered() || signal.aborted) return;
  throw endedStream(first, url, cause);
}
