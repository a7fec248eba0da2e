// A server that takes its time to open a session.
import type { Hostile } from '../../peers/hostile.ts';
import { reply } from '../../peers/hostile-answers.ts';

export const LATE_SESSION = 'opened-late';

export interface LateOpening {
  /** Opens the session, even if the client has left. */
  open(): void;
}

/** The next session opens when the test says so. */
export function openLate(upstream: Hostile): LateOpening {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  upstream.once('initialize', async (res, seen) => {
    await opened;
    res.setHeader('mcp-session-id', LATE_SESSION);
    const { protocolVersion } = seen.message.params as { protocolVersion: string };
    const serverInfo = { name: 'late', version: '1.0.0' };
    return reply({ protocolVersion, capabilities: { tools: {} }, serverInfo })(res, seen);
  });
  return { open: () => open() };
}
