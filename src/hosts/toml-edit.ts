/**
 * Edits of TOML (https://toml.io/en/v1.1.0) that leave every other byte as it is: a server is a table
 * `[section.name]`, with its subtables. The parser says where it is; the text around it is not touched. Pure.
 */
import { getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser';
import { objectOf } from './entries.ts';
import { lineBreakOf, lineStart } from './text-lines.ts';
import { Unreadable, unreadableAt } from './unreadable.ts';

type Program = ReturnType<typeof parseTOML>;

function programOf(text: string): Program {
  try {
    return parseTOML(text, { tomlVersion: '1.1' });
  } catch (error) {
    // Columns of the parser count from 0.
    if (error instanceof ParseError) throw new Unreadable(error.message, error.lineNumber, error.column + 1);
    throw unreadableAt(text, 0, 'it is nested too deeply');
  }
}

/** The value of a file. Throws Unreadable. */
export function tomlValue(text: string): Record<string, unknown> {
  return getStaticTOMLValue(programOf(text)) as Record<string, unknown>;
}

/** The text with the table `[section.name]`: in place of the old one, else at the end. */
export function setInToml(
  text: string,
  section: string,
  name: string,
  value: Readonly<Record<string, unknown>>,
): string {
  const eol = lineBreakOf(text);
  const table = [`[${section}.${name}]`, ...Object.entries(value).map(([key, member]) => `${key} = ${inline(member)}`)];
  const block = table.map((line) => line + eol).join('');
  const [first, ...others] = blocksOf(text, section, name);
  if (first) {
    let edited = text;
    for (const { start, end } of others.reverse()) edited = edited.slice(0, start) + edited.slice(end);
    return edited.slice(0, first.start) + block + edited.slice(first.end);
  }
  if (text.trim() === '') return text + block;
  return `${text}${text.endsWith('\n') ? '' : eol}${eol}${block}`;
}

/** The text without the table `[section.name]` and its subtables. */
export function removeFromToml(text: string, section: string, name: string): string {
  let edited = text;
  for (const { start, end } of blocksOf(text, section, name).reverse()) {
    const before = edited.slice(0, start);
    const after = edited.slice(end);
    // The empty line that separated it: at the end of the file, or before another empty line or table.
    const separated = /(?:^|\n)\r?\n$/.test(before) && (after.trim() === '' || /^\r?\n/.test(after));
    edited = (separated ? before.replace(/\r?\n$/, '') : before) + after;
  }
  return edited;
}

interface Block {
  readonly start: number;
  readonly end: number;
}

/** The tables of a server, whole lines each, in order. Throws Unreadable if the server is written in another form. */
function blocksOf(text: string, section: string, name: string): Block[] {
  const program = programOf(text);
  const tables = program.body[0].body.filter(
    (node) => node.type === 'TOMLTable' && node.resolvedKey[0] === section && node.resolvedKey[1] === name,
  );
  const servers = objectOf(objectOf(getStaticTOMLValue(program))[section]);
  if (tables.length === 0 && Object.hasOwn(servers, name)) {
    const node = program.body[0].body.find((one) => mayDefine(one, section, name));
    throw unreadableAt(text, node?.range[0] ?? 0, `${section}.${name} is not a table of its own`);
  }
  return tables.map(({ range: [from, to] }) => {
    const stop = text.indexOf('\n', to);
    return { start: lineStart(text, from), end: stop === -1 ? text.length : stop + 1 };
  });
}

/** Whether a key or a table at the top is the section, or the part of it that defines the server. */
function mayDefine(node: Program['body'][0]['body'][number], section: string, name: string): boolean {
  const keys =
    node.type === 'TOMLTable'
      ? node.resolvedKey
      : node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
  return keys[0] === section && (keys.length === 1 || keys[1] === name);
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, member]) => `${keyOf(key)} = ${inline(member)}`)
      .join(', ')} }`;
  }
  // Basic strings have the escapes of JSON; U+007F must be escaped too.
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
}

function keyOf(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}
