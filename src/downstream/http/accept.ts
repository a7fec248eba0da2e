/** The part of content negotiation that the protocol uses (RFC 9110, section 12.5.1). */
import type { IncomingMessage } from 'node:http';

/** The media types that a client accepts as the answer to a POST. */
export type Accepts = 'both' | 'json' | 'events';

/** The last header, and what it accepts: most requests have the same one. */
let last: { readonly header: string | undefined; readonly accepts: Accepts | undefined } = {
  header: undefined,
  accepts: 'both',
};

/** Undefined when the client accepts nothing that the proxy can send. */
export function accepts(header: string | undefined): Accepts | undefined {
  if (header !== last.header) last = { header, accepts: acceptsIn(header) };
  return last.accepts;
}

function acceptsIn(header: string | undefined): Accepts | undefined {
  if (header === undefined || header.includes('*/*')) return 'both';
  const json = /application\/(json|\*) *([,;]|$)/i.test(header);
  const events = acceptsEvents(header);
  if (json) return events ? 'both' : 'json';
  return events ? 'events' : undefined;
}

export function acceptsEvents(header: string | undefined): boolean {
  return header === undefined || /text\/(event-stream|\*) *([,;]|$)|\*\/\*/i.test(header);
}

/**
 * Whether a person will see the answer: the request comes from a browser that opens an address, not from an MCP client.
 */
export function isBrowser({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if ('mcp-session-id' in headers || 'mcp-protocol-version' in headers) return false;
  return /text\/html/i.test(headers.accept ?? '') && !/text\/event-stream/i.test(headers.accept ?? '');
}

export function isJson(contentType: string | undefined): boolean {
  return contentType === 'application/json' || /^application\/json *(;|$)/i.test(contentType ?? '');
}
