/**
 * Edits of JSON with comments (https://code.visualstudio.com/docs/languages/json#_json-with-comments, trailing commas
 * included) that leave every other byte as it is. Pure.
 */
import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { endOfLine, indentOf, isAloneInLine, lineBreakOf, lineStart, skipSpaces } from './text-lines.ts';
import { unreadableAt } from './unreadable.ts';

/** The object of a whole file, or undefined for a file without content. */
export function rootOf(text: string): Node | undefined {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  } catch {
    // A stack overflow: the parser is recursive.
    throw unreadableAt(text, 0, 'it is nested too deeply');
  }
  const [error] = errors;
  if (error) throw unreadableAt(text, error.offset, problemOf(error));
  if (root && root.type !== 'object') throw unreadableAt(text, root.offset, 'expected an object in braces');
  return root;
}

function problemOf({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
    .toLowerCase();
}

/** The value of a file: an empty object for a file without content. Throws Unreadable. */
export function jsonValue(text: string): Record<string, unknown> {
  const root = rootOf(text);
  return root ? (plainValue(root) as Record<string, unknown>) : {};
}

/** The section as an object node; undefined without one. Throws Unreadable when it is something else. */
function sectionIn(text: string, root: Node | undefined, section: string): Node | undefined {
  const value = root && propertyIn(root, section)?.children?.[1];
  if (value && value.type !== 'object') {
    throw unreadableAt(text, value.offset, `expected an object in braces as the value of ${JSON.stringify(section)}`);
  }
  return value;
}

/** The text with the member `name` of the section set to a value: replaced where it is, else added as the last one. */
export function setInJson(text: string, section: string, name: string, value: unknown): string {
  const root = rootOf(text);
  if (!root) {
    const eol = lineBreakOf(text);
    return `${JSON.stringify({ [section]: { [name]: value } }, null, 2).replaceAll('\n', eol)}${eol}`;
  }
  const members = sectionIn(text, root, section);
  if (!members) return insert(text, root, section, { [name]: value });
  const old = propertyIn(members, name)?.children?.[1];
  if (!old) return insert(text, members, name, value);
  const isCompact = !text.slice(members.offset, old.offset).includes('\n');
  const indent = indentOf(text, old.offset);
  return splice(text, old.offset, old.offset + old.length, written(text, value, isCompact, indent));
}

/** The text without the member `name` of the section. */
export function removeFromJson(text: string, section: string, name: string): string {
  const members = sectionIn(text, rootOf(text), section);
  const property = members && propertyIn(members, name);
  return property ? remove(text, members, property) : text;
}

/** The text without the section if that is empty. */
export function removeEmptySection(text: string, section: string): string {
  const root = rootOf(text);
  const property = root && propertyIn(root, section);
  const isEmpty = property?.children?.[1]?.type === 'object' && property.children[1].children?.length === 0;
  return root && property && isEmpty ? remove(text, root, property) : text;
}

/** The last property of that name: it is the one that parsers use. */
function propertyIn(object: Node, name: string): Node | undefined {
  return object.children?.findLast(({ children }) => children?.[0]?.value === name);
}

function insert(text: string, object: Node, key: string, value: unknown): string {
  const last = object.children?.at(-1);
  if (!last) return insertFirst(text, object, key, value);
  const end = last.offset + last.length;
  const comma = commaAfter(text, end);
  const isCompact = !text.slice(object.offset, last.offset).includes('\n');
  if (isCompact) return insertCompact(text, object, { end, comma }, `${JSON.stringify(key)}:`, value);
  const indent = indentOf(text, last.offset);
  const added = `${lineBreakOf(text)}${indent}${JSON.stringify(key)}: ${written(text, value, false, indent)}`;
  if (comma !== undefined) {
    const at = afterComments(text, comma + 1);
    return splice(text, at, at, `${added},`);
  }
  const at = afterComments(text, end);
  return `${text.slice(0, end)},${text.slice(end, at)}${added}${text.slice(at)}`;
}

/** Into an object whose members are in one line, with blanks where the others have them. */
function insertCompact(
  text: string,
  object: Node,
  { end, comma }: { readonly end: number; readonly comma: number | undefined },
  key: string,
  value: unknown,
): string {
  const members = text.slice(object.offset, end);
  const property = `${key}${/":\s/.test(members) ? ' ' : ''}${JSON.stringify(value)}`;
  const blank = /,\s|":\s/.test(members) ? ' ' : '';
  return comma === undefined
    ? splice(text, end, end, `,${blank}${property}`)
    : splice(text, comma + 1, comma + 1, `${blank}${property},`);
}

/** Into an object without members, which may contain comments. */
function insertFirst(text: string, object: Node, key: string, value: unknown): string {
  const close = object.offset + object.length - 1;
  const inner = text.slice(object.offset + 1, close).trimEnd();
  const from = object.offset + 1 + inner.length;
  const before = text.slice(0, object.offset);
  // An object in a line of its own file, or of a file that is all one line.
  const isCompact = inner === '' && /\S/.test(before) && !before.includes('\n');
  if (isCompact) return splice(text, from, close, `${JSON.stringify(key)}:${written(text, value, true, '')}`);
  const [eol, outer] = [lineBreakOf(text), indentOf(text, object.offset)];
  const indent = outer + unitOf(text);
  const property = `${JSON.stringify(key)}: ${written(text, value, false, indent)}`;
  return splice(text, from, close, `${eol}${indent}${property}${eol}${outer}`);
}

function remove(text: string, object: Node, property: Node): string {
  const [start, end] = [property.offset, property.offset + property.length];
  const comma = commaAfter(text, end);
  if (comma !== undefined) {
    // With its comma, and the whole line where it has one of its own.
    const after = afterComments(text, comma + 1);
    const stop = endOfLine(text, after);
    const from = lineStart(text, start);
    if (stop !== undefined && isAloneInLine(text, start)) return splice(text, from, stop, '');
    const isLast = object.children?.at(-1) === property;
    return isLast
      ? splice(text, text.slice(0, start).trimEnd().length, comma + 1, '')
      : splice(text, start, skipSpaces(text, comma + 1), '');
  }
  const index = object.children?.indexOf(property) ?? 0;
  const previous = object.children?.[index - 1];
  // Comments before it stay, and so does everything after it.
  const from = text.slice(0, start).trimEnd().length;
  if (!previous) {
    const close = object.offset + object.length - 1;
    const rest = text.slice(end, close);
    return splice(text, from, close, /\S/.test(rest) || from > object.offset + 1 ? rest : '');
  }
  const separator = commaAfter(text, previous.offset + previous.length) as number;
  return `${text.slice(0, separator)}${text.slice(separator + 1, from)}${text.slice(end)}`;
}

/** The offset of the comma that follows, comments aside; undefined when something else does. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  const at = scanner.getTokenOffset();
  return text[at] === ',' ? at : undefined;
}

/** Behind the comments that begin in the same line: they belong to what stands before them. */
function afterComments(text: string, offset: number): number {
  const scanner = createScanner(text, false);
  scanner.setPosition(offset);
  let end = offset;
  for (;;) {
    scanner.scan();
    const [from, to] = [scanner.getTokenOffset(), scanner.getTokenOffset() + scanner.getTokenLength()];
    const token = text.slice(from, to);
    if (/^\/[/*]/.test(token)) end = to;
    else if (!/^[ \t]+$/.test(token)) return end;
  }
}

function written(text: string, value: unknown, isCompact: boolean, indent: string): string {
  if (isCompact) return JSON.stringify(value);
  return JSON.stringify(value, null, unitOf(text)).replaceAll('\n', `${lineBreakOf(text)}${indent}`);
}

/** One step of indentation: that of the first indented line. */
function unitOf(text: string): string {
  return /^([ \t]+)["/]/m.exec(text)?.[1] ?? '  ';
}

function splice(text: string, from: number, to: number, replacement: string): string {
  return text.slice(0, from) + replacement + text.slice(to);
}

/** Like jsonc-parser's `getNodeValue`, but a member called `__proto__` is a member. */
export function plainValue({ type, children = [], value }: Node): unknown {
  if (type === 'array') return children.map(plainValue);
  if (type !== 'object') return value;
  return Object.fromEntries(
    children.map(({ children: [key, member] = [] }) => [String(key?.value), member && plainValue(member)]),
  );
}
