/** Answers under an id that none of our requests ever had: whoever wrote them meant one that is open. */
import type { Id } from '../core/ids.ts';
import { encodeResponse, type Reply } from '../core/jsonrpc.ts';
import { ProxyError } from '../errors.ts';

/** Bytes of an answer that an error keeps; fewer are shown, after secrets are taken out. */
const EXCERPT = 4_096;
/** Characters of the id that are shown. */
const SHOWN = 80;

/**
 * What the one open request gets for a stray answer: the error that the other end reports, or else
 * an error of ours, as a rejection.
 * @param httpStatus of the response that the answer came with, where it came with one.
 */
export function settleStray(
  { id, reply }: { readonly id: Id; readonly reply: Reply },
  asked: { resolve(reply: Reply): void; reject(error: ProxyError): void },
  httpStatus?: number,
): void {
  if ('error' in reply) asked.resolve(reply);
  else asked.reject(strayAnswer(id, Buffer.concat([...encodeResponse(id, reply)]), httpStatus));
}

function strayAnswer(id: Id, answer: Buffer, httpStatus: number | undefined): ProxyError {
  return new ProxyError('failed', `the answer names a different request: its id is ${id.slice(0, SHOWN)}`, {
    ...(httpStatus !== undefined && { httpStatus }),
    body: answer.toString('utf8', 0, EXCERPT),
    outcome: 'unknown',
  });
}
