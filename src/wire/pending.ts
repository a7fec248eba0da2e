/** Our own requests that wait for answers, under ids that count from 1. */
import type { CancelSignal } from '../core/cancel.ts';
import type { Exchange } from '../core/exchange.ts';
import { type Id, requestNumber } from '../core/ids.ts';
import type { Call, Message, Reply } from '../core/jsonrpc.ts';
import { KeyedList, KeyedNode } from '../core/lists/keyed-list.ts';
import { ProxyError } from '../errors.ts';
import { cancelledId } from '../mcp/cancelled.ts';
import { isSubscription } from '../mcp/methods.ts';
import { GRACEFUL } from '../mcp/subscription-id.ts';
import { settleStray } from './stray.ts';

type OnAbort = (pending: Pending, reason: unknown) => void;

export class Pending extends KeyedNode {
  readonly id: Id;
  readonly call: Call;
  readonly #exchange: Exchange | undefined;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: Error) => void;
  #signal: CancelSignal | undefined;
  #onAbort: OnAbort | undefined;

  constructor(
    id: Id,
    call: Call,
    resolve: (reply: Reply) => void,
    reject: (error: Error) => void,
    exchange: Exchange | undefined,
  ) {
    super();
    this.id = id;
    this.call = call;
    this.#exchange = exchange;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Calls a function when a signal is aborted while the request is open. */
  watch(signal: CancelSignal, onAbort: OnAbort): void {
    this.#signal = signal;
    this.#onAbort = onAbort;
    signal.addEventListener('abort', this);
  }

  unwatch(): void {
    this.#signal?.removeEventListener('abort', this);
  }

  /** The signal is aborted. */
  handleEvent(): void {
    this.#onAbort?.(this, this.#signal?.reason);
  }

  resolve(reply: Reply): void {
    this.#resolve(reply);
  }

  reject(error: Error): void {
    this.#reject(error);
  }

  /** Gives up what is being done for the request. */
  abort(reason: Error): void {
    this.#exchange?.abort(reason);
  }

  protected override computeKey(): string {
    return this.id;
  }
}

export class PendingRequests extends KeyedList<Pending> {
  readonly #httpStatus: number | undefined;
  #lastId = 0;

  /** @param httpStatus the status of the responses that carry the answers, if responses carry them */
  constructor(httpStatus?: number) {
    super();
    this.#httpStatus = httpStatus;
  }

  /**
   * Gives a request its id, and keeps it until it is settled or deleted.
   * @param exchange left out where rejecting the request ends all work for it
   */
  open(call: Call, resolve: (reply: Reply) => void, reject: (error: Error) => void, exchange?: Exchange): Pending {
    const pending = new Pending(String(++this.#lastId), call, resolve, reject, exchange);
    this.add(pending);
    return pending;
  }

  /** Ends the wait for an answer. Returns whether the request was open. */
  override delete(pending: Pending): boolean {
    pending.unwatch();
    return super.delete(pending);
  }

  /**
   * Settles the request that an answer is for. An id that was never ours must mean the only
   * request that the answer can be for, if there is just one. The id of a request that is over
   * means a late answer, except on a stream that belongs to one request.
   * @param own the request on whose stream the answer came, if each has its own
   * @returns whether a request had the id (`answered`), none had it but one was settled
   *   (`stray`), or none was settled
   */
  settle(answer: Message & { kind: 'response' | 'malformed' }, own?: Pending): 'answered' | 'stray' | undefined {
    // Nearly every peer spells an id as it got it.
    let named = this.#numbered(answer.id, own);
    const number = named ? 0 : requestNumber(answer.id, this.#lastId);
    if (number) named = this.#numbered(String(number), own);
    const stray = named === undefined;
    const asked = named ?? own ?? (number === undefined ? this.#only : undefined);
    if (!asked || !this.delete(asked)) return undefined;
    if (answer.kind === 'malformed') {
      const status = this.#httpStatus === undefined ? {} : { httpStatus: this.#httpStatus };
      const data = { ...status, outcome: 'unknown' } as const;
      asked.reject(new ProxyError('failed', `the answer is malformed: ${answer.reason}`, data));
    } else if (stray) {
      settleStray(answer, asked, this.#httpStatus);
    } else {
      asked.resolve(answer.reply);
    }
    return stray ? 'stray' : 'answered';
  }

  /** Whether an id, in any of its spellings, is that of an open request. */
  asks(id: Id): boolean {
    return this.get(String(requestNumber(id, this.#lastId))) !== undefined;
  }

  /**
   * Ends the subscription that the other end cancels; nothing else ends by that (specification 2026-07-28,
   * "Cancellation").
   * @param told called before, with the id of the subscription; left out: there are none
   */
  unsubscribe(cancelled: Call, told?: (id: Id, cancelled: Call) => void): void {
    const id = cancelled.params && cancelledId(cancelled.params);
    const asked = id && told ? this.get(String(requestNumber(id, this.#lastId))) : undefined;
    if (!asked || !isSubscription(asked.call)) return;
    told?.(asked.id, cancelled);
    if (this.delete(asked)) asked.resolve(GRACEFUL);
  }

  /** Whether an id, in any of its spellings, is that of a request, open or over. */
  knows(id: Id): boolean {
    return this.get(id) !== undefined || requestNumber(id, this.#lastId) !== undefined;
  }

  /** Rejects a request, unless it is settled. */
  fail(pending: Pending, error: Error): void {
    if (this.delete(pending)) pending.reject(error);
  }

  /** Rejects every request. */
  destroy(reason: Error): void {
    for (const pending of this) {
      pending.abort(reason);
      this.fail(pending, reason);
    }
  }

  /** Resolves as soon as no request waits for its answer. Subscriptions do not count. */
  idle(): Promise<void> {
    return this.without(({ call }) => !isSubscription(call));
  }

  get #only(): Pending | undefined {
    return this.size === 1 ? this.newest : undefined;
  }

  #numbered(id: Id, own: Pending | undefined): Pending | undefined {
    return id === own?.id ? own : this.get(id);
  }
}
