/** Checks with one harmless request whether an MCP server is at a URL. */
import type { Fetch, HttpResponse } from '../../core/fetch.ts';
import { PING_REQUEST } from '../../mcp/handshake.ts';
import { POST_HEADERS, STREAM_HEADERS } from '../../mcp/headers.ts';
import { unexpectedResponse } from '../../upstream/failure.ts';
import { refusedRequest } from '../../upstream/refusals/refused-request.ts';

/** Bytes of a body to examine. */
const EXCERPT = 65_536;

/**
 * The server's response with the sign-in that `fetch` has now. Do not read its body. Rejects with a ProxyError when the
 * response is not that of an MCP server: a page, or a path that does not exist.
 */
export async function askServer(fetch: Fetch, url: URL): Promise<HttpResponse> {
  // A server that requires a sign-in ignores the body, and for other servers it is harmless.
  const common = { purpose: 'probe', url, repeatable: true } as const;
  const response = await fetch({ ...common, method: 'POST', headers: POST_HEADERS, body: PING_REQUEST });
  if (!isRefusal(response.status) && !isStream(response)) {
    const text = await response.body.bytes(EXCERPT).catch(() => Buffer.alloc(0));
    if (isMcp(response, text)) return response;
    // HTTP+SSE servers do not accept a POST at this path.
    const stream = await fetch({ ...common, method: 'GET', headers: STREAM_HEADERS });
    stream.body.destroy();
    if (stream.status !== 401 && !(stream.status === 200 && isStream(stream))) {
      throw (response.status < 300 ? unexpectedResponse : refusedRequest)(response, text, url);
    }
    return stream;
  }
  response.body.destroy();
  return response;
}

/** Statuses that do not tell whether an MCP server is at the URL. */
function isRefusal(status: number): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500;
}

function isMcp({ status, headers }: HttpResponse, body: Buffer): boolean {
  const type = String(headers['content-type'] ?? '');
  if (status < 300) return body.length === 0 || /json/i.test(type);
  // Servers that require a session first say so in various ways.
  return status === 400 ? !/html/i.test(type) : body.includes('"jsonrpc"');
}

function isStream({ headers }: HttpResponse): boolean {
  return /^text\/event-stream\b/i.test(String(headers['content-type'] ?? ''));
}
