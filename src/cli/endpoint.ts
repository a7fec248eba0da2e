/** Whether an MCP server is at a URL, as far as one harmless question can tell. */
import type { Fetch, HttpResponse } from '../core/fetch.ts';
import { unexpectedResponse } from '../upstream/failure.ts';

/** What is asked without being signed in: harmless everywhere, and looked at by nobody who wants a sign-in first. */
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const STREAM = { accept: 'text/event-stream' };
/** Bytes of a body that are looked at. */
const EXCERPT = 65_536;

/**
 * The answer of the server to whoever is signed in now; its body is not to be read. Rejects with a ProxyError when the
 * answer is not one of an MCP server: a page, or a path that does not exist.
 */
export async function askServer(fetch: Fetch, url: URL): Promise<HttpResponse> {
  const body = [Buffer.from(PING)];
  const response = await fetch({ method: 'POST', url, headers: HEADERS, body, repeatable: true, probe: true });
  if (!isRefusal(response.status) && !isStream(response)) {
    const text = await response.body.bytes(EXCERPT).catch(() => Buffer.alloc(0));
    if (isMcp(response, text)) return response;
    // HTTP+SSE servers know no POST at this path.
    const stream = await fetch({ method: 'GET', url, headers: STREAM, repeatable: true, probe: true });
    stream.body.destroy();
    if (stream.status !== 401 && !(stream.status === 200 && isStream(stream))) {
      throw unexpectedResponse(response, text, url);
    }
    return stream;
  }
  response.body.destroy();
  return response;
}

/** Statuses that say nothing about what is at the URL. */
function isRefusal(status: number): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500;
}

function isMcp({ status, headers }: HttpResponse, body: Buffer): boolean {
  const type = String(headers['content-type'] ?? '');
  if (status < 300) return body.length === 0 || /json/i.test(type);
  // Servers that want a session first say so in words of their own.
  return status === 400 ? !/html/i.test(type) : body.includes('"jsonrpc"');
}

function isStream({ headers }: HttpResponse): boolean {
  return /^text\/event-stream\b/i.test(String(headers['content-type'] ?? ''));
}
