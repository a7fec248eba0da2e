/** Whether a key may be in a text: a cheap test that rules out nearly every text without the key. */
import { isKept, type Json } from '../core/json.ts';

const BACKSLASH = 0x5c;
/** How a key may spell any of its letters. */
const ESCAPE = Buffer.from('\\u');

/** The last text without such a spelling: one layer after the other searches a call for a key of its own. */
let unescaped: Json | undefined;

function mayEscape(text: Json): boolean {
  if (text === unescaped) return false;
  const found = text.includes(BACKSLASH) && text.includes(ESCAPE);
  if (!found && isKept(text)) unescaped = text;
  return found;
}

/** Bytes up to which a loop is faster than a call into Node. */
const SHORT = 256;

function isIn(text: Json, letters: Buffer): boolean {
  if (text.length > SHORT) return text.includes(letters);
  const first = letters[0];
  const last = text.length - letters.length;
  for (let at = 0; at <= last; at++) {
    if (text[at] !== first) continue;
    let i = 1;
    while (i < letters.length && text[at + i] === letters[i]) i++;
    if (i === letters.length) return true;
  }
  return false;
}

/** The search for one key. */
export class KeySearch {
  /** A Buffer, because Node would encode a string for each search. */
  readonly #letters: Buffer;
  /** The last text, and what was found in it: one layer after the other asks the same of a call. */
  #text: Json | undefined;
  #found = false;

  constructor(letters: string) {
    this.#letters = Buffer.from(letters);
  }

  /** Whether a key with these letters may be anywhere in a text, however it is spelled. */
  mayBeIn(text: Json): boolean {
    if (text === this.#text) return this.#found;
    const found = isIn(text, this.#letters) || mayEscape(text);
    if (isKept(text)) {
      this.#text = text;
      this.#found = found;
    }
    return found;
  }
}
