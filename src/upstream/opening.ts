/**
 * A session that is being opened. It goes on when the client gives it up: otherwise the server
 * would keep a session whose id no one knows, and could not be told that it is over.
 */
import { Cancellation } from '../core/cancel.ts';
import { Cancelled, detached, type Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/jsonrpc.ts';
import { pause } from './backoff.ts';

/** How long an opening may go on after the client has given it up, in milliseconds. */
const ALONE = 45_000;
const NEVER = new Cancellation().signal;

export class Opening {
  /** Settles, without ever rejecting, when the result of the opening is known. */
  readonly over: Promise<void>;
  readonly #exchange: Exchange;
  readonly #own: Exchange;
  readonly #reply: Promise<Reply>;

  constructor(exchange: Exchange, open: (own: Exchange) => Promise<Reply>) {
    this.#exchange = exchange;
    this.#own = detached(exchange);
    this.#reply = open(this.#own);
    this.over = this.#reply.then(
      () => {},
      () => {},
    );
  }

  /** The answer for the client, for as long as it waits. */
  answer(): Promise<Reply> {
    const { signal } = this.#exchange;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const reason = signal.reason as Error;
        reject(reason);
        // A time limit also applies to the opening.
        if (!(reason instanceof Cancelled)) this.abandon(reason);
        else setTimeout(() => this.abandon(reason), ALONE).unref();
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      this.#reply.then(resolve, reject);
    });
  }

  /** Waits for the opening to end, for at most `limit` milliseconds, and then gives it up. */
  async close(limit: number, reason: Error): Promise<void> {
    const late = pause(Math.max(limit, 0), NEVER).then(() => true);
    if (await Promise.race([this.over, late])) this.abandon(reason);
  }

  abandon(reason: Error): void {
    this.#own.abort(reason);
  }
}
