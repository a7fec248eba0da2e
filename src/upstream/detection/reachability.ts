/** Whether the server can be reached and lets the proxy in: one request that changes nothing. */
import { Cancellation } from '../../core/cancel.ts';
import type { Fetch } from '../../core/fetch.ts';
import { encodeRequest } from '../../core/jsonrpc.ts';
import { showUrl } from '../../core/redact.ts';
import { withLimit } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { PING } from '../../mcp/handshake.ts';
import { POST_HEADERS } from '../../mcp/headers.ts';
import { discard } from '../read-messages.ts';

export interface Reached {
  /** `closed`: the server is there, and asks for a sign-in. */
  readonly kind: 'open' | 'closed' | 'unreachable';
  /** Why the server is unreachable, or why a sign-in failed. */
  readonly error?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

const LIMIT = 10_000;

/**
 * Any answer to a ping outside a session shows that the server is there. Never rejects.
 * @param purpose for a `call`, a user may be asked to sign in.
 */
export async function reach(fetch: Fetch, url: URL, purpose: 'probe' | 'call' = 'probe'): Promise<Reached> {
  try {
    return await withLimit(LIMIT, new Cancellation(), async (signal) => {
      const body = encodeRequest('"reach"', PING);
      const response = await fetch({
        purpose,
        method: 'POST',
        url,
        headers: POST_HEADERS,
        body,
        signal,
        repeatable: true,
      });
      await discard(response).catch(() => {});
      if (response.status === 401) return { kind: 'closed' };
      if (response.status < 500) return { kind: 'open' };
      return { kind: 'unreachable', error: `${showUrl(url)} answered HTTP ${response.status}` };
    });
  } catch (error) {
    if (!(error instanceof ProxyError))
      return { kind: 'unreachable', error: error instanceof Error ? error.message : undefined };
    const late = `${showUrl(url)} has not answered in ${LIMIT / 1000} s`;
    return { kind: 'unreachable', error: error.code === 'timeout' ? late : error.message, hint: error.data.hint };
  }
}
