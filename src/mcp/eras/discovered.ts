/** The answer to `server/discover` for a server that has none, from its answer to `initialize`. */
import { encode, type Json, peek, peekObject, peekText, withoutMembers } from '../../core/json.ts';
import { discoverResult } from '../handshake.ts';
import { withoutTasks } from './capabilities.ts';
import { makesTasks, withTasksExtension } from './task-support.ts';

/** Parts of the wrong type are left out. */
export function discoverResultOf(initialized: Json): Json {
  const capabilities = peekObject(initialized, 'capabilities') ?? encode({});
  const other = withoutTasks(capabilities);
  const common = peek(other, 'tasks') ? withoutMembers(other, ['tasks']) : other;
  return discoverResult({
    capabilities: makesTasks(capabilities) ? withTasksExtension(common) : common,
    serverInfo: peekObject(initialized, 'serverInfo'),
    ...(peekText(initialized, 'instructions') && { instructions: peek(initialized, 'instructions') }),
  });
}
