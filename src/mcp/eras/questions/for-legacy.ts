/**
 * What a server of 2026-07-28 wants to know before it goes on (specification 2026-07-28, "Multi Round-Trip Requests"),
 * as requests to a client of an older revision.
 */
import {
  encode,
  isObject,
  type Json,
  members,
  peek,
  peekObject,
  peekText,
  withMember,
  withoutMembers,
} from '../../../core/json.ts';
import type { Call } from '../../../core/jsonrpc.ts';
import { printable } from '../../../core/redact.ts';
import { ProxyError } from '../../../errors.ts';
import { METHODS } from '../../methods.ts';
import { type ModernResult, memberOf } from '../legacy-result.ts';
import { legacyForm } from './forms.ts';
import { hasToolBlocks, legacyMessages } from './sampling.ts';

/** The first revision in which a form says that it is one, and a server can send its user to a page. */
const REVISION_WITH_MODES = '2025-11-25';
/** The first revision in which sampling has tools, and messages of several blocks. */
const REVISION_WITH_TOOLS = '2025-11-25';
/** One round may ask this many questions. */
const MAX_QUESTIONS = 100;

/** What the client said in its `initialize`, and the revision that it got. */
export interface LegacyClient {
  readonly revision: string;
  readonly capabilities: Json;
}

/** One question of a round. */
export interface Question {
  /** The server's name for it, as JSON text with the colon that follows. */
  readonly key: Json;
  readonly call: Call;
  /** The page that the question sends the user to. */
  readonly page: { readonly url: string; readonly elicitationId: string } | undefined;
}

/** One round of questions; without questions, the server asks for nothing but another attempt. */
export interface Round {
  readonly questions: readonly Question[];
  /** The server's own note to itself, as JSON text. */
  readonly state: Json | undefined;
}

/** Reads a round. Throws a ProxyError when it is malformed, or asks for something that the client cannot do. */
export function readRound(result: ModernResult, client: LegacyClient): Round {
  const requests = memberOf(result, 'inputRequests');
  const state = memberOf(result, 'requestState');
  if (requests === undefined && state === undefined) throw malformed('has neither inputRequests nor requestState');
  if (requests !== undefined && !isObject(requests)) throw malformed('has inputRequests that are not an object');
  const all = requests ? members(requests) : [];
  if (all.length > MAX_QUESTIONS) {
    throw new ProxyError('limit', `the server asks for more than ${MAX_QUESTIONS} inputs at a time`);
  }
  const questions = all.map(({ from, start, end }) => {
    const request = requests as Json;
    return { key: request.subarray(from, start), ...questionOf(request.subarray(start, end), client) };
  });
  return { questions, state };
}

function malformed(how: string): ProxyError {
  return new ProxyError('bad-result', `the server asks for input, but its input_required result ${how}`);
}

function questionOf(request: Json, client: LegacyClient): Omit<Question, 'key'> {
  const method = peekText(request, 'method') ?? '';
  const capability = METHODS.get(method)?.allowedBy;
  if (capability === undefined) {
    throw new ProxyError('cannot-bridge', `the server asked the client for ${JSON.stringify(printable(method, 80))}`, {
      hint: 'no revision allows a server to ask for that while it works on a request',
    });
  }
  const params = peek(request, 'params');
  const call: Call = { method, ...(isObject(params) && { params }) };
  if (!peekObject(client.capabilities, capability)) throw undeclared(capability, client);
  if (capability === 'elicitation') return elicitation(call, client);
  return { call: capability === 'sampling' ? sampling(call, client) : call, page: undefined };
}

function sampling(call: Call, client: LegacyClient): Call {
  const { params = encode({}) } = call;
  const knowsTools = client.revision >= REVISION_WITH_TOOLS;
  const isDeclared = knowsTools && peekObject(client.capabilities, 'sampling', 'tools') !== undefined;
  const isAboutTools = peek(params, 'tools') !== undefined || peek(params, 'toolChoice') !== undefined;
  if ((isAboutTools && !isDeclared) || (!knowsTools && hasToolBlocks(params)))
    throw undeclared('sampling.tools', client);
  return knowsTools ? call : { ...call, params: legacyMessages(params) };
}

/** The error for a client that cannot be asked. */
function undeclared(capability: string, { revision }: LegacyClient): ProxyError {
  const message = `the server needs ${capability} for this request; the client speaks MCP ${revision} and did not declare it`;
  const hint = `use a client that declares the capability ${capability}`;
  return new ProxyError('cannot-bridge', message, { hint, required: capability });
}

function elicitation(call: Call, client: LegacyClient): Omit<Question, 'key'> {
  const { params = encode({}) } = call;
  const mode = peekText(params, 'mode') ?? 'form';
  const knowsModes = client.revision >= REVISION_WITH_MODES;
  const declared = peekObject(client.capabilities, 'elicitation');
  if (mode === 'url') {
    if (!knowsModes || !peekObject(declared, 'url')) throw undeclared('elicitation.url', client);
    const page = { url: peekText(params, 'url') ?? '', elicitationId: crypto.randomUUID() };
    const told = withMember(params, 'elicitationId', encode(page.elicitationId));
    return { call: { ...call, params: told }, page };
  }
  // Without modes, the capability means forms.
  const takesForms = peekObject(declared, 'form') !== undefined || peekObject(declared, 'url') === undefined;
  if (mode !== 'form' || !takesForms) throw undeclared(`elicitation.${printable(mode, 40)}`, client);
  if (knowsModes) return { call, page: undefined };
  return { call: { ...call, params: legacyForm(withoutMembers(params, ['mode'])) }, page: undefined };
}

/** The parameters of the next attempt: those of the first one, with the answers of this round and the server's note. */
export function withAnswers(params: Json, { state }: Round, answers: readonly Answer[]): Json {
  const fresh = withoutMembers(params, ['inputResponses', 'requestState']);
  const responses = answers.flatMap(({ key, result }, i) => [Buffer.from(i === 0 ? '{' : ','), key, result]);
  const answered =
    answers.length === 0 ? fresh : withMember(fresh, 'inputResponses', Buffer.concat([...responses, Buffer.from('}')]));
  return state === undefined ? answered : withMember(answered, 'requestState', state);
}

/** The client's answer to one question. */
export interface Answer {
  /** As {@link Question.key}. */
  readonly key: Json;
  readonly result: Json;
}
