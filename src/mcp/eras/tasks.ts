/**
 * Tasks of the two eras: those of 2025-11-25 (specification 2025-11-25, "Tasks") and the extension of 2026-07-28
 * (https://github.com/modelcontextprotocol/ext-tasks). They are two protocols about the same things. All members that
 * both have keep their bytes.
 */
import {
  asString,
  encode,
  isObject,
  type Json,
  members,
  peek,
  peekObject,
  peekText,
  withMember,
  withoutMembers,
} from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { legacyResult, type ModernResult, memberOf } from './legacy-result.ts';

/** Ties a message to a task of 2025-11-25: the member of its `_meta`. */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';
/** The member of the parameters of 2025-11-25 that asks for a task. */
export const TASK = 'task';
/** The type of a result of 2026-07-28 that is a task. */
export const TASK_TYPE = 'task';

/** What a task says about itself, in either era. */
export interface TaskState {
  readonly taskId: string;
  readonly status: string;
  /** It will not change any more. */
  readonly isOver: boolean;
  /** How long to wait before the next look at it, in milliseconds. */
  readonly interval: number | undefined;
  /** How long it exists from its creation, in milliseconds; undefined: no limit is known. */
  readonly lifetime: number | undefined;
  /** For the user. */
  readonly message: string | undefined;
}

const OVER: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** Reads a task of either era; undefined when it is none. */
export function taskState(task: Json | undefined): TaskState | undefined {
  const [taskId, status] = [peekText(task, 'taskId'), peekText(task, 'status')];
  if (taskId === undefined || status === undefined) return undefined;
  return {
    taskId,
    status,
    isOver: OVER.has(status),
    interval: milliseconds(peek(task, 'pollIntervalMs') ?? peek(task, 'pollInterval')),
    lifetime: milliseconds(peek(task, 'ttlMs') ?? peek(task, 'ttl')),
    message: peekText(task, 'statusMessage'),
  };
}

function milliseconds(value: Json | undefined): number | undefined {
  const number = Number(value?.toString('latin1') ?? Number.NaN);
  return number >= 0 && value?.toString('latin1') !== 'null' ? number : undefined;
}

const TO_LEGACY: ReadonlyMap<string, string> = new Map([
  ['ttlMs', 'ttl'],
  ['pollIntervalMs', 'pollInterval'],
]);
const TO_MODERN: ReadonlyMap<string, string> = new Map([...TO_LEGACY].map(([modern, legacy]) => [legacy, modern]));
/** What a task of 2026-07-28 brings along, and a client of 2025-11-25 asks for separately. */
const PAYLOAD: readonly string[] = ['result', 'error', 'inputRequests'];

/** A task of 2026-07-28, from a result or a notification, as 2025-11-25 has it. */
export function legacyTask(task: ModernResult): Json {
  const own = withoutMembers(legacyResult('tasks/get', task), PAYLOAD);
  const renamed = renamedMembers(own, TO_LEGACY);
  const whole = peek(renamed, 'ttl') === undefined ? withMember(renamed, 'ttl', encode(null)) : renamed;
  // Here a tool that reports an error has not completed.
  return isToolError(memberOf(task, 'result')) ? withMember(whole, 'status', encode('failed')) : whole;
}

function isToolError(result: Json | undefined): boolean {
  return peek(result, 'isError')?.toString('latin1') === 'true';
}

/** The result of a call that has become a task of 2026-07-28, as 2025-11-25 has it. */
export function legacyCreated(created: ModernResult): Json {
  const task = legacyTask(created);
  const meta = peekObject(task, '_meta');
  const head = withMember(encode({}), TASK, withoutMembers(task, ['_meta']));
  return meta ? withMember(head, '_meta', meta) : head;
}

/** What 2026-07-28 puts into a task: how it ended, or what its server wants to know. */
export type TaskPayload = { readonly result: Json } | { readonly error: Json } | { readonly inputRequests: Json };

/** A task of 2025-11-25 as 2026-07-28 has it, without what every result has there. */
export function modernTask(task: Json, payload?: TaskPayload): Json {
  const renamed = renamedMembers(withoutMembers(task, PAYLOAD), TO_MODERN);
  const whole = peek(renamed, 'ttlMs') === undefined ? withMember(renamed, 'ttlMs', encode(null)) : renamed;
  // A task that waits for nothing is at work.
  const idle = peekText(task, 'status') === 'input_required' ? withStatus(whole, 'working') : whole;
  if (!payload) return idle;
  if ('inputRequests' in payload) {
    return withMember(withStatus(whole, 'input_required'), 'inputRequests', payload.inputRequests);
  }
  if ('error' in payload) return withMember(withStatus(whole, 'failed'), 'error', payload.error);
  // There only an error of JSON-RPC is a failure.
  return withMember(withStatus(whole, 'completed'), 'result', withoutRelation(payload.result));
}

function withStatus(task: Json, status: string): Json {
  return withMember(task, 'status', encode(status));
}

/** The task in the result of a call of 2025-11-25 that asked for one; undefined when there is none. */
export function createdTask(result: Json): Json | undefined {
  const task = peekObject(result, TASK);
  return taskState(task) && task;
}

/** The result of a call that has become a task of 2025-11-25, as 2026-07-28 has it. */
export function modernCreated(result: Json, task: Json): Json {
  const meta = peekObject(result, '_meta');
  const flat = withMember(modernTask(task), 'resultType', encode(TASK_TYPE));
  return meta ? withMember(flat, '_meta', meta) : flat;
}

/** The task that a message of 2025-11-25 belongs to. */
export function relatedTask({ params }: Call): string | undefined {
  return peekText(params, '_meta', RELATED_TASK, 'taskId');
}

/** Parameters or a result of 2025-11-25 that say which task they belong to. */
export function relatedTo(text: Json | undefined, taskId: string): Json {
  const whole = isObject(text) ? text : encode({});
  const meta = peekObject(whole, '_meta') ?? encode({});
  return withMember(whole, '_meta', withMember(meta, RELATED_TASK, encode({ taskId })));
}

/** A result that no longer says so. */
export function withoutRelation(result: Json): Json {
  const meta = peekObject(result, '_meta');
  if (!peek(meta, RELATED_TASK)) return result;
  const kept = withoutMembers(meta as Json, [RELATED_TASK]);
  return members(kept).length === 0 ? withoutMembers(result, ['_meta']) : withMember(result, '_meta', kept);
}

/** The parameters of a request about a task. */
export function aboutTask(taskId: string): Json {
  return encode({ taskId });
}

/** The task that a request is about. */
export function taskIdOf({ params }: Call): string | undefined {
  return asString(peek(params, 'taskId'));
}

function renamedMembers(text: Json, names: ReadonlyMap<string, string>): Json {
  const all = members(text);
  // A name that the other era gave already would be there twice.
  const taken = new Set(all.map(({ key }) => key));
  const parts: Buffer[] = [];
  for (const one of all) {
    const name = names.get(one.key);
    const separator = Buffer.from(parts.length === 0 ? '{' : ',');
    if (name === undefined) parts.push(separator, text.subarray(one.from, one.end));
    else if (!taken.has(name))
      parts.push(separator, Buffer.from(`${JSON.stringify(name)}:`), text.subarray(one.start, one.end));
  }
  return parts.length === 0 ? encode({}) : Buffer.concat([...parts, Buffer.from('}')]);
}
