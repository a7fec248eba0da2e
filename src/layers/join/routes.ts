/** Finds the server of a request, and says why there is none. */
import type { CancelSignal } from '../../core/cancel.ts';
import { asString, encode, isObject, type Json, member, withMember } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../core/jsonrpc.ts';
import { printable } from '../../core/redact.ts';
import { nameSource } from '../../mcp/methods.ts';
import type { Directory, Listed, Route } from './directory.ts';
import { has } from './introductions.ts';
import { withParameter, withText } from './rewrite.ts';

/** What a request is about: a tool, a prompt or a resource. */
export interface Subject {
  /** The list that has it. */
  readonly list: string;
  /** Its name or URI, as the client says it. */
  readonly text: string;
  /** The same request about it under the server's own name. */
  readonly as: (own: string) => Call;
}

const LIST_OF: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'tools/list'],
  ['prompts/get', 'prompts/list'],
  ['resources/read', 'resources/list'],
  ['resources/subscribe', 'resources/list'],
  ['resources/unsubscribe', 'resources/list'],
]);

/**
 * The subject of a request, or the refusal of a request that names none. Undefined for a method without a subject.
 * Throws a JsonError for a duplicate key.
 */
export function subjectOf(call: Call): Subject | Reply | undefined {
  if (call.method === 'completion/complete') return referenceOf(call);
  const list = LIST_OF.get(call.method);
  if (list === undefined) return undefined;
  const key = nameSource(call.method) ?? 'uri';
  const text = isObject(call.params) ? asString(member(call.params, key)) : undefined;
  if (text === undefined) return errorReply(INVALID_PARAMS, `Invalid params: ${key} is not a string`);
  return { list, text, as: (own) => (own === text ? call : withParameter(call, key, own)) };
}

/** What a `completion/complete` is about (specification 2025-11-25, "Completion"). */
function referenceOf(call: Call): Subject | Reply {
  const params = isObject(call.params) ? call.params : encode({});
  const ref = member(params, 'ref');
  const type = isObject(ref) ? asString(member(ref, 'type')) : undefined;
  const key = type === 'ref/prompt' ? 'name' : 'uri';
  const text = isObject(ref) ? asString(member(ref, key)) : undefined;
  if (text === undefined)
    return errorReply(INVALID_PARAMS, 'Invalid params: ref names neither a prompt nor a resource');
  return {
    list: key === 'name' ? 'prompts/list' : 'resources/list',
    text,
    as: (own) =>
      own === text ? call : { ...call, params: withMember(params, 'ref', withText(ref as Json, key, own)) },
  };
}

export function routeOf(directory: Directory, { list, text }: Subject): Route | undefined {
  return list === 'resources/list' ? directory.located(text) : directory.named(list, text);
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['tools/list', 'tool'],
  ['prompts/list', 'prompt'],
  ['resources/list', 'resource'],
]);

/** The answer to a request about something that no server is known to have. */
export function unknownSubject(directory: Directory, { list, text }: Subject): Reply {
  const name = printable(text, 200);
  const others = list === 'resources/list' ? [] : directory.alternatives(list, text);
  const silent = directory.servers.filter(({ catalog }) => catalog.list(list) === undefined);
  const hint =
    others.length > 0
      ? `several servers have it: ${others.slice(0, 10).join(', ')}`
      : silent.length > 0
        ? `not known yet, what these servers have: ${silent.map(whyOf).join('; ')}`
        : undefined;
  const message = `Unknown ${KINDS.get(list)}: ${name}`;
  return errorReply(INVALID_PARAMS, hint === undefined ? message : `${message} (${hint})`, hint ? { hint } : {});
}

/**
 * The answer of the first server that knows a resource which no list and no template has, or the first refusal;
 * undefined when no server could be asked.
 */
export async function firstAnswer(
  servers: readonly { readonly listed: Listed }[],
  signal: CancelSignal,
  send: (listed: Listed) => Promise<Reply>,
): Promise<Reply | undefined> {
  let refusal: Reply | undefined;
  for (const { listed } of servers) {
    if (signal.aborted) throw signal.reason;
    const { catalog } = listed;
    if (has(catalog.introduction, 'resources') !== true || catalog.problem !== undefined) continue;
    // It has not even answered with its list, and the others must not wait for it.
    if (catalog.waitingFor('resources/list') > 0) continue;
    const reply = await send(listed).catch(() => undefined);
    if (reply && 'result' in reply) return reply;
    refusal ??= reply;
  }
  return refusal;
}

function whyOf({ name, catalog }: Listed): string {
  return `${name} (${catalog.problem ?? 'it has not answered yet'})`;
}
