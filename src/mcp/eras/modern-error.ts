/** Errors of a server of an older revision, for a client of 2026-07-28. */
import { decode, encode, withMember } from '../../core/json.ts';
import { errorCode, errorReply, INTERNAL_ERROR, INVALID_PARAMS, type Reply } from '../../core/jsonrpc.ts';

const RESOURCE_NOT_FOUND = -32002;

/** Changes error codes that have another meaning in the modern era, or none. */
export function modernError(reply: Reply & { readonly error: Buffer }): Reply {
  const code = errorCode(reply) ?? 0;
  if (code === RESOURCE_NOT_FOUND) return { ...reply, error: withMember(reply.error, 'code', encode(INVALID_PARAMS)) };
  if (code > -32020 || code < -32099) return reply;
  return errorReply(INTERNAL_ERROR, 'the server answered with a code of another revision', {
    original: decode(reply.error),
  });
}
