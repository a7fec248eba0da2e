/**
 * The standalone GET stream of Streamable HTTP (specification 2025-11-25, "Listening for Messages
 * from the Server"): held open as long as the session lives, resumed where it broke off, and
 * given up when the server does not offer it.
 */
import { Cancellation, type CancelSignal } from '../../core/cancel.ts';
import type { HttpResponse } from '../../core/fetch.ts';
import type { Log } from '../../core/ports.ts';
import { SleepWatch } from '../../core/timer.ts';
import { retryAfterSeconds } from '../../wire/retry-after.ts';
import { mayPass, nextAttempt, pause, type StreamEnd } from '../backoff.ts';
import { type EventPosition, mediaType, readMessages, startOfStream, type Take } from '../read-messages.ts';

/** A stream that lived at least this long was cut, not refused; in milliseconds. */
const LIVED = 5_000;
/** A stream that ended sooner than this after the response was not meant to stay open; in milliseconds. */
const AT_ONCE = 1_000;

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
  /** Whether the server has opened the stream since the start. */
  #opened = false;

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
    this.#opened = false;
    const opening = new Promise<void>((resolve) => {
      // Some servers send the headers of a stream only together with its first event.
      const timer = setTimeout(resolve, Math.max(ARRIVED, roundTrip));
      this.#listen(abort, () => {
        clearTimeout(timer);
        resolve();
      });
    }).then(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    this.opening = opening;
  }

  stop(): void {
    this.#abort.abort();
  }

  /**
   * Listens until the signal is aborted or the server refuses. Never rejects.
   * @param answered called whenever a GET is answered
   */
  async #listen(signal: CancelSignal, answered: () => void): Promise<void> {
    const { log, lost } = this.#options;
    const position = startOfStream();
    let attempt = new Cancellation();
    const cut = (): void => attempt.abort();
    signal.addEventListener('abort', cut, { once: true });
    // What came before and during the sleep is read first.
    const watch = new SleepWatch(() => setImmediate(cut));
    for (let misses = 0; !signal.aborted; ) {
      const ending = await this.#once(position, attempt, answered);
      if (signal.aborted) break;
      misses = ending.kind === 'served' ? 0 : misses + 1;
      const delay = nextAttempt(ending, misses, Math.random());
      if (delay === undefined) {
        if (this.#opened) lost?.();
        break;
      }
      log.debug(`upstream: event stream ended (${ending.kind}), next attempt in ${Math.round(delay)} ms`);
      await pause(delay, attempt);
      if (!attempt.aborted) continue;
      // What failed before the sleep says nothing about now.
      misses = 0;
      attempt = new Cancellation();
    }
    watch.stop();
  }

  async #once(position: EventPosition, signal: CancelSignal, answered: () => void): Promise<StreamEnd> {
    const { open, take, log } = this.#options;
    const started = Date.now();
    const before = position.events;
    const served = (): boolean => position.events > before || Date.now() - started >= LIVED;
    try {
      const response = await open(position.lastEventId, signal);
      const { status } = response;
      // A server that has opened the stream before may not have noticed its end yet.
      this.refused = status >= 400 && !(status === 409 ? this.#opened : mayPass(status));
      answered();
      if (status === 200 && mediaType(response) === 'text/event-stream') {
        this.#opened = true;
        const opened = Date.now();
        await readMessages(response, position, log, take);
        if (served()) return { kind: 'served', retry: position.retry };
        const primed = position.lastEventId !== undefined || Date.now() - opened >= AT_ONCE;
        return { kind: 'useless', primed, retry: position.retry };
      }
      response.body.destroy();
      if (this.refused) {
        log.debug(`upstream: offers no event stream (HTTP ${status})`);
        return { kind: 'refused' };
      }
      if (!mayPass(status)) return { kind: 'useless', primed: false };
      const after = retryAfterSeconds(response.headers['retry-after']) ?? 0;
      return { kind: 'failed', retry: after * 1_000 || position.retry };
    } catch (error) {
      answered();
      if (served()) return { kind: 'served', retry: position.retry };
      log.debug(`upstream: event stream failed: ${error instanceof Error ? error.message : String(error)}`);
      return { kind: 'failed', retry: position.retry };
    }
  }
}
