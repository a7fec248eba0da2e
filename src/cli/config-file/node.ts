/** Reads values of a parsed file, and says where one is of the wrong type. */
import type { Node } from 'jsonc-parser';
import { Problem } from './problem.ts';

/** One member of an object. */
export interface Property {
  readonly key: string;
  /** Where its key is. */
  readonly at: number;
  readonly value: Node;
}

/** The members of an object. Throws a Problem for a value that is not an object, and for a key that is given twice. */
export function propertiesOf(node: Node, what: string): Property[] {
  if (node.type !== 'object') throw wrongType(node, what, 'an object in braces');
  const found = new Map<string, Property>();
  for (const { children: [key, value] = [] } of node.children ?? []) {
    if (!key || !value) continue;
    const name = String(key.value);
    if (found.has(name)) throw new Problem(key.offset, `${quoted(name)} is given twice`, 'leave one of them out');
    found.set(name, { key: name, at: key.offset, value });
  }
  return [...found.values()];
}

export function textOf(node: Node, what: string): string {
  if (node.type !== 'string') throw wrongType(node, what, 'a string');
  return node.value as string;
}

export function booleanOf(node: Node, what: string): boolean {
  if (node.type !== 'boolean') throw wrongType(node, what, 'true or false');
  return node.value as boolean;
}

export function textsOf(node: Node, what: string): string[] {
  if (node.type !== 'array') throw wrongType(node, what, 'an array of strings');
  return (node.children ?? []).map((child) => textOf(child, `an element of ${what}`));
}

/** Names with texts. Numbers and booleans count as texts; `null` counts as left out. */
export function namedTextsOf(node: Node, what: string): [name: string, text: string][] {
  return propertiesOf(node, what).flatMap(({ key, value }): [string, string][] => {
    if (value.type === 'null') return [];
    const isPlain = value.type === 'string' || value.type === 'number' || value.type === 'boolean';
    if (!isPlain) throw wrongType(value, `${quoted(key)} in ${what}`, 'a string');
    return [[key, String(value.value)]];
  });
}

export function wrongType(node: Node, what: string, expected: string): Problem {
  return new Problem(node.offset, `${what} is ${named(node)}`, `expected ${expected}`);
}

function named({ type }: Node): string {
  return type === 'array' || type === 'object' ? `an ${type}` : type === 'null' ? 'null' : `a ${type}`;
}

/** A key in quotes, cut off where it is too long to be shown. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
