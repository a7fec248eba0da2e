/** The calls of a session that have no answer yet. */
import type { Exchange } from '../core/exchange.ts';
import { LinkedList, ListNode } from '../core/lists/linked-list.ts';
import { isSubscription } from '../mcp/methods.ts';

export class OpenCall extends ListNode {
  readonly exchange: Exchange;
  /** Rejects the answer, where giving up the exchange does not. */
  reject: ((reason: Error) => void) | undefined;

  constructor(exchange: Exchange) {
    super();
    this.exchange = exchange;
    this.reject = undefined;
  }
}

export class OpenCalls extends LinkedList<OpenCall> {
  /** Resolves as soon as no client waits for an answer. Subscriptions do not count. */
  idle(): Promise<void> {
    return this.without(({ exchange }) => !exchange.signal.aborted && !isSubscription(exchange.call));
  }

  /** Keeps a call until it is answered. Passes the answer on, unless the call is ended before. */
  async during<T>(exchange: Exchange, answer: Promise<T>): Promise<T> {
    const open = new OpenCall(exchange);
    this.add(open);
    try {
      return await new Promise<T>((resolve, reject) => {
        open.reject = reject;
        answer.then(resolve, reject);
      });
    } finally {
      this.delete(open);
    }
  }

  /** Answers every call with the reason. */
  destroy(reason: Error): void {
    for (const { exchange, reject } of this) {
      exchange.abort(reason);
      reject?.(reason);
    }
  }
}
