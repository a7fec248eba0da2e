/**
 * Edits of TOML (https://toml.io/en/v1.1.0) that leave every other byte as it is: a server is a table
 * `[section.name]`, with its subtables. The text around it is not touched. Pure.
 */
import { parse, TomlError } from 'smol-toml';
import { objectOf } from '../entries.ts';
import { lineBreakOf, lineStart } from './text-lines.ts';
import { headerOf, tomlParts } from './toml-parts.ts';
import { Unreadable, unreadableAt } from './unreadable.ts';

/** The value of a file. Throws Unreadable. */
export function tomlValue(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(plain(parse(text, { integersAsBigInt: 'asNeeded' })));
  } catch (error) {
    if (!(error instanceof TomlError)) throw unreadableAt(text, 0, 'it is nested too deeply');
    // The first line is the problem, the others show the place.
    const [problem = ''] = error.message.split('\n');
    throw new Unreadable(problem.replace(/^Invalid TOML document: /, ''), error.line, error.column);
  }
}

/** With objects as JSON has them: those of the parser have no prototype, and large integers are not numbers. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
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
  const extended = `${text}${text.endsWith('\n') ? '' : eol}${eol}${block}`;
  if (!canBeExtended(extended, section, name)) throw anotherForm(text, section);
  return extended;
}

/** Whether a table of the section may be at the end: not if the section is an inline table, for example. */
function canBeExtended(extended: string, section: string, name: string): boolean {
  try {
    return defines(extended, section, name);
  } catch {
    return false;
  }
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
  if (!defines(text, section, name)) return [];
  const tables = tomlParts(text).filter((part) => part.isTable && defines(headerOf(text, part), section, name));
  if (tables.length === 0) throw anotherForm(text, section, name);
  return tables.map(({ start, end }) => ({ start: lineStart(text, start), end }));
}

/** Whether a text, which may be a part of a file, has something of the server, or of the section. Throws Unreadable. */
function defines(text: string, section: string, name?: string): boolean {
  const value = tomlValue(text);
  return name === undefined ? Object.hasOwn(value, section) : Object.hasOwn(objectOf(value[section]), name);
}

function anotherForm(text: string, section: string, name?: string): Unreadable {
  const part = tomlParts(text).find(({ start, end }) => defines(text.slice(start, end), section, name));
  const what = name === undefined ? section : `${section}.${name}`;
  return unreadableAt(text, part?.start ?? 0, `${what} is not a table of its own`);
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
