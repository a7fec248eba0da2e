/** Requests of the proxy itself about the tasks of a client. */
import { Cancellation, type CancelSignal } from '../../../core/cancel.ts';
import { derived, type Exchange } from '../../../core/exchange.ts';
import { type Call, errorReply, METHOD_NOT_FOUND, type Reply } from '../../../core/jsonrpc.ts';
import { withLimit } from '../../../core/timer.ts';
import { legacyReason } from '../../../mcp/eras/legacy-request.ts';

/** How long a server may take over a request that only asks about a task, in milliseconds. */
export const LIMIT = 30_000;

/** Sends a request that answers at once. Rejects when `signal` is aborted, or when there is no answer in time. */
export function ownRequest(
  send: (exchange: Exchange) => Promise<Reply>,
  call: Call,
  signal: CancelSignal,
  unasked?: boolean,
): Promise<Reply> {
  return withLimit(LIMIT, signal, (limited) => {
    const own = new Cancellation();
    const aborted = new Promise<never>((_, reject) => {
      const onAbort = (): void => {
        own.abort(limited.reason);
        reject(limited.reason);
      };
      if (limited.aborted) onAbort();
      else limited.addEventListener('abort', onAbort, { once: true });
    });
    return Promise.race([send({ ...ownExchange(call, own), unasked }), aborted]);
  });
}

/** Another call on behalf of a modern client's request, which ends for the server as requests of its own revision do. */
export function legacyExchange(exchange: Exchange, changes: Parameters<typeof derived>[1]): Exchange {
  const { signal } = exchange;
  const cancellation = new Cancellation();
  const onAbort = (): void => cancellation.abort(legacyReason(signal.reason));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return { ...derived(exchange, changes), signal: cancellation };
}

/** A call of the proxy, with no client that could be told or asked anything. */
export function ownExchange(call: Call, cancellation: Cancellation): Exchange {
  return {
    call,
    signal: cancellation,
    notify: () => undefined,
    ask: ({ method }) => Promise.resolve(errorReply(METHOD_NOT_FOUND, `Method not found: ${method}`)),
    room: () => undefined,
    abort: (error) => cancellation.abort(error),
  };
}
