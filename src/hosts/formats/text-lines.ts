/** Lines, indentation and line breaks of a text. Pure. */

/** The line break of the text: that of its first line. */
export function lineBreakOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The blanks at the beginning of the line of an offset. */
export function indentOf(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? '';
}

/** Whether nothing but blanks stands before the offset in its line. */
export function isAloneInLine(text: string, offset: number): boolean {
  return text.slice(lineStart(text, offset), offset).trim() === '';
}

/** The end of the line, its line break included, if nothing but blanks follows the offset in it. */
export function endOfLine(text: string, offset: number): number | undefined {
  const rest = /^[ \t]*(?:\r?\n|$)/.exec(text.slice(offset));
  return rest ? offset + rest[0].length : undefined;
}

/** The offset of the next character that is not a blank. */
export function skipSpaces(text: string, offset: number): number {
  return offset + (/^[ \t]*/.exec(text.slice(offset))?.[0].length ?? 0);
}
