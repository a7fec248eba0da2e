/** Where messages go over HTTP+SSE: what the first event of the stream says (specification 2024-11-05, "HTTP with SSE"). */
import { showUrl } from '../core/redact.ts';
import { parseUrl } from '../core/url.ts';
import { ProxyError } from '../errors.ts';
import type { SseEvent } from '../wire/sse.ts';
import { NO_REFUSAL, Refusal } from './outcome.ts';

/** The URL to POST to. Throws when the event names none, or one of another origin. */
export function endpointOf(event: SseEvent, url: URL): URL {
  const text = event.data.toString('utf8').trim();
  const endpoint = event.type === 'endpoint' ? parseUrl(text, url) : undefined;
  if (!endpoint) throw notMcp(url, 'its first event names no endpoint');
  if (endpoint.origin !== url.origin) {
    throw new ProxyError(
      'failed',
      `${showUrl(url)} names an endpoint of another origin (${endpoint.origin}); refused`,
      {
        hint: 'a server that is moved behind another name has to say so in its endpoint event',
      },
    );
  }
  return endpoint;
}

/** The URL opens an event stream, but not that of this transport: another one may fit. */
export function notMcp(url: URL, why: string): Refusal {
  const error = new ProxyError('failed', `${showUrl(url)} opens an event stream that is not MCP's: ${why}`);
  return new Refusal({ kind: 'refused', status: NO_REFUSAL, reply: undefined, error, challenged: false });
}
