/** What a server offers, from its own description and its lists. Pure. */
import { asString, type Json, peek, peekObject, peekText } from '../../../../core/json.ts';
import { printable } from '../../../../core/redact.ts';

/** The lists, by the capability that announces each of them. */
const LISTS = ['tools', 'prompts', 'resources'] as const;
export type ListName = (typeof LISTS)[number];

/** The lists that the result of `initialize` announces. */
export function announcedLists(introduced: Json): ListName[] {
  return LISTS.filter((name) => peekObject(introduced, 'capabilities', name) !== undefined);
}

/** The name of the server, in a form that is safe to show. */
export function serverNameIn(introduced: Json): string {
  const name = peekText(introduced, 'serverInfo', 'title') ?? peekText(introduced, 'serverInfo', 'name');
  const version = peekText(introduced, 'serverInfo', 'version') ?? '';
  return name === undefined ? 'a server without a name' : printable(`${name} ${version}`, 80);
}

export function revisionIn(introduced: Json): string {
  return printable(asString(peek(introduced, 'protocolVersion')) ?? 'unknown', 20);
}

/**
 * The name of a tool that can be called without harm and without arguments (specification 2025-11-25, "Tool
 * annotations"); undefined when none is marked so.
 */
export function harmlessTool(tools: readonly Json[]): string | undefined {
  const found = tools.find((tool) => {
    const isReadOnly = peek(tool, 'annotations', 'readOnlyHint')?.toString('latin1') === 'true';
    const required = peek(tool, 'inputSchema', 'required')?.toString('latin1').replace(/\s/g, '');
    return isReadOnly && (required === undefined || required === '[]') && peekText(tool, 'name') !== undefined;
  });
  return peekText(found, 'name');
}
