/** Tells the server that its client is done with a session (specification 2025-11-25, "Session Management"). */
import { Cancellation } from '../../core/cancel.ts';
import { withLimit } from '../../core/timer.ts';
import type { UpstreamContext } from '../context.ts';
import type { SessionHeaders } from './session-headers.ts';

/** @param limit milliseconds. Never rejects. */
export async function endSession(
  { url, fetch, cookies }: UpstreamContext,
  headers: SessionHeaders,
  limit: number,
): Promise<void> {
  try {
    await withLimit(limit, new Cancellation(), async (signal) => {
      const response = await fetch({
        purpose: 'end',
        method: 'DELETE',
        url,
        headers: headers.of('delete'),
        signal,
        inSession: true,
        repeatable: true,
        cookies,
      });
      response.body.destroy();
    });
  } catch {
    // The server forgets the session eventually; there is no one left to tell.
  }
}
