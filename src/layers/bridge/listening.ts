/**
 * Streams of changes for a client that has no streams of its own (specification 2026-07-28, "Subscriptions"). The
 * transport reopens a stream that breaks off; one that the server ends is opened again here, after a while.
 */
import { Cancellation } from '../../core/cancel.ts';
import type { Exchange, Peer } from '../../core/exchange.ts';
import { encode, type Json } from '../../core/json.ts';
import { type Call, errorReply, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { pause } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { CANCELLED } from '../../mcp/cancelled.ts';
import { legacyError } from '../../mcp/eras/legacy-error.ts';
import { legacyNote } from '../../mcp/eras/legacy-result.ts';
import { missedChanges } from '../../mcp/missed-changes.ts';
import { ErrorAnswer } from './error-answer.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
/** How long a server may take to acknowledge a stream, in milliseconds. */
const ACKNOWLEDGE_LIMIT = 30_000;
/** Between the end of a stream that the server has ended and the next attempt, in milliseconds. */
const PAUSE = 30_000;
/** Between an attempt that failed, although the server may have such streams, and the next one. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 5 * 60_000;

/** An open stream. */
export interface Stream {
  /** The parameters of the server's acknowledgment. Rejects when the server does not open the stream. */
  readonly acknowledged: Promise<Json>;
  close(): void;
}

export interface StreamOptions {
  readonly concerns?: (note: Call) => boolean;
  readonly insists?: boolean;
}

/** A stream that is kept open. */
interface KeptStream extends Required<StreamOptions> {
  readonly filter: object;
  readonly cancellation: Cancellation;
  readonly opened: (acknowledgment: Json) => void;
}

export interface ListeningOptions {
  /** Sends a `subscriptions/listen`. */
  readonly send: (exchange: Exchange) => Promise<Reply>;
  readonly client: Peer;
  /** Aborted when the client has gone. */
  readonly closing: Cancellation;
  readonly log: Log;
}

export class Listening {
  readonly #options: ListeningOptions;

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  /**
   * Opens a stream.
   * @param filter the `notifications` of the request.
   * @param options.concerns whether the client still wants to know about a change.
   * @param options.insists whether to try again when the server cannot be reached; no client waits for the stream.
   */
  open(filter: object, { concerns = () => true, insists = false }: StreamOptions = {}): Stream {
    const { closing } = this.#options;
    const cancellation = new Cancellation();
    const close = (): void => {
      closing.removeEventListener('abort', close);
      cancellation.abort(new ProxyError('failed', 'the subscription is over'));
    };
    if (closing.aborted) cancellation.abort(closing.reason);
    else closing.addEventListener('abort', close);
    const acknowledged = new Promise<Json>((resolve, reject) => {
      const late = (): void => {
        reject(new ProxyError('timeout', `the server has not opened a subscription in ${ACKNOWLEDGE_LIMIT / 1000} s`));
        close();
      };
      const timer = insists ? undefined : setTimeout(late, ACKNOWLEDGE_LIMIT);
      const opened = (acknowledgment: Json): void => {
        // The limit is for the acknowledgment; the stream itself may stay open for as long as the client is there.
        clearTimeout(timer);
        resolve(acknowledgment);
      };
      this.#keep({ filter, cancellation, concerns, insists, opened }).then(reject, reject).finally(close);
      cancellation.addEventListener('abort', () => clearTimeout(timer));
    });
    acknowledged.catch((error) => this.#options.log.debug(`bridge: no subscription: ${error.message}`));
    return { acknowledged, close };
  }

  /** Resolves with why the server does not open the stream, or when it is closed here. */
  async #keep({ filter, cancellation, concerns, insists, opened }: KeptStream): Promise<unknown> {
    const { client, log } = this.#options;
    let acknowledgment: Json | undefined;
    /** How many pauses there were since the server last acknowledged a stream. */
    let pauses = 0;
    const notify = (note: Call): Promise<void> | undefined => {
      if (cancellation.aborted) return undefined;
      // The end of the stream, which the client does not know of, under an id that is not the client's.
      if (note.method === CANCELLED) return undefined;
      if (note.method !== ACKNOWLEDGED) return concerns(note) ? client.notify(legacyNote(note)) : undefined;
      const isNew = acknowledgment === undefined;
      acknowledgment = note.params ?? encode({});
      pauses = 0;
      opened(acknowledgment);
      // What has happened without a stream is not told again.
      if (!isNew) for (const missed of missedChanges(acknowledgment)) notify(missed);
      return undefined;
    };
    for (;;) {
      const unasked = insists || acknowledgment !== undefined;
      const outcome = await this.#once(filter, cancellation, notify, unasked);
      if (cancellation.aborted) return outcome;
      if (!acknowledgment && (!insists || outcome instanceof ErrorAnswer)) return outcome;
      log.debug(`bridge: a subscription is over (${outcome.message})`);
      const first = acknowledgment ? PAUSE : FIRST_PAUSE;
      const wanted = outcome instanceof ProxyError ? (outcome.data.retryAfter ?? 0) * 1_000 : 0;
      await pause(Math.min(LONGEST_PAUSE, Math.max(wanted, first * 2 ** Math.min(pauses, 10))), cancellation);
      pauses++;
      if (cancellation.aborted) return outcome;
    }
  }

  /** Opens the stream once, and resolves with why it is over. */
  async #once(filter: object, cancellation: Cancellation, notify: Peer['notify'], unasked: boolean): Promise<Error> {
    const { send, client } = this.#options;
    try {
      const reply = await send({
        call: { method: 'subscriptions/listen', params: encode({ notifications: filter }) },
        signal: cancellation,
        unasked,
        notify,
        ask: ({ method }) => Promise.resolve(errorReply(METHOD_NOT_FOUND, `Method not found: ${method}`)),
        room: () => client.room(),
        abort: (error) => cancellation.abort(error),
      });
      return new ErrorAnswer('error' in reply ? legacyError(reply) : reply);
    } catch (error) {
      return error as Error;
    }
  }
}
