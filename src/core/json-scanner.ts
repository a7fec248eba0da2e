/**
 * The grammar of JSON (RFC 8259) over bytes: each function takes the offset at which something
 * begins, checks all of it, and returns the offset after it. Nothing is decoded or kept.
 */

/** One valid JSON value, as the bytes that arrived. */
export type Json = Buffer;

/** The text is not JSON, or not the expected kind of JSON. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.offset = offset;
  }
}

/** Deeper nesting is refused: its only use is to exhaust a parser. */
const MAX_DEPTH = 2_000;

export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
const COLON = 0x3a;
export const BRACE_OPEN = 0x7b;
export const BRACE_CLOSE = 0x7d;
export const BRACKET_OPEN = 0x5b;
export const BRACKET_CLOSE = 0x5d;

/** A string this long is likely to go on, so from here it is read a word at a time. */
const LONG_STRING = 64;

/** What {@link byteAt} returns after the last byte. */
const NOTHING = -1;

/**
 * The byte at an offset. After the end it is a number, too: where code has met `undefined` once, V8 expects it at every
 * byte from then on, which makes reading take half as long again.
 */
export function byteAt(text: Json, at: number): number {
  return at < text.length ? (text[at] as number) : NOTHING;
}

/** Offset of the first byte at or after `at` that is not JSON white space. */
export function skipSpace(text: Json, at: number): number {
  for (;;) {
    const c = byteAt(text, at);
    // Nearly every byte needs one comparison.
    if (c > 0x20 || (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09)) return at;
    at++;
  }
}

function isHex(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
}

function isHexAt(text: Json, at: number): boolean {
  return isHex(byteAt(text, at));
}

/** Offset after the escape whose backslash is at `at`. */
function skipEscape(text: Json, at: number): number {
  switch (byteAt(text, at + 1)) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2;
    case 0x75: // u
      if (isHexAt(text, at + 2) && isHexAt(text, at + 3) && isHexAt(text, at + 4) && isHexAt(text, at + 5))
        return at + 6;
  }
  throw new JsonError('invalid escape', at);
}

/** For each byte, whether it means nothing but itself inside a string: 1 or 0. */
const ORDINARY = new Uint8Array(256).map((_, c) => (c < 0x20 || c === QUOTE || c === BACKSLASH ? 0 : 1));

/** Offset after the closing quote of the string that opens at `at`. */
export function skipString(text: Json, at: number): number {
  at++;
  const near = Math.min(text.length, at + LONG_STRING);
  while (at < near) {
    const c = text[at] as number;
    if (ORDINARY[c] === 1) at++;
    else if (c === QUOTE) return at + 1;
    else if (c === BACKSLASH) at = skipEscape(text, at);
    else throw new JsonError('control character in a string', at);
  }
  return skipLongString(text, at);
}

/**
 * The rest of a long string, from an offset inside it. Large results are mostly one such string,
 * and reading it byte by byte would cost three times as much. So this skips whole words as long
 * as none of their bytes is a quote, a backslash or a control character. The arithmetic is the
 * classic "has a byte less than n" on a word; a false alarm only costs a closer look.
 */
function skipLongString(text: Json, at: number): number {
  const end = text.length;
  const shift = text.byteOffset & 3;
  const words = new Int32Array(text.buffer, text.byteOffset - shift, (end + shift) >> 2);
  const count = words.length;
  while (at < end) {
    if (((at + shift) & 3) === 0) {
      let i = (at + shift) >> 2;
      while (i < count && isOrdinary(words[i] as number)) i++;
      at = (i << 2) - shift;
      if (at >= end) break;
    }
    const c = text[at] as number;
    if (c === QUOTE) return at + 1;
    if (c === BACKSLASH) {
      at = skipEscape(text, at);
    } else {
      if (c < 0x20) throw new JsonError('control character in a string', at);
      at++;
    }
  }
  throw new JsonError('unterminated string', end);
}

/**
 * Whether none of the four bytes is a quote, a backslash or a control character; may say no when
 * it could say yes.
 */
function isOrdinary(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const special =
    ((word - 0x20202020) & ~word) | ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash);
  return (special & 0x80808080) === 0;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function skipDigits(text: Json, at: number): number {
  if (!isDigit(byteAt(text, at))) throw new JsonError('invalid number', at);
  while (isDigit(byteAt(text, at))) at++;
  return at;
}

function skipNumber(text: Json, at: number): number {
  if (byteAt(text, at) === 0x2d) at++;
  if (byteAt(text, at) === 0x30) at++;
  else at = skipDigits(text, at);
  if (byteAt(text, at) === 0x2e) at = skipDigits(text, at + 1);
  const exponent = byteAt(text, at);
  if (exponent === 0x65 || exponent === 0x45) {
    at++;
    const sign = byteAt(text, at);
    if (sign === 0x2b || sign === 0x2d) at++;
    at = skipDigits(text, at);
  }
  return at;
}

const LITERALS = new Map([0x74, 0x66, 0x6e].map((c, i) => [c, ['true', 'false', 'null'][i] as string]));

function skipScalar(text: Json, at: number): number {
  const c = byteAt(text, at);
  if (c === QUOTE) return skipString(text, at);
  if (c === 0x2d || isDigit(c)) return skipNumber(text, at);
  const literal = LITERALS.get(c);
  if (literal === undefined) {
    throw new JsonError(c === NOTHING ? 'unexpected end' : 'unexpected character', at);
  }
  for (let i = 1; i < literal.length; i++) {
    if (byteAt(text, at + i) !== literal.charCodeAt(i)) throw new JsonError('unexpected character', at + i);
  }
  return at + literal.length;
}

/** Offset of the value of the member whose key opens at `at`. */
export function skipKey(text: Json, at: number): number {
  if (byteAt(text, at) !== QUOTE) throw new JsonError('expected a key', at);
  return skipColon(text, skipString(text, at));
}

/** Offset of the value of the member whose key ends before `at`. */
function skipColon(text: Json, at: number): number {
  at = skipSpace(text, at);
  if (byteAt(text, at) !== COLON) throw new JsonError('expected a colon', at);
  return skipSpace(text, at + 1);
}

/** The kinds of the open containers, innermost last; shared, because scanning never interleaves. */
const open = new Uint8Array(MAX_DEPTH);

/** Offset after the value that starts at `at`; checks all of it. */
export function skipValue(text: Json, at: number): number {
  let depth = 0;
  for (;;) {
    const c = byteAt(text, at);
    let closed = false;
    if (c === BRACE_OPEN || c === BRACKET_OPEN) {
      if (depth === MAX_DEPTH) throw new JsonError(`nested deeper than ${MAX_DEPTH}`, at);
      at = skipSpace(text, at + 1);
      // '{' + 2 is '}' and '[' + 2 is ']'.
      if (byteAt(text, at) === c + 2) {
        at++;
        closed = true;
      } else {
        open[depth++] = c;
        if (c === BRACE_OPEN) at = skipKey(text, at);
      }
    } else {
      at = skipScalar(text, at);
      closed = true;
    }
    // A value has ended: go on to the next one, closing every container that ends here.
    while (closed) {
      if (depth === 0) return at;
      const container = open[depth - 1] as number;
      at = skipSpace(text, at);
      const next = byteAt(text, at);
      if (next === COMMA) {
        at = skipSpace(text, at + 1);
        if (container === BRACE_OPEN) at = skipKey(text, at);
        closed = false;
      } else if (next === container + 2) {
        at++;
        depth--;
      } else {
        const isCut = next === NOTHING;
        throw new JsonError(isCut ? 'unexpected end' : 'expected a comma or the end of a container', at);
      }
    }
  }
}

/** What was found, when the text ends here. Throws a JsonError when it goes on. */
export function atEnd<T>(text: Json, at: number, found: T): T {
  at = skipSpace(text, at);
  if (at < text.length) throw new JsonError('text after the value', at);
  return found;
}

export function duplicate(key: string, at: number): JsonError {
  return new JsonError(`duplicate key ${JSON.stringify(key.slice(0, 80))}`, at);
}

/**
 * Checks an object: `spans` gets the start and the end of the value of each known key, in their order, and zeros for
 * those that are absent. False when it has another key or an unusual spelling, from which on it is unchecked.
 * @param keys in ASCII, without anything that JSON escapes, such as those of the envelopes of messages
 */
export function skipKnown(text: Json, keys: readonly string[], spans: Int32Array): boolean {
  // In so short an array, the built-in function takes longer than to store each zero.
  for (let i = 0; i < spans.length; i++) spans[i] = 0;
  let at = skipSpace(text, 0);
  if (byteAt(text, at) !== BRACE_OPEN) throw new JsonError('expected an object', at);
  at = skipSpace(text, at + 1);
  if (byteAt(text, at) === BRACE_CLOSE) return atEnd(text, at + 1, true);
  for (;;) {
    const from = at;
    const place = placeOf(text, from, keys);
    if (place === undefined) return false;
    const key = keys[place] as string;
    const start = skipColon(text, from + key.length + 2);
    at = skipValue(text, start);
    if (spans[2 * place + 1] !== 0) throw duplicate(key, from);
    spans[2 * place] = start;
    spans[2 * place + 1] = at;
    at = skipSpace(text, at);
    if (byteAt(text, at) === BRACE_CLOSE) return atEnd(text, at + 1, true);
    if (byteAt(text, at) !== COMMA) throw new JsonError('expected a comma or a closing brace', at);
    at = skipSpace(text, at + 1);
  }
}

/** The place of the key whose literal opens at `at`, recognised in place; undefined for any other key. */
function placeOf(text: Json, at: number, keys: readonly string[]): number | undefined {
  const first = byteAt(text, at + 1);
  for (let place = 0; place < keys.length; place++) {
    const key = keys[place] as string;
    if (key.charCodeAt(0) === first && isKey(text, at, key)) return place;
  }
  return undefined;
}

/** Whether the literal that opens at `at` is that of a key, spelled without escapes. */
function isKey(text: Json, at: number, key: string): boolean {
  const { length } = key;
  if (byteAt(text, at) !== QUOTE || byteAt(text, at + 1 + length) !== QUOTE) return false;
  for (let i = 0; i < length; i++) if (text[at + 1 + i] !== key.charCodeAt(i)) return false;
  return true;
}
