/** Turns errors into JSON-RPC error replies: the edge where every failure becomes an answer. */
import { JsonError } from '../core/json.ts';
import { errorReply, INTERNAL_ERROR, INVALID_PARAMS, type Reply } from '../core/jsonrpc.ts';
import { brokenInstallation, ProxyError } from '../errors.ts';

export function replyFrom(error: unknown): Reply {
  if (error instanceof ProxyError) {
    // Hosts tend to show the message and drop the data, so the hint is in both.
    const message = error.data.hint ? `${error.message} (${error.data.hint})` : error.message;
    return errorReply(error.meaning.rpc, message, { ...error.data });
  }
  if (error instanceof JsonError) return errorReply(INVALID_PARAMS, `Invalid params: ${error.message}`);
  const reason = error instanceof Error ? error.message : 'unknown';
  return errorReply(INTERNAL_ERROR, brokenInstallation(error) ?? `mcp-proxy: internal error: ${reason}`);
}
