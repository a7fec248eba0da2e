/**
 * What a server of 2026-07-28 says, in the form of older revisions: without the members that say what kind of result it
 * is, how long it may be cached, and which server or subscription it belongs to.
 */
import { asString, isObject, type Json, JsonError, type JsonMember, members, withoutMembers } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { SERVER_INFO, SUBSCRIPTION_ID } from '../envelope.ts';
import { isCacheable } from '../methods.ts';

/** A result of 2026-07-28, taken apart once. */
export interface ModernResult {
  readonly text: Json;
  readonly members: readonly JsonMember[];
  /** Undefined when the server does not say it, as servers of older revisions do not. */
  readonly type: string | undefined;
}

/** Takes a result apart. Throws a JsonError when it is not an object, or has a duplicate key. */
export function readResult(text: Json): ModernResult {
  const all = members(text);
  const type = all.find(({ key }) => key === 'resultType');
  return { text, members: all, type: type && typeIn(text.subarray(type.start, type.end)) };
}

/** A type that says nothing counts as none; any other that is not a text is no type that a client could know. */
function typeIn(value: Json): string | undefined {
  const type = asString(value);
  if (type === '' || value.equals(NULL)) return undefined;
  return type ?? '';
}

const NULL = Buffer.from('null');

/** The value of one member of a result. */
export function memberOf({ text, members: all }: ModernResult, key: string): Json | undefined {
  const found = all.find((one) => one.key === key);
  return found && text.subarray(found.start, found.end);
}

const EVERY: ReadonlySet<string> = new Set(['resultType']);
const CACHEABLE: ReadonlySet<string> = new Set(['resultType', 'ttlMs', 'cacheScope']);

/** The result of a method without the members that older revisions do not have; all others byte for byte. */
export function legacyResult(method: string, { text, members: all }: ModernResult): Json {
  const foreign = isCacheable(method) ? CACHEABLE : EVERY;
  const parts: Buffer[] = [];
  for (const { key, from, start, end } of all) {
    if (foreign.has(key)) continue;
    const separator = Buffer.from(parts.length === 0 ? '{' : ',');
    const value = text.subarray(start, end);
    if (key !== '_meta' || !isObject(value)) {
      parts.push(separator, text.subarray(from, end));
      continue;
    }
    const meta = legacyMeta(value);
    if (meta) parts.push(separator, text.subarray(from, start), meta);
  }
  return Buffer.concat([...(parts.length === 0 ? [Buffer.from('{')] : parts), Buffer.from('}')]);
}

/** A notification of a subscription without the id of the subscription. The client judges one that cannot be read. */
export function legacyNote(note: Call): Call {
  const { params, ...rest } = note;
  if (!isObject(params)) return note;
  try {
    const own = legacyResult(note.method, { text: params, members: members(params), type: undefined });
    return own.length > EMPTY_OBJECT ? { ...rest, params: own } : rest;
  } catch (error) {
    if (error instanceof JsonError) return note;
    throw error;
  }
}

/** Undefined when nothing is left. */
function legacyMeta(meta: Json): Json | undefined {
  const own = withoutMembers(meta, [SERVER_INFO, SUBSCRIPTION_ID]);
  return own.length > EMPTY_OBJECT || members(meta).length === 0 ? own : undefined;
}

const EMPTY_OBJECT = 2;
