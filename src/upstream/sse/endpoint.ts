/**
 * Where messages go over HTTP+SSE: reads the first event of the stream (specification 2024-11-05,
 * "HTTP with SSE").
 */
import { printable, showUrl } from '../../core/redact.ts';
import { parseUrl } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';
import type { SseEvent } from '../../wire/sse.ts';
import { NO_REFUSAL, UpstreamRefusal } from '../outcome.ts';

/** The longest address to accept, in bytes. */
const LONGEST_ADDRESS = 65_536;

/**
 * The URL to POST to. Throws a Refusal when the event is not `endpoint`, and a ProxyError when the
 * address in it cannot be used.
 */
export function endpointOf(event: SseEvent, url: URL): URL {
  if (event.type !== 'endpoint') throw notMcp(url, 'its first event names no endpoint');
  const text = event.data.toString('utf8', 0, LONGEST_ADDRESS).trim();
  const endpoint = text === '' || event.data.length > LONGEST_ADDRESS ? undefined : parseUrl(text, url);
  if (!endpoint) {
    throw new ProxyError('failed', `${showUrl(url)} names an endpoint that is not a URL: "${printable(text, 80)}"`);
  }
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

/** The URL opens an event stream, but not one of this transport: another transport may fit. */
export function notMcp(url: URL, why: string): UpstreamRefusal {
  const error = new ProxyError('failed', `${showUrl(url)} opens an event stream that is not MCP's: ${why}`);
  return new UpstreamRefusal({ kind: 'refused', status: NO_REFUSAL, reply: undefined, error, challenged: false });
}
