// Exchanges without a wire: what a middleware passes on, tells and asks is written down.
import type { Exchange } from '../../../src/core/exchange.ts';
import type { Call, Reply } from '../../../src/core/jsonrpc.ts';

export interface Recorded {
  readonly exchange: Exchange;
  readonly notified: Call[];
  readonly asked: Call[];
  /** Cancels, as the asker would. */
  cancel(reason: unknown): void;
}

export function exchangeOf(
  method: string,
  params?: string,
  answer: () => Promise<Reply> = async () => result('{}'),
): Recorded {
  const notified: Call[] = [];
  const asked: Call[] = [];
  const abort = new AbortController();
  return {
    notified,
    asked,
    cancel: (reason) => abort.abort(reason),
    exchange: {
      call: { method, ...(params !== undefined && { params: Buffer.from(params) }) },
      signal: abort.signal,
      abort: (error) => abort.abort(error),
      notify: (call) => {
        notified.push(call);
        return undefined;
      },
      room: () => undefined,
      ask: (call) => {
        asked.push(call);
        return answer();
      },
    },
  };
}

export function result(text: string): Reply {
  return { result: Buffer.from(text) };
}

/** The reply as text, to be compared byte for byte. */
export function textOf(reply: Reply): string {
  return ('error' in reply ? reply.error : reply.result).toString();
}
