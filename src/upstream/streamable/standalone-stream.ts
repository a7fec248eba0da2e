/**
 * The standalone GET stream of Streamable HTTP (specification 2025-11-25, "Listening for Messages
 * from the Server"): held open as long as the session lives, resumed where it broke off, and
 * given up when the server does not offer it.
 */
import { Cancellation, type CancelSignal } from '../../core/cancel.ts';
import type { HttpResponse } from '../../core/fetch.ts';
import type { Log } from '../../core/ports.ts';
import { nextAttempt, pause, type StreamEnd } from '../backoff.ts';
import { type EventPosition, mediaType, readMessages, startOfStream, type Take } from '../read-messages.ts';

/** A stream that lived at least this long was cut, not refused; in milliseconds. */
const LIVED = 5_000;

export interface StandaloneStreamOptions {
  /** Sends the GET. */
  readonly open: (lastEventId: string | undefined, signal: CancelSignal) => Promise<HttpResponse>;
  readonly take: Take;
  readonly log: Log;
  /** Called when the server refuses a stream that it served before. */
  readonly lost?: () => void;
}

/** The shortest time, in milliseconds, after which a GET without an answer counts as arrived. */
const ARRIVED = 200;

export class StandaloneStream {
  readonly #options: StandaloneStreamOptions;
  #abort = new Cancellation();
  /** Settles when the first GET is answered or must have arrived; undefined before and after that. */
  opening: Promise<void> | undefined;
  /** Whether the server has refused the last GET. */
  refused = false;

  constructor(options: StandaloneStreamOptions) {
    this.#options = options;
  }

  /**
   * Starts to listen, or restarts, until the server refuses or the stream is stopped.
   * @param roundTrip milliseconds that a request to this server takes, connecting included.
   */
  start(roundTrip: number): void {
    this.stop();
    const abort = new Cancellation();
    this.#abort = abort;
    const opening = new Promise<void>((resolve) => {
      // Some servers send the headers of a stream only together with its first event.
      const timer = setTimeout(resolve, Math.max(ARRIVED, roundTrip));
      const open: StandaloneStreamOptions['open'] = (lastEventId, signal) =>
        this.#options
          .open(lastEventId, signal)
          .then((response) => {
            this.refused = isRefusal(response);
            return response;
          })
          .finally(() => {
            clearTimeout(timer);
            resolve();
          });
      listen({ ...this.#options, open }, abort.signal);
    }).then(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    this.opening = opening;
  }

  stop(): void {
    this.#abort.abort();
  }
}

/** Listens until the signal is aborted or the server refuses. Never rejects. */
async function listen(options: StandaloneStreamOptions, signal: CancelSignal): Promise<void> {
  const position = startOfStream();
  let served = false;
  for (let misses = 0; !signal.aborted; ) {
    const ending = await once(options, position, signal);
    if (signal.aborted) return;
    misses = ending.kind === 'served' ? 0 : misses + 1;
    const delay = nextAttempt(ending, misses, Math.random());
    served ||= ending.kind === 'served';
    if (delay === undefined) {
      if (served) options.lost?.();
      return;
    }
    options.log.debug(`upstream: event stream ended (${ending.kind}), next attempt in ${Math.round(delay)} ms`);
    await pause(delay, signal);
  }
}

function isRefusal({ status }: HttpResponse): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

async function once(
  options: StandaloneStreamOptions,
  position: EventPosition,
  signal: CancelSignal,
): Promise<StreamEnd> {
  const started = Date.now();
  const before = position.events;
  const served = (): boolean => position.events > before || Date.now() - started >= LIVED;
  try {
    const response = await options.open(position.lastEventId, signal);
    if (isRefusal(response)) {
      response.body.destroy();
      options.log.debug(`upstream: offers no event stream (HTTP ${response.status})`);
      return { kind: 'refused' };
    }
    if (response.status !== 200 || mediaType(response) !== 'text/event-stream') {
      response.body.destroy();
      return response.status >= 429 ? { kind: 'failed', retry: position.retry } : { kind: 'useless', primed: false };
    }
    await readMessages(response, position, options.log, options.take);
    if (served()) return { kind: 'served', retry: position.retry };
    return { kind: 'useless', primed: position.lastEventId !== undefined, retry: position.retry };
  } catch (error) {
    if (served()) return { kind: 'served', retry: position.retry };
    options.log.debug(`upstream: event stream failed: ${error instanceof Error ? error.message : String(error)}`);
    return { kind: 'failed', retry: position.retry };
  }
}
