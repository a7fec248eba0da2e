// Type declarations without what the public API does not lead to: the compiler declares everything that a file exports.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'rolldown/utils';

/**
 * A statement at the top of a file, with the comment above it.
 * @typedef {{ node: any, text: string, names: readonly string[] }} Statement
 */

/**
 * The files that an entry needs, by path, with the statements that it needs.
 * @param {string} entry the path of a `.d.ts` file, all exports of which are kept
 * @returns {Map<string, string>}
 */
export function neededDeclarations(entry) {
  /** @type {Map<string, { statements: Statement[], used: Set<string> }>} */
  const files = new Map();
  const opened = (/** @type {string} */ file) => {
    const one = files.get(file) ?? { statements: statementsOf(file), used: new Set() };
    files.set(file, one);
    return one;
  };
  // Follows a name to what it means in a file: nothing, if it is not of the top level.
  const need = (/** @type {string} */ file, /** @type {string} */ name) => {
    const { statements, used } = opened(file);
    if (used.has(name)) return;
    used.add(name);
    for (const { node, names } of statements) {
      if (names.includes(name)) for (const other of identifiersIn(node)) need(file, other);
      for (const { local, imported } of node.source ? node.specifiers : []) {
        if (local.name === name && node.source.value.startsWith('.'))
          need(beside(file, node), (imported ?? local).name);
      }
    }
  };
  for (const { node, names } of opened(entry).statements) {
    if (node.type === 'ImportDeclaration') continue;
    for (const name of node.source ? node.specifiers.map(({ local }) => local.name) : names) need(entry, name);
  }
  const texts = [...files].map(([file, { statements, used }]) => {
    const kept = statements.flatMap((statement) => shortened(statement, used) ?? []);
    return /** @type {const} */ ([file, `${kept.join('\n')}\n`]);
  });
  return new Map(texts);
}

/** @param {string} file @returns {Statement[]} */
function statementsOf(file) {
  const code = readFileSync(file, 'utf8');
  const { program, errors } = parseSync(file, code, { lang: 'dts' });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  if (/\bimport\(|^export \*/m.test(code))
    throw new Error(`${file}: only imports and exports of names can be followed`);
  return program.body.map((node, i) => {
    const text = code.slice(program.body[i - 1]?.end ?? 0, node.end).trim();
    return { node, text, names: namesOf(node.declaration ?? node) };
  });
}

/** @returns {string[]} the names that a statement declares */
function namesOf({ id, declarations = [] }) {
  return [...(id ? [id] : []), ...declarations.map((one) => one.id)].map(({ name }) => name);
}

/** The statement with only the imports and exports that are used; undefined if nothing of it is used. */
function shortened({ node, text, names }, used) {
  if (node.specifiers === undefined || node.declaration) return names.some((name) => used.has(name)) ? text : undefined;
  const specifiers = node.specifiers.filter(({ local }) => used.has(local.name));
  // `export {}` makes the file a module in which only what is marked is exported.
  if (specifiers.length === node.specifiers.length) return text;
  if (specifiers.length === 0) return undefined;
  const isExport = node.type === 'ExportNamedDeclaration';
  const isType = (isExport ? node.exportKind : node.importKind) === 'type';
  const listed = specifiers.map((one) => {
    const [from, to] = isExport ? [one.local.name, one.exported.name] : [one.imported.name, one.local.name];
    const isOneType = (isExport ? one.exportKind : one.importKind) === 'type';
    return `${isOneType && !isType ? 'type ' : ''}${from === to ? from : `${from} as ${to}`}`;
  });
  const source = node.source ? ` from '${node.source.value}'` : '';
  return `${isExport ? 'export' : 'import'}${isType ? ' type' : ''} { ${listed.join(', ')} }${source};`;
}

/** The file that a statement imports from. */
function beside(/** @type {string} */ file, { source }) {
  return path.join(path.dirname(file), source.value.replace(/\.ts$/, '.d.ts'));
}

/** The names of everything in a statement; those of members, too, because they do no harm. @returns {Iterable<string>} */
function* identifiersIn(node) {
  if (node === null || typeof node !== 'object') return;
  if (node.type === 'Identifier') yield node.name;
  for (const child of Object.values(node)) yield* identifiersIn(child);
}
