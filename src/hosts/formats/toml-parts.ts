/**
 * Where the tables of a TOML text (https://toml.io/en/v1.1.0) are. The text must be valid: a parser has read it. So only
 * strings, comments and brackets are told apart here. Pure.
 */

/** A table, with the keys that belong to it, or a key above the first table. */
export interface TomlPart {
  readonly isTable: boolean;
  readonly start: number;
  /** The end of the last line with something of it: the line break is included. */
  readonly end: number;
}

/** All parts, in order. Comments and empty lines between two of them belong to neither. */
export function tomlParts(text: string): TomlPart[] {
  const parts: TomlPart[] = [];
  for (let start = nextStatement(text, 0); start < text.length; ) {
    const end = endOfStatement(text, start);
    const isTable = text[start] === '[';
    const last = parts.at(-1);
    if (!isTable && last?.isTable) parts[parts.length - 1] = { ...last, end };
    else parts.push({ isTable, start, end });
    start = nextStatement(text, end);
  }
  return parts;
}

/** The header of a table, such as `[a.b]`, with the rest of its line. */
export function headerOf(text: string, { start }: TomlPart): string {
  return text.slice(start, endOfStatement(text, start));
}

/** The offset of the next header or key: behind blanks, line breaks and comments. */
function nextStatement(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '#') at = endOfLine(text, at);
    else if (/\s/.test(text.charAt(at))) at += 1;
    else break;
  }
  return at;
}

/** The end of the line in which a header or the value of a key ends. */
function endOfStatement(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const letter = text.charAt(at);
    if (letter === '"' || letter === "'") {
      at = endOfString(text, at);
      continue;
    }
    if (letter === '#' || letter === '\n') {
      const end = endOfLine(text, at);
      if (depth === 0) return end;
      at = end;
      continue;
    }
    if (letter === '[' || letter === '{') depth += 1;
    if (letter === ']' || letter === '}') depth -= 1;
    at += 1;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  const quote = text.charAt(start);
  const isLong = text.startsWith(quote.repeat(3), start);
  const close = isLong ? quote.repeat(3) : quote;
  let at = start + close.length;
  while (at < text.length && !text.startsWith(close, at)) at += quote === '"' && text[at] === '\\' ? 2 : 1;
  at += close.length;
  // One or two quotes may stand before the closing ones.
  for (let more = 0; isLong && more < 2 && text[at] === quote; more++) at += 1;
  return at;
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at + 1;
}
