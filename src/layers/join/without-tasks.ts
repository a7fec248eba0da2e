/**
 * Takes from a call what asks for a task. A task is known by an id of one server, and nothing in the requests about it
 * names the server; so the joined server declares no tasks, and its servers must not make any. Pure.
 */
import { type Json, peek, peekObject, withMember, withoutMembers } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { CLIENT_CAPABILITIES } from '../../mcp/envelope.ts';
import { KeySearch } from '../../mcp/key-search.ts';

/** The tasks extension of 2026-07-28. */
export const TASKS = 'io.modelcontextprotocol/tasks';
/** Where the extension is declared in an envelope. */
const DECLARED = ['_meta', CLIENT_CAPABILITIES, 'extensions'] as const;

const extension = new KeySearch(TASKS);
const parameter = new KeySearch('task');

/** The call as one without a task: without `task` (2025-11-25), and without the extension in its envelope. */
export function withoutTask(call: Call): Call {
  const { params } = call;
  if (!params || !parameter.mayBeIn(params)) return call;
  const plain = peek(params, 'task') === undefined ? params : withoutMembers(params, ['task']);
  const changed = withoutExtension(plain);
  return changed === params ? call : { ...call, params: changed };
}

/** Parameters whose envelope does not declare the extension. */
export function withoutExtension(params: Json): Json {
  if (!extension.mayBeIn(params) || peek(params, ...DECLARED, TASKS) === undefined) return params;
  return within(params, DECLARED, (extensions) => withoutMembers(extensions, [TASKS]));
}

/** The object with a change of the one that a path leads to. */
function within(object: Json, [key, ...rest]: readonly string[], change: (object: Json) => Json): Json {
  if (key === undefined) return change(object);
  const inner = peekObject(object, key);
  return inner ? withMember(object, key, within(inner, rest, change)) : object;
}
