/** One request of a modern client that waits for the answer to a call, or for the next round of questions. */
import type { Exchange } from '../../../core/exchange.ts';
import { type Json, peek } from '../../../core/json.ts';
import { declaredCapabilities } from '../../../mcp/envelope.ts';
import { legacyReason } from '../../../mcp/eras/legacy-request.ts';
import { hears, wantedLevel } from '../../../mcp/log-levels.ts';
import { MARK, mayAskForProgress } from '../../../mcp/progress-token.ts';

export class ClientRequest<A> {
  readonly exchange: Exchange;
  readonly answered: Promise<A>;
  /** The level of the log messages that it wants, as an index of `LOG_LEVELS`. */
  readonly level: number | undefined;
  /** The token under which it wants to hear of progress, as the client spelled it. */
  readonly token: Json | undefined;
  /** It has its answer, or its client has given it up. */
  over = false;
  #resolve: (answer: A) => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #onAbort: (() => void) | undefined;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    const { call } = exchange;
    this.level = wantedLevel(call);
    this.token = call.params && mayAskForProgress(call.params) ? peek(call.params, '_meta', MARK) : undefined;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get capabilities(): Json | undefined {
    return declaredCapabilities(this.exchange.call);
  }

  /** Calls `left` when the client gives the request up before it has its answer, with the reason for the server. */
  watch(left: (reason: Error) => void): void {
    const { signal } = this.exchange;
    this.#onAbort = () => {
      if (this.over) return;
      const reason = signal.reason as Error;
      this.fail(reason);
      left(legacyReason(reason));
    };
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Whether it wants log messages of this severity; an index of `LOG_LEVELS`, or -1. */
  wantsLog(severity: number): boolean {
    return this.level !== undefined && hears(this.level, severity);
  }

  answer(answer: A): void {
    this.#end();
    this.#resolve(answer);
  }

  fail(reason: unknown): void {
    this.#end();
    this.#reject(reason);
  }

  #end(): void {
    this.over = true;
    if (this.#onAbort) this.exchange.signal.removeEventListener('abort', this.#onAbort);
  }
}
