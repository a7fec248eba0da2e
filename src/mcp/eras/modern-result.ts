/**
 * What a server of an older revision says, in the form of 2026-07-28: with the members that say what kind of result it
 * is, how long it may be cached, and which server it comes from.
 */
import {
  asString,
  BRACE_CLOSE,
  encode,
  isObject,
  type Json,
  JsonError,
  type JsonMember,
  members,
  withMember,
  withoutMembers,
} from '../../core/json.ts';
import { SERVER_INFO } from '../envelope.ts';
import { isCacheable } from '../methods.ts';
import { COMPLETE, UNCACHED } from '../result.ts';
import { pageOf, withEntries } from '../tool-list.ts';

/**
 * The result of a method. A result that could be read in two ways, or that is not an object, stays as it is: the client
 * judges it.
 */
export function modernResult(method: string, result: Json, serverInfo: Json | undefined): Json {
  const read = readable(result);
  if (!read) return result;
  if (!isCacheable(method) && !read.has('resultType') && !read.has('_meta')) return read.closedBy(tailFor(serverInfo));
  const own = method === 'tools/list' ? withoutExecution(read) : read;
  const added = new Map<string, Json>([['resultType', encode(COMPLETE.resultType)]]);
  if (isCacheable(method)) {
    if (!isLifetime(own.value('ttlMs'))) added.set('ttlMs', encode(UNCACHED.ttlMs));
    if (!isScope(own.value('cacheScope'))) added.set('cacheScope', encode(UNCACHED.cacheScope));
  }
  if (serverInfo) {
    const meta = own.value('_meta');
    added.set('_meta', withMember(isObject(meta) ? meta : encode({}), SERVER_INFO, serverInfo));
  }
  return own.with(added);
}

/** What was added last to an ordinary result, and for which server: nearly all results get the same. */
let last: { readonly serverInfo: Json | undefined; readonly tail: Json } | undefined;

/** The members that are added to the result of a call, without a comma before them, and the end of the object. */
function tailFor(serverInfo: Json | undefined): Json {
  if (last && last.serverInfo === serverInfo) return last.tail;
  const type = encode({ resultType: COMPLETE.resultType });
  const meta = serverInfo && withMember(encode({}), SERVER_INFO, serverInfo);
  const whole = meta ? withMember(type, '_meta', meta) : type;
  last = { serverInfo, tail: whole.subarray(1) };
  return last.tail;
}

/** A result that has been taken apart once. */
class Readable {
  readonly #text: Json;
  readonly #members: readonly JsonMember[];

  constructor(text: Json, all: readonly JsonMember[]) {
    this.#text = text;
    this.#members = all;
  }

  value(key: string): Json | undefined {
    const found = this.#members.find((one) => one.key === key);
    return found && this.#text.subarray(found.start, found.end);
  }

  has(key: string): boolean {
    return this.#members.some((one) => one.key === key);
  }

  get text(): Json {
    return this.#text;
  }

  /** The result with further members after its own. */
  closedBy(tail: Json): Json {
    const head = this.#text.subarray(0, this.#text.lastIndexOf(BRACE_CLOSE));
    return Buffer.concat(this.#members.length === 0 ? [head, tail] : [head, COMMA, tail]);
  }

  /** The result with these members, which replace its own in place. */
  with(added: Map<string, Json>): Json {
    const parts: Buffer[] = [];
    let from = 0;
    for (const { key, start, end } of this.#members) {
      const value = added.get(key);
      if (!value) continue;
      parts.push(this.#text.subarray(from, start), value);
      from = end;
      added.delete(key);
    }
    const end = this.#text.lastIndexOf('}');
    let separator = this.#members.length === 0 ? '' : ',';
    parts.push(this.#text.subarray(from, end));
    for (const [key, value] of added) {
      parts.push(Buffer.from(`${separator}${JSON.stringify(key)}:`), value);
      separator = ',';
    }
    return Buffer.concat([...parts, this.#text.subarray(end)]);
  }
}

const COMMA = Buffer.from(',');

function readable(text: Json): Readable | undefined {
  if (!isObject(text)) return undefined;
  try {
    return new Readable(text, members(text));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** Tasks of 2025-11-25 do not exist in 2026-07-28, so no tool says whether it can be one. */
function withoutExecution(list: Readable): Readable {
  if (!list.text.includes('execution')) return list;
  try {
    const page = pageOf('tools/list', list.text);
    if (!page) return list;
    const kept = page.entries.map((tool) => (hasExecution(tool) ? withoutMembers(tool, ['execution']) : tool));
    return readable(withEntries(page, kept)) ?? list;
  } catch (error) {
    if (error instanceof JsonError) return list;
    throw error;
  }
}

function hasExecution(tool: Json): boolean {
  return isObject(tool) && members(tool).some(({ key }) => key === 'execution');
}

function isLifetime(value: Json | undefined): boolean {
  return Number(value?.toString('latin1') ?? Number.NaN) >= 0;
}

function isScope(value: Json | undefined): boolean {
  return ['public', 'private'].includes(asString(value) ?? '');
}
