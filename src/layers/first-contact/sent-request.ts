/** A request of the client, with what the proxy has sent to the server for it. */
import { type Exchange, linked } from '../../core/exchange.ts';
import type { Reply } from '../../core/jsonrpc.ts';
import type { WaitingRequest } from './state.ts';

export interface SentRequest extends WaitingRequest {
  /** The answer to what was sent. */
  answer?: Promise<Reply>;
  /** Cancels what was sent, and nothing else. */
  abandon?: (reason: Error) => void;
}

/** The exchange of what is sent. It ends with the client's own, or when it is abandoned. */
export function cancellable(request: SentRequest): Exchange {
  const own = linked(request.exchange);
  request.abandon = own.abort;
  return own.exchange;
}
