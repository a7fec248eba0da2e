/** Turns errors into JSON-RPC error replies: the edge where every failure becomes an answer. */
import type { CancelSignal } from '../core/cancel.ts';
import { JsonError } from '../core/json.ts';
import { errorReply, INTERNAL_ERROR, INVALID_PARAMS, type Reply } from '../core/jsonrpc.ts';
import { brokenInstallation, ProxyError, unsent } from '../errors.ts';

/** @param signal of a request that is given up: it tells whether the request was sent, which the error does not */
export function replyFrom(given: unknown, signal?: CancelSignal): Reply {
  const error = signal?.sent === false ? unsent(given) : given;
  if (error instanceof ProxyError) {
    // Hosts tend to show the message and drop the data, so the hint is in both.
    const message = error.data.hint ? `${error.message} (${error.data.hint})` : error.message;
    return errorReply(error.meaning.rpc, message, { ...error.data });
  }
  if (error instanceof JsonError) return errorReply(INVALID_PARAMS, `Invalid params: ${error.message}`);
  const reason = error instanceof Error ? error.message : 'unknown';
  return errorReply(INTERNAL_ERROR, brokenInstallation(error) ?? `mcp-proxy: internal error: ${reason}`);
}
