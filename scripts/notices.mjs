// The licences that must accompany each copy of the program.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './run.mjs';

/** The name of the file with them. */
export const NOTICES = 'THIRD-PARTY-LICENSES.txt';

/** A line that says whose work it is. A sentence of a licence may begin with this word, too. */
const COPYRIGHT = /^[ \t]*Copyright (?:\([cC]\)|©|\d{4}|contributors\b).*\n?/gm;

/** A line with nothing but the name of the licence. */
const TITLE = /^[ \t]*\(?(?:The )?(?:MIT|ISC) License(?: \(MIT\))?\)?[ \t]*\n/gm;

/**
 * The licence of this program and those of its components. Texts that differ in nothing but title and copyright are
 * shown once, because the package must stay small.
 * @param {readonly import('./components.mjs').Component[]} components
 */
export function noticesOf(components) {
  /** @type {Map<string, import('./components.mjs').Component[]>} */
  const groups = new Map();
  for (const component of components) {
    const key = termsOf(component.text).replace(/\s+/g, ' ');
    groups.set(key, [...(groups.get(key) ?? []), component]);
  }
  const own = readFileSync(path.join(root, 'LICENSE'), 'utf8').trim();
  const ownTerms = termsOf(own).replace(/\s+/g, ' ');
  const alike = groups.get(ownTerms) ?? [];
  groups.delete(ownTerms);
  const first = [`mcp-proxy\n\n${own}\n`];
  if (alike.length > 0)
    first.push(`These have the same licence, with their own copyright:\n\n${alike.map(headOf).join('\n')}\n`);
  const rule = `\n${'='.repeat(80)}\n\n`;
  return [first.join('\n'), ...[...groups.values()].map(sectionOf)].join(rule);
}

/** A licence without title and copyright. @param {string} text */
function termsOf(text) {
  return `${text}\n`
    .replace(TITLE, '')
    .replace(COPYRIGHT, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** What the licence of a component has for itself. @param {import('./components.mjs').Component} component */
function headOf({ name, version, text }) {
  const lines = [...(text.match(TITLE) ?? []), ...(text.match(COPYRIGHT) ?? [])];
  return [`${name} ${version}`, ...lines.map((line) => `  ${line.trim()}`)].join('\n');
}

/** @param {readonly import('./components.mjs').Component[]} group of components under the same licence */
function sectionOf(group) {
  const [{ name, version, text }] = group;
  if (group.length === 1) return `${name} ${version}\n\n${text.trim()}\n`;
  return `${group.map(headOf).join('\n')}\n\n${termsOf(text)}\n`;
}
