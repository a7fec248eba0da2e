/** Several servers as one: what the joined server says about itself, and what its clients say. Pure. */
import {
  asString,
  BRACE_OPEN,
  decode,
  encode,
  type Json,
  peek,
  peekObject,
  peekText,
  withMember,
} from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { SERVER_INFO } from '../../mcp/envelope.ts';
import { type Introduction, initializeResult, ourselves } from '../../mcp/handshake.ts';
import { LIST_CHANGES } from '../../mcp/methods.ts';
import { TASKS } from './without-tasks.ts';

/** How a client describes itself: its `initialize`, or the parameters with the envelope of each request. */
export type ClientIdentity =
  | { readonly era: 'legacy'; readonly initialize: Call }
  | { readonly era: 'modern'; readonly envelope: Json };

/** What a server says about itself, in either era. */
export interface ServerIntroduction {
  readonly capabilities: Json;
  readonly instructions: string | undefined;
  readonly serverInfo: Json | undefined;
}

/** From a result of `initialize` or `server/discover`, or from {@link introductionText}. */
export function introductionOf(result: Json): ServerIntroduction {
  return {
    capabilities: peekObject(result, 'capabilities') ?? encode({}),
    instructions: peekText(result, 'instructions'),
    serverInfo: peekObject(result, 'serverInfo') ?? peekObject(result, '_meta', SERVER_INFO),
  };
}

/** The introduction as text to be remembered. */
export function introductionText({ capabilities, instructions, serverInfo }: ServerIntroduction): Json {
  const told = { capabilities: decode(capabilities), instructions, serverInfo: serverInfo && decode(serverInfo) };
  return encode(told);
}

/** Whether a server has a capability; undefined when it has not introduced itself yet. */
export function has(introduction: ServerIntroduction | undefined, ...path: readonly string[]): boolean | undefined {
  if (!introduction) return undefined;
  const found = peek(introduction.capabilities, ...path);
  return found !== undefined && (found[0] === BRACE_OPEN || found.toString('latin1') === 'true');
}

/** Of a server that has not introduced itself: it may have anything. */
const ANYTHING = { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {}, logging: {} };

type CapabilityMembers = Record<string, unknown>;

/**
 * The capabilities of all servers together. Lists may always change, because servers come and go. Tasks are left out: a
 * task is known by an id of one server, and nothing in the requests about it names the server.
 */
function joinedCapabilities(all: readonly (ServerIntroduction | undefined)[]): Json {
  let joined: CapabilityMembers = {};
  for (const introduction of all) {
    joined = merged(joined, introduction ? (decode(introduction.capabilities) as CapabilityMembers) : ANYTHING);
  }
  delete joined.tasks;
  const extensions = joined.extensions as CapabilityMembers | undefined;
  if (extensions) joined.extensions = without(extensions, TASKS);
  for (const { capability } of LIST_CHANGES) {
    if (joined[capability]) joined[capability] = { ...(joined[capability] as CapabilityMembers), listChanged: true };
  }
  return encode(joined);
}

function without(members: CapabilityMembers, key: string): CapabilityMembers {
  return Object.fromEntries(Object.entries(members).filter(([name]) => name !== key));
}

/** Members of both; where both have one, objects are merged, and otherwise the first one with a value wins. */
function merged(one: CapabilityMembers, other: CapabilityMembers): CapabilityMembers {
  const all = new Map(Object.entries(one));
  for (const [key, value] of Object.entries(other)) {
    const known = all.get(key);
    all.set(key, isMembers(known) && isMembers(value) ? merged(known, value) : known || value);
  }
  return Object.fromEntries(all);
}

function isMembers(value: unknown): value is CapabilityMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One of the servers, with what it says about itself, if that is known. */
interface Introduced {
  readonly name: string;
  readonly introduction: ServerIntroduction | undefined;
}

/** What the joined server says about itself. */
export function joinedIntroduction(all: readonly Introduced[], version: string): Introduction {
  const instructions = joinedInstructions(all);
  return {
    capabilities: joinedCapabilities(all.map(({ introduction }) => introduction)),
    serverInfo: ourselves(version),
    instructions: instructions === undefined ? undefined : encode(instructions),
  };
}

/** The answer to `initialize`. */
export function initializedBy(protocolVersion: string, introduction: Introduction): Json {
  const result = initializeResult(protocolVersion, introduction);
  const { instructions } = introduction;
  return instructions ? withMember(result, 'instructions', instructions) : result;
}

/** The instructions of all servers, each under a heading with the name of its server. */
function joinedInstructions(all: readonly Introduced[]): string | undefined {
  const told = all.flatMap(({ name, introduction }) =>
    introduction?.instructions === undefined ? [] : [`# ${name}\n\n${introduction.instructions.trim()}`],
  );
  return told.length === 0 ? undefined : told.join('\n\n');
}

/** The name in an entry of a list, or its URI. */
export function keyOf(entry: Json, key: string): string | undefined {
  return asString(peek(entry, key));
}
