/**
 * Who can have tasks: capabilities of servers, and what single tools say (specification 2025-11-25, "Tasks", section
 * "Capabilities"; the tasks extension of 2026-07-28, "Capability Negotiation").
 */
import { encode, isObject, type Json, JsonError, members, peekObject, peekText, withMember } from '../../core/json.ts';
import { errorCode, errorReply, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import { CLIENT_CAPABILITIES } from '../envelope.ts';
import { MISSING_CLIENT_CAPABILITY } from '../revisions.ts';
import { pageOf, withEntries } from '../tool-list.ts';
import { TASKS_EXTENSION } from './capabilities.ts';

/** The first revision with tasks. */
const FIRST_REVISION = '2025-11-25';

/** Whether capabilities of 2026-07-28, of either side, name the tasks extension. */
export function hasTasks(capabilities: Json | undefined): boolean {
  return peekObject(capabilities, 'extensions', TASKS_EXTENSION) !== undefined;
}

/** Whether a client of this revision can have tasks. */
export function knowsTasks(revision: string): boolean {
  return revision >= FIRST_REVISION;
}

/** Whether a server of 2025-11-25 makes tasks of calls. */
export function makesTasks(capabilities: Json | undefined): boolean {
  return peekObject(capabilities, 'tasks', 'requests', 'tools', 'call') !== undefined;
}

/** Whether a server of 2025-11-25 lets clients cancel tasks. */
export function cancelsTasks(capabilities: Json | undefined): boolean {
  return peekObject(capabilities, 'tasks', 'cancel') !== undefined;
}

/** Capabilities of a server that say that it makes tasks of calls, as 2025-11-25 says it. */
export function withLegacyTasks(capabilities: Json): Json {
  return withMember(capabilities, 'tasks', encode({ cancel: {}, requests: { tools: { call: {} } } }));
}

/** Capabilities of either side with the tasks extension. */
export function withTasksExtension(capabilities: Json): Json {
  const extensions = peekObject(capabilities, 'extensions') ?? encode({});
  return withMember(capabilities, 'extensions', withMember(extensions, TASKS_EXTENSION, encode({})));
}

/** The envelope of a client, for a request that may become a task. */
export function withTasksDeclared(envelope: Json): Json {
  const declared = peekObject(envelope, CLIENT_CAPABILITIES) ?? encode({});
  return withMember(envelope, CLIENT_CAPABILITIES, withTasksExtension(declared));
}

/** A list of tools that can all become tasks: in 2026-07-28 the server decides that with each call. */
export function withTaskSupport(list: Json): Json {
  const page = pageOf('tools/list', list);
  if (!page) return list;
  return withEntries(
    page,
    page.entries.map((tool) => {
      if (!isObject(tool) || peekText(tool, 'execution', 'taskSupport') !== undefined) return tool;
      const execution = peekObject(tool, 'execution') ?? encode({});
      return withMember(tool, 'execution', withMember(execution, 'taskSupport', encode('optional')));
    }),
  );
}

/** The names of the tools of a list of 2025-11-25 that can only be called as tasks. */
export function taskOnlyTools(list: Json): string[] {
  // The key may be spelled with escapes.
  if (!list.includes('required') && !list.includes('\\u')) return [];
  try {
    const tools = pageOf('tools/list', list)?.entries ?? [];
    const only = tools.filter((tool) => peekText(tool, 'execution', 'taskSupport') === 'required');
    return only.flatMap((tool) => peekText(tool, 'name') ?? []);
  } catch (error) {
    if (error instanceof JsonError) return [];
    throw error;
  }
}

/** Whether an error says that the client must declare the tasks extension, and nothing else. */
export function needsTasksDeclared(reply: Reply): boolean {
  if (errorCode(reply) !== MISSING_CLIENT_CAPABILITY || !('error' in reply)) return false;
  const required = peekObject(reply.error, 'data', 'requiredCapabilities');
  return (
    hasTasks(required) && isOnlyMember(required, 'extensions') && isOnlyMember(extensionsOf(required), TASKS_EXTENSION)
  );
}

function extensionsOf(capabilities: Json | undefined): Json | undefined {
  return peekObject(capabilities, 'extensions');
}

function isOnlyMember(text: Json | undefined, key: string): boolean {
  return text !== undefined && members(text).every((one) => one.key === key);
}

/** The answer to a request about tasks from a client that did not declare them (tasks extension, "Protocol Errors"). */
export function tasksNotDeclared(): Reply {
  return errorReply(MISSING_CLIENT_CAPABILITY, 'Missing required client capability', {
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  });
}

/** The answer where there are no such tasks. */
export function noSuchMethod(method: string): Reply {
  return errorReply(METHOD_NOT_FOUND, `Method not found: ${method.slice(0, 200)}`);
}
