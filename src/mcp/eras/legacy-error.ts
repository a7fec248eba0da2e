/** Errors of a server of 2026-07-28, for a client of an older revision. */
import { decode } from '../../core/json.ts';
import { errorCode, errorReply, INTERNAL_ERROR, type Reply } from '../../core/jsonrpc.ts';
import { HEADER_MISMATCH } from '../revisions.ts';

/**
 * The proxy writes the headers of a request, so a client cannot correct them. It gets every other error as it is: its
 * words are the server's, and say what is missing.
 */
export function legacyError(reply: Reply & { readonly error: Buffer }): Reply {
  if (errorCode(reply) !== HEADER_MISMATCH) return reply;
  const message =
    'the server did not get the headers that the proxy sent (a gateway in between may remove headers that begin with Mcp-)';
  return errorReply(INTERNAL_ERROR, message, { original: decode(reply.error) });
}
