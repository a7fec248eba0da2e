/** Whether a key may be in a text: a cheap test that rules out nearly every text without the key. */
import { isKept, type Json } from '../core/json.ts';

const BACKSLASH = 0x5c;
/** How a key may spell any of its letters. */
const ESCAPE = Buffer.from('\\u');

/** A search, and what it has found. */
interface KeySearch {
  text: Json;
  found: boolean;
}

/** The last search for each key: one layer after the other asks the same of a call. */
const last = new Map<Buffer, KeySearch>();

/**
 * Whether a key with these letters may be anywhere in a text, however it is spelled. The letters are a Buffer, because
 * Node would encode a string for each search; pass the same one each time.
 */
export function mayHaveKey(text: Json, letters: Buffer): boolean {
  const search = last.get(letters);
  if (search?.text === text) return search.found;
  const found = text.includes(letters) || (text.includes(BACKSLASH) && text.includes(ESCAPE));
  if (!isKept(text)) return found;
  if (search) {
    search.text = text;
    search.found = found;
  } else {
    last.set(letters, { text, found });
  }
  return found;
}
