/** From JSON-RPC answers to HTTP statuses (specification 2026-07-28, "Streamable HTTP"; docs/http-mode.md). */
import { HEADER_MISMATCH, isModernError } from '../core/eras.ts';
import { errorCode, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, type Reply } from '../core/jsonrpc.ts';

/** The status of an answer to a client of the revisions with a handshake: whatever the server says is an answer. */
export function legacyStatus(reply: Reply): number {
  return 'error' in reply ? (reply.status ?? 200) : 200;
}

/** The status of an answer to a client of revision 2026-07-28. */
export function modernStatus(reply: Reply): number {
  const code = errorCode(reply);
  if (code === METHOD_NOT_FOUND) return 404;
  if (code === PARSE_ERROR || code === INVALID_REQUEST || code === HEADER_MISMATCH || isModernError(code)) return 400;
  return legacyStatus(reply);
}
