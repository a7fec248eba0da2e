/** Where a request may carry the handle that says which replica it belongs to. */
import type { IncomingMessage } from 'node:http';
import { asString, JsonError, peek } from '../../../core/json.ts';
import type { Call, Message } from '../../../core/jsonrpc.ts';
import { LONGEST_HANDLE } from '../../../core/ports/replicas.ts';

/**
 * The end of a text: handles come last in what contains them. It takes quadratic time, so that it sees no more of a text
 * than shows whether its handle is too long.
 */
const LAST = /[A-Za-z0-9_-]{40,}$/;

/** The id of a session, over Streamable HTTP or HTTP+SSE; undefined outside of sessions. */
export function sessionHandle({ headers, url }: IncomingMessage): string | undefined {
  const id = headers['mcp-session-id'];
  if (typeof id === 'string') return id;
  const query = url?.split('?')[1];
  return query === undefined ? undefined : (new URLSearchParams(query).get('sessionId') ?? undefined);
}

/**
 * The handle in a request of 2026-07-28: the call that it continues, or the result that it reads. Nothing says that it is
 * one of ours, except that it can be opened.
 */
export function callHandle(message: Message | undefined): string | undefined {
  if (message?.kind !== 'request') return undefined;
  const text = handleText(message.call);
  return text === undefined ? undefined : LAST.exec(text.slice(-LONGEST_HANDLE - 1))?.[0];
}

function handleText({ method, params }: Call): string | undefined {
  try {
    const member = peek(params, method === 'resources/read' ? 'uri' : 'requestState');
    return member && asString(member);
  } catch (error) {
    // The request is refused where it is served.
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
