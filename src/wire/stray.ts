/** Answers with an id that none of our requests ever had: the other end meant a request that is open. */
import type { Id } from '../core/ids.ts';
import { encodeResponse, type Reply } from '../core/jsonrpc.ts';
import { printable } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';

/** How many bytes of an answer an error keeps; it shows fewer, after the proxy has hidden secrets. */
const EXCERPT = 4_096;
/** Characters of the id to show. */
const SHOWN = 80;

/**
 * Settles the only open request with a stray answer: with the error that the other end reports,
 * or else by rejecting it with an error of the proxy.
 * @param httpStatus the status of the response that carried the answer, if a response did
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
  return new ProxyError('failed', `the answer names a different request: its id is ${printable(id, SHOWN)}`, {
    ...(httpStatus !== undefined && { httpStatus }),
    body: answer.toString('utf8', 0, EXCERPT),
    outcome: 'unknown',
  });
}
