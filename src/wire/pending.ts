/** Our own requests that wait for answers, under ids that count from 1. */
import { type Id, requestNumber } from '../core/ids.ts';
import type { Message, Reply } from '../core/jsonrpc.ts';
import { KeyedList, KeyedNode } from '../core/keyed-list.ts';
import { ProxyError } from '../errors.ts';
import { settleStray } from './stray.ts';

export class Pending extends KeyedNode {
  readonly id: Id;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;

  constructor(id: Id, resolve: (reply: Reply) => void, reject: (error: Error) => void) {
    super();
    this.id = id;
    this.resolve = resolve;
    this.reject = reject;
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

  /** Gives a request its id, and keeps it until it is settled or deleted. */
  open(resolve: (reply: Reply) => void, reject: (error: Error) => void): Pending {
    const pending = new Pending(String(++this.#lastId), resolve, reject);
    this.add(pending);
    return pending;
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
    const number = requestNumber(answer.id, this.#lastId);
    const named = number === undefined ? undefined : this.#numbered(String(number), own);
    const stray = named === undefined;
    const asked = named ?? own ?? (number === undefined ? this.#only : undefined);
    if (!asked || !this.delete(asked)) return undefined;
    if (answer.kind === 'malformed') {
      asked.reject(new ProxyError('failed', `the answer is malformed: ${answer.reason}`, { outcome: 'unknown' }));
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

  /** Rejects a request, unless it is settled. */
  fail(pending: Pending, error: Error): void {
    if (this.delete(pending)) pending.reject(error);
  }

  get #only(): Pending | undefined {
    return this.size === 1 ? this.newest : undefined;
  }

  #numbered(id: Id, own: Pending | undefined): Pending | undefined {
    return id === own?.id ? own : this.get(id);
  }
}
