/**
 * The configuration of a host as a text, and what can be done to it. Pure. Every edit is checked: the result must parse,
 * and differ from the text before in the one server only.
 */
import { isDeepStrictEqual } from 'node:util';
import { entryValue, type Found, objectOf, readEntry } from './entries.ts';
import { jsonValue, removeEmptySection, removeFromJson, setInJson } from './formats/json-edit.ts';
import { removeFromToml, setInToml, tomlValue } from './formats/toml-edit.ts';
import { Unreadable } from './formats/unreadable.ts';
import type { Entry, Host } from './host.ts';

const BYTE_ORDER_MARK = '\uFEFF';

type Format = Pick<Host, 'format' | 'section'>;

/** The servers by name; empty without any. Throws Unreadable. */
export function serversIn(host: Format, text: string): Readonly<Record<string, unknown>> {
  return objectOf(contentOf(host, text)[host.section]);
}

/** One server, or undefined. */
export function serverIn(host: Format, text: string, name: string): Found | undefined {
  const servers = serversIn(host, text);
  return Object.hasOwn(servers, name) ? readEntry(servers[name]) : undefined;
}

/** Whether the file has the section, empty or not. */
export function hasSection(host: Format, text: string): boolean {
  return Object.hasOwn(contentOf(host, text), host.section);
}

/** The text with a server set to a value, in the form of the host. Throws Unreadable. */
export function withServer(host: Format, text: string, name: string, value: Readonly<Record<string, unknown>>): string {
  const [mark, body] = unmarked(text);
  const edited =
    host.format === 'json' ? setInJson(body, host.section, name, value) : setInToml(body, host.section, name, value);
  return mark + checked(host, body, edited, name, value);
}

/** The text without a server. Throws Unreadable. */
export function withoutServer(host: Format, text: string, name: string): string {
  const [mark, body] = unmarked(text);
  const edit = host.format === 'json' ? removeFromJson : removeFromToml;
  return mark + checked(host, body, edit(body, host.section, name), name, undefined);
}

/** The text without the section, if that has no servers. Tables of TOML leave no section behind. */
export function withoutEmptySection(host: Format, text: string): string {
  const [mark, body] = unmarked(text);
  return host.format === 'json' ? mark + removeEmptySection(body, host.section) : text;
}

/** Whether the file says nothing, comments included. */
export function isBlank(text: string): boolean {
  return /^\s*(?:\{\s*\})?\s*$/.test(text);
}

/** The server as a text to paste into a configuration that has no others. */
export function snippet(host: Host, name: string, entry: Entry): string {
  return withServer(host, '', name, entryValue(host, entry)).trimEnd();
}

function contentOf({ format }: Format, text: string): Readonly<Record<string, unknown>> {
  const [, body] = unmarked(text);
  return format === 'json' ? jsonValue(body) : tomlValue(body);
}

function unmarked(text: string): [mark: string, body: string] {
  return text.startsWith(BYTE_ORDER_MARK) ? [BYTE_ORDER_MARK, text.slice(1)] : ['', text];
}

function checked(host: Format, before: string, after: string, name: string, value: unknown): string {
  const [old, edited] = [contentOf(host, before), contentOf(host, after)];
  const rest = (all: Readonly<Record<string, unknown>>): object => {
    const { [host.section]: section, ...others } = all;
    const servers = Object.entries(objectOf(section)).filter(([key]) => key !== name);
    // A section in another form must stay as it is.
    return { others, servers: Object.fromEntries(servers), other: objectOf(section) === section ? undefined : section };
  };
  const servers = objectOf(edited[host.section]);
  const found = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (isDeepStrictEqual(rest(old), rest(edited)) && isDeepStrictEqual(found, value)) return after;
  throw new Unreadable('it is written in a form that this program cannot edit safely', 1, 1);
}
