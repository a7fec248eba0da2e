// Exchanges without a wire: what a layer passes on, tells and asks is kept for the test.
import type { Exchange, Handler, Peer, Session } from '../../../src/core/exchange.ts';
import type { Call, Reply } from '../../../src/core/jsonrpc.ts';
import type { Layer } from '../../../src/core/layer.ts';

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

/** A client that gets no notification and no question. */
export const SILENT: Peer = {
  notify: () => undefined,
  ask: () => Promise.reject(new Error('nobody to ask')),
  room: () => undefined,
};

/** A session whose requests go to a handler. */
export function sessionOf(request: Handler, told: (call: Call) => void = () => {}): Session {
  return {
    request,
    notify: (call) => {
      told(call);
      return undefined;
    },
    established: true,
    era: undefined,
    close: async () => {},
    destroy: () => {},
  };
}

/** The requests of one client, with a layer between it and the handler. */
export function behind(layer: Layer, handler: Handler): Handler {
  const session = layer(() => sessionOf(handler))(SILENT);
  return (exchange) => session.request(exchange);
}

export function result(text: string): Reply {
  return { result: Buffer.from(text) };
}

/** The reply as text, to be compared byte for byte. */
export function textOf(reply: Reply): string {
  return ('error' in reply ? reply.error : reply.result).toString();
}
