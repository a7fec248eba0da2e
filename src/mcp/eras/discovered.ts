/** The answer to `server/discover` for a server that has none, from its answer to `initialize`. */
import { encode, type Json, peek, peekObject, peekText, withoutMembers } from '../../core/json.ts';
import { discoverResult } from '../handshake.ts';

/** Parts of the wrong type are left out. */
export function discoverResultOf(initialized: Json): Json {
  const capabilities = peekObject(initialized, 'capabilities') ?? encode({});
  return discoverResult({
    // Tasks of 2025-11-25 are another protocol than those of 2026-07-28.
    capabilities: peek(capabilities, 'tasks') ? withoutMembers(capabilities, ['tasks']) : capabilities,
    serverInfo: peekObject(initialized, 'serverInfo'),
    ...(peekText(initialized, 'instructions') && { instructions: peek(initialized, 'instructions') }),
  });
}
