/**
 * HTTP statuses of JSON-RPC answers, for clients of revision 2026-07-28 (specification, "Streamable HTTP"). In earlier
 * revisions, every answer to a request has status 200.
 */

import { errorCode, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, type Reply } from '../../../core/jsonrpc.ts';
import { HEADER_MISMATCH, isModernError } from '../../../mcp/revisions.ts';

/** A failed call is an answer too: several official clients end their session on a 502. */
export function modernStatus(reply: Reply): number {
  const code = errorCode(reply);
  if (code === METHOD_NOT_FOUND) return 404;
  if (code === PARSE_ERROR || code === INVALID_REQUEST || code === HEADER_MISMATCH || isModernError(code)) return 400;
  return 200;
}
