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
    const found = text.includes(this.#letters) || mayEscape(text);
    if (isKept(text)) {
      this.#text = text;
      this.#found = found;
    }
    return found;
  }
}
