/**
 * JSON as bytes. Payloads cross the proxy as the text that arrived; this file finds the parts of
 * such a text, and changes single members in place. Nothing here builds a tree.
 */
import {
  atEnd,
  BRACE_CLOSE,
  BRACE_OPEN,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  byteAt,
  COMMA,
  duplicate,
  type Json,
  JsonError,
  QUOTE,
  skipKey,
  skipKnown,
  skipSpace,
  skipString,
  skipValue,
} from './json-scanner.ts';

export { BRACE_CLOSE, BRACE_OPEN, type Json, JsonError, QUOTE };

/** A member of an object: its decoded key, and the offsets of key and value in the text. */
export interface JsonMember {
  readonly key: string;
  /** Offset of the key's opening quote. */
  readonly from: number;
  /** Offset of the first byte of the value. */
  readonly start: number;
  /** Offset after the last byte of the value. */
  readonly end: number;
}

/** A member whose value is always the same Buffer, so that it is known again in {@link members}. */
interface FoundMember extends JsonMember {
  value: Json | undefined;
}

/** Throws a JsonError unless `text` is exactly one JSON value; returns it without surrounding space. */
export function parseValue(text: Buffer): Json {
  const start = skipSpace(text, 0);
  const end = skipValue(text, start);
  const rest = skipSpace(text, end);
  if (rest < text.length) throw new JsonError('text after the value', rest);
  return start === 0 && end === text.length ? text : text.subarray(start, end);
}

/** The string whose valid literal lies between two offsets. */
function decodeString(text: Json, start: number, end: number): string {
  const inner = text.toString('utf8', start + 1, end - 1);
  return inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner;
}

/** The string that the valid value between two offsets is, or undefined when it is something else. */
export function stringAt(text: Json, start: number, end: number): string | undefined {
  return text[start] === QUOTE ? decodeString(text, start, end) : undefined;
}

/** In bytes. The pool of Node 26 has 65,600. */
const KEPT = 66_000;

/** Whether a text may stay in memory after it was read: it is small, and no part of a larger buffer. */
export function isKept(text: Json): boolean {
  return text.buffer.byteLength <= KEPT;
}

/** The texts that were read last, and their members: one layer after the other looks into the parameters of a call. */
let newest: Json | undefined;
let inNewest: readonly FoundMember[] = [];
let older: Json | undefined;
let inOlder: readonly FoundMember[] = [];

/**
 * The members of an object, in order, with everything in it checked.
 *
 * Keys are decoded, so that no spelling of a key hides it. A duplicate key is refused, because
 * two readers could take two different values from it.
 */
export function members(text: Json): readonly JsonMember[] {
  return keptMembers(text);
}

function keptMembers(text: Json): readonly FoundMember[] {
  if (text === newest) return inNewest;
  if (text === older) {
    [older, inOlder, newest, inNewest] = [newest, inNewest, older, inOlder];
    return inNewest;
  }
  const all = read(text);
  if (!isKept(text)) return all;
  older = newest;
  inOlder = inNewest;
  newest = text;
  inNewest = all;
  return all;
}

function read(text: Json): FoundMember[] {
  let at = skipSpace(text, 0);
  if (byteAt(text, at) !== BRACE_OPEN) throw new JsonError('expected an object', at);
  const found: FoundMember[] = [];
  let keys: Set<string> | undefined;
  at = skipSpace(text, at + 1);
  if (byteAt(text, at) === BRACE_CLOSE) return atEnd(text, at + 1, found);
  for (;;) {
    const from = at;
    at = skipKey(text, at);
    const start = at;
    at = skipValue(text, at);
    const key = decodeString(text, from, skipString(text, from));
    // Few objects have many members, and a set costs more than they do.
    if (found.length === MANY) keys = new Set(found.map((m) => m.key));
    if (keys ? keys.has(key) : found.some((m) => m.key === key)) {
      throw duplicate(key, from);
    }
    keys?.add(key);
    found.push({ key, from, start, end: at, value: undefined });
    at = skipSpace(text, at);
    if (byteAt(text, at) === BRACE_CLOSE) return atEnd(text, at + 1, found);
    if (byteAt(text, at) !== COMMA) throw new JsonError('expected a comma or a closing brace', at);
    at = skipSpace(text, at + 1);
  }
}

/** From this many members on, keys are looked up in a set. */
const MANY = 12;

/**
 * Like {@link members}, for objects that are read for every call: decodes no key and makes nothing for the members with
 * known keys. `spans` gets the start and the end of their values, in the order of the keys, and zeros for those that are
 * absent. Returns the other members.
 * @param keys in ASCII, without anything that JSON escapes
 */
export function scanKnown(text: Json, keys: readonly string[], spans: Int32Array): JsonMember[] | undefined {
  return skipKnown(text, keys, spans) ? undefined : readMixed(text, keys, spans);
}

function readMixed(text: Json, keys: readonly string[], spans: Int32Array): JsonMember[] | undefined {
  spans.fill(0);
  const others: JsonMember[] = [];
  for (const found of members(text)) {
    const place = keys.indexOf(found.key);
    if (place === -1) {
      others.push(found);
    } else {
      spans[2 * place] = found.start;
      spans[2 * place + 1] = found.end;
    }
  }
  return others.length > 0 ? others : undefined;
}

/** The elements of an array, in order, with everything in it checked. */
export function elements(text: Json): Json[] {
  let at = skipSpace(text, 0);
  if (byteAt(text, at) !== BRACKET_OPEN) throw new JsonError('expected an array', at);
  const found: Json[] = [];
  at = skipSpace(text, at + 1);
  if (byteAt(text, at) === BRACKET_CLOSE) return atEnd(text, at + 1, found);
  for (;;) {
    const start = at;
    at = skipValue(text, at);
    found.push(text.subarray(start, at));
    at = skipSpace(text, at);
    if (byteAt(text, at) === BRACKET_CLOSE) return atEnd(text, at + 1, found);
    if (byteAt(text, at) !== COMMA) throw new JsonError('expected a comma or a closing bracket', at);
    at = skipSpace(text, at + 1);
  }
}

/** The value of one member, or undefined when the object has no such member. */
export function member(text: Json, key: string): Json | undefined {
  for (const one of keptMembers(text)) {
    if (one.key !== key) continue;
    one.value ??= text.subarray(one.start, one.end);
    return one.value;
  }
  return undefined;
}

/**
 * Like {@link member}, for text that only gives a hint: also undefined when the text is not an
 * object or has a duplicate key. Decisions about access use `member`.
 */
export function peek(text: Json | undefined, ...path: readonly string[]): Json | undefined {
  try {
    return path.reduce<Json | undefined>((at, key) => at && member(at, key), text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/**
 * The member at the end of the path, when it is an object: an optional member that is `null` or of
 * the wrong type counts as absent.
 */
export function peekObject(text: Json | undefined, ...path: readonly string[]): Json | undefined {
  const found = peek(text, ...path);
  return isObject(found) ? found : undefined;
}

/** The member at the end of the path, when it is a string and not empty. */
export function peekText(text: Json | undefined, ...path: readonly string[]): string | undefined {
  return asString(peek(text, ...path)) || undefined;
}

/** The string a value is, or undefined when it is something else. */
export function asString(value: Json | undefined): string | undefined {
  return value?.[0] === QUOTE ? decodeString(value, 0, value.length) : undefined;
}

export function isObject(value: Json | undefined): value is Json {
  return value?.[0] === BRACE_OPEN;
}

export function isArray(value: Json | undefined): value is Json {
  return value?.[0] === BRACKET_OPEN;
}

/** A value of our own as JSON text. */
export function encode(value: unknown): Json {
  return Buffer.from(JSON.stringify(value));
}

/**
 * The value as an ordinary JavaScript value, for the few places that must look inside. Numbers
 * have the precision of doubles.
 */
export function decode(value: Json): unknown {
  return JSON.parse(value.toString('utf8'));
}

/** The object with one member set: replaced in place, or added at the end. All other bytes stay. */
export function withMember(text: Json, key: string, value: Json): Json {
  const all = members(text);
  const old = all.find((m) => m.key === key);
  if (old) return Buffer.concat([text.subarray(0, old.start), value, text.subarray(old.end)]);
  const end = text.lastIndexOf(BRACE_CLOSE);
  const separator = all.length === 0 ? '' : ',';
  return Buffer.concat([
    text.subarray(0, end),
    Buffer.from(`${separator}${JSON.stringify(key)}:`),
    value,
    text.subarray(end),
  ]);
}

/** The object without some of its members. All other members stay as they are. */
export function withoutMembers(text: Json, keys: readonly string[]): Json {
  const kept = members(text).filter(({ key }) => !keys.includes(key));
  const parts = kept.flatMap(({ from, end }, i) => [Buffer.from(i === 0 ? '' : ','), text.subarray(from, end)]);
  return Buffer.concat([Buffer.from('{'), ...parts, Buffer.from('}')]);
}

/** An array of the given elements, each byte for byte. */
export function arrayOf(items: readonly Json[]): Json {
  const parts: Buffer[] = [];
  for (const item of items) parts.push(Buffer.from(parts.length === 0 ? '[' : ','), item);
  return Buffer.concat([...(parts.length === 0 ? [Buffer.from('[')] : parts), Buffer.from(']')]);
}
