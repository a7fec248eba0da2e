/**
 * The questions of a server of an older revision (sampling, elicitation, roots), as a client of 2026-07-28 gets them:
 * in a result, and answered in a later request (specification 2026-07-28, "Multi Round-Trip Requests").
 */
import {
  asString,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  members,
  peek,
  peekObject,
  peekText,
  withMember,
  withoutMembers,
} from '../../../core/json.ts';
import { type Call, errorReply, INTERNAL_ERROR, METHOD_NOT_FOUND, type Reply } from '../../../core/jsonrpc.ts';
import { METHODS } from '../../methods.ts';
import { MARK } from '../../progress-token.ts';
import { RELATED_TASK } from '../tasks.ts';

const ELICITATION = 'elicitation/create';
const SAMPLING = 'sampling/createMessage';
const ROOTS = 'roots/list';
/** The first revision in which the answer to sampling may have several blocks. */
const REVISION_WITH_BLOCKS = '2025-11-25';

/** The server's answer when the client can never be asked this, or undefined when it can. */
export function refusedQuestion(call: Call, capabilities: Json | undefined): Reply | undefined {
  if (call.method === 'ping') return { result: encode({}) };
  if (METHODS.get(call.method)?.allowedBy === undefined) {
    return errorReply(METHOD_NOT_FOUND, `Method not found: ${call.method}`);
  }
  const missing = missingCapability(call, capabilities);
  return missing === undefined ? undefined : errorReply(METHOD_NOT_FOUND, `The client did not declare ${missing}`);
}

/** The capability that a question needs and the client has not declared. */
function missingCapability({ method, params }: Call, capabilities: Json | undefined): string | undefined {
  const name = METHODS.get(method)?.allowedBy as string;
  const declared = peekObject(capabilities, name);
  if (!declared) return name;
  if (method === SAMPLING && peek(params, 'tools') && !peekObject(declared, 'tools')) return 'sampling.tools';
  if (method !== ELICITATION) return undefined;
  const mode = peekText(params, 'mode') === 'url' ? 'url' : 'form';
  // Without modes it means forms.
  const isDeclared = peekObject(declared, mode) || (mode === 'form' && !peekObject(declared, 'url'));
  return isDeclared ? undefined : `elicitation.${mode}`;
}

/** A question as an entry of `inputRequests`. Throws a JsonError for a duplicate key. */
export function inputRequest({ method, params }: Call): Json {
  const head = encode({ method });
  if (method === ROOTS || !isObject(params)) return head;
  const own = withoutMembers(params, ['task', ...(method === ELICITATION ? ['elicitationId'] : [])]);
  const meta = peekObject(own, '_meta');
  const kept = meta && withoutMembers(meta, [MARK, RELATED_TASK]);
  if (!kept) return withMember(head, 'params', own);
  return withMember(
    head,
    'params',
    kept.length === 2 ? withoutMembers(own, ['_meta']) : withMember(own, '_meta', kept),
  );
}

/** A round of questions under their keys. `state` comes back with the answers. */
export function inputRequired(requests: Iterable<readonly [key: string, request: Json]>, state: string): Json {
  return withMember(
    encode({ resultType: 'input_required', requestState: state }),
    'inputRequests',
    inputRequests(requests),
  );
}

/** Questions as one object. */
export function inputRequests(requests: Iterable<readonly [key: string, request: Json]>): Json {
  const parts: Buffer[] = [];
  for (const [key, request] of requests) {
    parts.push(Buffer.from(`${parts.length === 0 ? '{' : ','}${JSON.stringify(key)}:`), request);
  }
  return parts.length === 0 ? encode({}) : Buffer.concat([...parts, Buffer.from('}')]);
}

/**
 * The answers that a request brings, by their keys. Undefined when they are malformed. Throws a JsonError for a duplicate
 * key.
 */
export function inputResponses({ params }: Call): Map<string, Json> | undefined {
  const given = peek(params, 'inputResponses');
  if (given === undefined) return new Map();
  if (!isObject(given)) return undefined;
  const all = members(given).map(({ key, start, end }) => [key, given.subarray(start, end)] as const);
  return all.every(([, response]) => isObject(response)) ? new Map(all) : undefined;
}

/**
 * The client's answer, as the server expects it.
 * @param revision that the server speaks
 */
export function answerTo({ method }: Call, response: Json, revision: string | undefined): Reply {
  const content = peek(response, 'content');
  if (method !== SAMPLING || !isArray(content)) return { result: response };
  if (revision !== undefined && revision >= REVISION_WITH_BLOCKS) return { result: response };
  const block = onlyBlock(elements(content));
  if (block) return { result: withMember(response, 'content', block) };
  const message =
    'the client answered with several blocks of content, which this revision of the protocol does not have';
  return errorReply(INTERNAL_ERROR, message);
}

/** One block for all of them: texts are joined. */
function onlyBlock(blocks: readonly Json[]): Json | undefined {
  if (blocks.length === 1) return blocks[0];
  const texts = blocks.map((block) => (peekText(block, 'type') === 'text' ? asString(peek(block, 'text')) : undefined));
  if (blocks.length === 0 || texts.includes(undefined)) return undefined;
  return encode({ type: 'text', text: texts.join('\n') });
}

const NO_ANSWER = -1;

/** The server's answer when the client does not answer. */
export function unanswered({ method }: Call): Reply {
  if (method === ELICITATION) return { result: encode({ action: 'cancel' }) };
  return errorReply(NO_ANSWER, 'no answer from the client');
}
