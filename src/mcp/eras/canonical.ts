/**
 * One spelling for all spellings of a JSON value: without space between tokens, strings without needless escapes, and
 * the members of each object in the order of their keys. Numbers stay as they are written.
 */
import type { Json } from '../../core/json.ts';

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** An array, or an object whose key is the first part of each pair. */
interface Container {
  readonly isObject: boolean;
  readonly values: CanonicalValue[];
  readonly keys: string[];
}

type CanonicalValue = string | Container;

/** @param text valid JSON. The work is proportional to it, however deeply it is nested. */
export function canonical(text: Json): string {
  const root: Container = { isObject: false, values: [], keys: [] };
  const open: Container[] = [root];
  for (const [token] of text.toString('utf8').matchAll(TOKEN)) {
    const top = open.at(-1) as Container;
    if (token === '{' || token === '[') {
      const inner: Container = { isObject: token === '{', values: [], keys: [] };
      top.values.push(inner);
      open.push(inner);
    } else if (token === '}' || token === ']') open.pop();
    else if (top.isObject && top.keys.length === top.values.length && token !== ',') top.keys.push(plain(token));
    else if (token !== ',' && token !== ':') top.values.push(plain(token));
  }
  return written(root.values[0] ?? '');
}

/** Without recursion, so that no depth is too deep. */
function written(value: CanonicalValue): string {
  const out: string[] = [];
  const left: CanonicalValue[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === 'string') out.push(next);
    else for (const piece of piecesOf(next).reverse()) left.push(piece);
  }
  return out.join('');
}

function piecesOf({ isObject, values, keys }: Container): CanonicalValue[] {
  const order = values.map((_, i) => i);
  const key = (i: number): string => keys[i] as string;
  if (isObject) order.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  const pieces: CanonicalValue[] = [isObject ? '{' : '['];
  order.forEach((i, n) => {
    if (n > 0) pieces.push(',');
    if (isObject) pieces.push(key(i), ':');
    pieces.push(values[i] as CanonicalValue);
  });
  pieces.push(isObject ? '}' : ']');
  return pieces;
}

function plain(token: string): string {
  return token.startsWith('"') && token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token;
}
