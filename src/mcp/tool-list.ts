/**
 * Lists of tools, prompts and resources, page by page. Takes a page apart and puts it together so
 * that every unchanged byte is the server's own (specification 2025-11-25, "Pagination").
 */
import {
  arrayOf,
  asString,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  JsonError,
  member,
  peek,
  peekText,
  withMember,
  withoutMembers,
} from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { listMember } from './methods.ts';

/** One page of a list. */
export interface ListPage {
  /** The member of the result that holds the list. */
  readonly key: string;
  readonly result: Json;
  readonly entries: readonly Json[];
}

/**
 * Takes the result of a list request apart; undefined when it holds no list. Throws a JsonError
 * for a duplicate key.
 */
export function pageOf(method: string, result: Json): ListPage | undefined {
  const key = listMember(method);
  const list = key !== undefined && isObject(result) ? member(result, key) : undefined;
  return key !== undefined && isArray(list) ? { key, result, entries: elements(list) } : undefined;
}

/** Like {@link pageOf}, for readers that decide nothing by the list: also undefined for a duplicate key. */
export function peekPage(method: string, result: Json): ListPage | undefined {
  try {
    return pageOf(method, result);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** The result with these entries instead of its own; the very same bytes if they are its own. */
export function withEntries({ key, result, entries }: ListPage, kept: readonly Json[]): Json {
  const isSame = kept.length === entries.length && kept.every((entry, i) => entry === entries[i]);
  return isSame ? result : withMember(result, key, arrayOf(kept));
}

/** A page that the proxy makes itself. */
export function newPage(method: string, entries: readonly unknown[], others: object = {}): Json {
  return encode({ ...others, [listMember(method) as string]: entries });
}

/** The page as the whole list: it no longer points to a next page. */
export function asOnlyPage(result: Json): Json {
  return withoutMembers(result, [NEXT]);
}

/** Whether a list request is for the first page. */
export function isFirstPage(call: Call): boolean {
  return requestedCursor(call) === undefined;
}

/** The cursor of the page that a list request is for; undefined for the first page. */
export function requestedCursor({ params }: Call): string | undefined {
  return peekText(params, CURSOR);
}

/** The cursor of the page that follows this result; undefined when it is the last one. */
export function nextCursor(result: Json): string | undefined {
  return peekText(result, NEXT);
}

/** The request for the page that follows this result; undefined when it was the last one. */
export function nextPage(call: Call, result: Json): Call | undefined {
  if (nextCursor(result) === undefined) return undefined;
  const cursor = peek(result, NEXT) as Json;
  return { ...call, params: withMember(call.params ?? encode({}), CURSOR, cursor) };
}

const CURSOR = 'cursor';
const NEXT = 'nextCursor';

/** The name of the tool that a `tools/call` names; undefined when it cannot be read. */
export function toolName({ params }: Call): string | undefined {
  return asString(peek(params, 'name'));
}
