/** Finds the server of a request, and says why there is none. */
import type { CancelSignal } from '../../core/cancel.ts';
import { asString, encode, isObject, type Json, member, scanKnown, stringAt } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../core/jsonrpc.ts';
import { printable } from '../../core/redact.ts';
import type { Directory, Listed, Route } from './directory.ts';
import { has } from './introductions.ts';
import { withParameter, withText } from './rewrite.ts';

/** What a request is about: a tool, a prompt or a resource. */
export interface Subject {
  /** The list that has it. */
  readonly list: string;
  /** The member that has its name or URI: in the reference of a `completion/complete`, else in the parameters. */
  readonly key: string;
  /** Its name or URI, as the client says it. */
  readonly text: string;
  readonly reference: Json | undefined;
  /** Whether the parameters have a `_meta`, which may be an envelope. */
  readonly hasMeta: boolean;
  readonly hasTask: boolean;
}

/** Which list the subject of a method is in, and the member of the parameters that names it. */
const LISTED: ReadonlyMap<string, { readonly list: string; readonly key: 'name' | 'uri' }> = new Map([
  ['tools/call', { list: 'tools/list', key: 'name' }],
  ['prompts/get', { list: 'prompts/list', key: 'name' }],
  ['resources/read', { list: 'resources/list', key: 'uri' }],
  ['resources/subscribe', { list: 'resources/list', key: 'uri' }],
  ['resources/unsubscribe', { list: 'resources/list', key: 'uri' }],
]);

const PARAMETERS = ['name', 'uri', 'arguments', '_meta', 'task'];
/** Where their values are; shared, because reading never interleaves. */
const spans = new Int32Array(2 * PARAMETERS.length);
const [NAME_AT, URI_AT, META_AT, TASK_AT] = [0, 2, 6, 8] as const;

/**
 * The subject of a request, or the refusal of a request that names none. Undefined for a method without a subject.
 * Throws a JsonError for a duplicate key.
 */
export function subjectOf(call: Call): Subject | Reply | undefined {
  if (call.method === 'completion/complete') return referenceOf(call);
  const listed = LISTED.get(call.method);
  if (listed === undefined) return undefined;
  const { list, key } = listed;
  const text = isObject(call.params) ? namedIn(call.params, key) : undefined;
  if (text === undefined) return errorReply(INVALID_PARAMS, `Invalid params: ${key} is not a string`);
  const hasMeta = spans[META_AT + 1] !== 0;
  const hasTask = spans[TASK_AT + 1] !== 0;
  return { list, key, text, reference: undefined, hasMeta, hasTask };
}

/** Every call is looked at here, and most have no other members than the known ones. */
function namedIn(params: Json, key: 'name' | 'uri'): string | undefined {
  scanKnown(params, PARAMETERS, spans);
  const at = key === 'name' ? NAME_AT : URI_AT;
  return stringAt(params, spans[at] as number, spans[at + 1] as number);
}

/** What a `completion/complete` is about (specification 2025-11-25, "Completion"). */
function referenceOf(call: Call): Subject | Reply {
  const reference = isObject(call.params) ? member(call.params, 'ref') : undefined;
  const type = isObject(reference) ? asString(member(reference, 'type')) : undefined;
  const key = type === 'ref/prompt' ? 'name' : 'uri';
  const text = isObject(reference) ? asString(member(reference, key)) : undefined;
  if (text === undefined)
    return errorReply(INVALID_PARAMS, 'Invalid params: ref names neither a prompt nor a resource');
  const list = key === 'name' ? 'prompts/list' : 'resources/list';
  return { list, key, text, reference, hasMeta: true, hasTask: false };
}

/** The same request about its subject under the server's own name. */
export function renamed(call: Call, { key, text, reference }: Subject, own: string): Call {
  if (own === text) return call;
  return reference ? withParameter(call, 'ref', withText(reference, key, own)) : withParameter(call, key, encode(own));
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
