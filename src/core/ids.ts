/** Request ids (JSON-RPC 2.0, section 4) as JSON text: what they mean, and when two are the same. */
import type { Json } from './json-scanner.ts';

/** The JSON text of an id: `1` and `"1"` are different ids. */
export type Id = string;

export const NULL_ID: Id = 'null';

/**
 * Bytes of an id, without its quotes. Longer ones are refused, because the proxy keeps ids,
 * compares them and sends them back.
 */
export const MAX_ID = 1_024;

export function isId(value: Json): boolean {
  return isIdStart(value[0] as number);
}

/** Whether a value that begins with this byte is a string or a number. */
export function isIdStart(c: number): boolean {
  return c === 0x22 || c === 0x2d || (c >= 0x30 && c <= 0x39);
}

/** Whether the JSON text of an id is too long for the proxy to accept. */
export function isTooLong({ length }: { readonly length: number }): boolean {
  return length > MAX_ID + 2;
}

/** Digits of a number that is read from its text one by one, which takes a third of the time of decoding the text. */
const SHORT = 9;

/** The id whose JSON text lies between two offsets. */
export function idAt(text: Json, start: number, end: number): Id {
  if (end - start > SHORT) return text.toString('utf8', start, end);
  let number = 0;
  for (let i = start; i < end; i++) {
    const digit = (text[i] as number) - 0x30;
    // The text of another number, or a string.
    if (digit < 0 || digit > 9) return text.toString('utf8', start, end);
    number = number * 10 + digit;
  }
  return String(number);
}

/**
 * The key under which an id is looked up: equal for all spellings of the same id
 * (`"a"` and `"\u0061"`, `1` and `1.0`), different for a string and a number.
 */
export function idKey(id: Id): string {
  if (/^-?\d{1,15}$/.test(id) || (id.startsWith('"') && !id.includes('\\'))) return id;
  // A number beyond the safe range keeps its text: two such ids may share one double.
  if (/^-?\d+$/.test(id)) return id;
  const value: unknown = JSON.parse(id);
  return typeof value === 'number' && !Number.isFinite(value) ? id : JSON.stringify(value);
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The number that a peer sends back for one of ours. Some peers turn numbers into strings, so a
 * string counts if its text is a JSON number: `1`, `1.0`, `"1"` and `"1e0"` are 1; `"01"` and
 * `" 1"` are not numbers. Use it only for our own ids and tokens, which are all numbers.
 */
export function numberIn(id: Id): number | undefined {
  const text = id.startsWith('"') ? (JSON.parse(id) as string) : id;
  return NUMBER.test(text) ? Number(text) : undefined;
}

/**
 * The number of the request that an answer names, open or already over, when our requests are
 * numbered from 1 to `last`. Undefined when none of our requests ever had that id.
 */
export function requestNumber(id: Id, last: number): number | undefined {
  const number = numberIn(id);
  return number !== undefined && Number.isInteger(number) && number >= 1 && number <= last ? number : undefined;
}
