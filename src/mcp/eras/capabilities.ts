/** Capabilities that mean different things in the two eras. */
import { isObject, type Json, member, peek, withMember, withoutMembers } from '../../core/json.ts';

/** The tasks of 2026-07-28: an extension, and not the protocol that 2025-11-25 calls tasks. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** Capabilities of either side without the tasks extension. Throws a JsonError for a duplicate key. */
export function withoutTasks(capabilities: Json): Json {
  const extensions = member(capabilities, 'extensions');
  if (!isObject(extensions) || !peek(extensions, TASKS_EXTENSION)) return capabilities;
  return withMember(capabilities, 'extensions', withoutMembers(extensions, [TASKS_EXTENSION]));
}
