/** Cuts the text of a tool's result. Pure. */
import {
  arrayOf,
  asString,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  peek,
  peekText,
  withMember,
} from '../../../core/json.ts';

/** The text blocks of a result, and all its blocks. */
export interface ResultText {
  readonly blocks: readonly Json[];
  /** For each block its text, if it is one of text. */
  readonly texts: readonly (string | undefined)[];
  /** Of all texts together, in UTF-8. */
  readonly bytes: number;
}

/** Undefined for a result without blocks that can be read. */
export function textOf(result: Json): ResultText | undefined {
  const content = isObject(result) ? peek(result, 'content') : undefined;
  if (!isArray(content)) return undefined;
  const blocks = elements(content);
  const texts = blocks.map((block) => (peekText(block, 'type') === 'text' ? asString(peek(block, 'text')) : undefined));
  const bytes = texts.reduce((sum, text) => sum + (text === undefined ? 0 : Buffer.byteLength(text)), 0);
  return { blocks, texts, bytes };
}

/**
 * The result with as many bytes of its text as allowed, and further blocks at its end. Blocks without text stay.
 * @param last tells how many bytes are left, and returns the blocks
 */
export function cut(
  result: Json,
  { blocks, texts }: ResultText,
  limit: number,
  last: (left: number) => object[],
): Json {
  const kept: Json[] = [];
  let [room, left] = [limit, 0];
  blocks.forEach((block, i) => {
    const text = texts[i];
    if (text === undefined) kept.push(block);
    else if (room > 0) {
      const part = beginning(text, room);
      const bytes = Buffer.byteLength(part);
      if (part !== '') kept.push(part === text ? block : withMember(block, 'text', encode(part)));
      left += bytes;
      // What follows a block that was cut has lost its context.
      room = part === text ? room - bytes : 0;
    }
  });
  return withMember(result, 'content', arrayOf([...kept, ...last(left).map(encode)]));
}

/** Of the room that there is, as much may stay empty to end at a boundary. */
const WASTE = 0.25;

/** At most `limit` bytes of a text: up to the end of a line, or else of a word, or else of a character. */
function beginning(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  let end = limit;
  // A byte that continues a character is no beginning of one.
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  const whole = bytes.toString('utf8', 0, end);
  const least = Math.floor(whole.length * (1 - WASTE));
  const line = whole.lastIndexOf('\n') + 1;
  if (line > least) return whole.slice(0, line);
  const word = whole.lastIndexOf(' ') + 1;
  return word > least ? whole.slice(0, word) : whole;
}
