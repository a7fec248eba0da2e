// What the program consists of besides its own source: the packages that the bundle contains, and Node in executables.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './run.mjs';

/**
 * @typedef {object} Component
 * @property {string} name
 * @property {string} version
 * @property {string} licence an SPDX expression
 * @property {string} text of the licence, and of the file NOTICE, where there is one
 */

/**
 * The packages of npm that some of these modules belong to, by name.
 * @param {readonly string[]} sources the paths of modules
 * @returns {Component[]}
 * @throws {Error} when the licence of a package is not installed
 */
export function componentsOf(sources) {
  const folders = [...new Set(sources.flatMap((source) => folderOf(source) ?? []))];
  const packages = folders.map((folder) => ({
    ...JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')),
    text: textsIn(folder),
  }));
  const components = packages.map(({ name, version, license, repository, text }) => {
    // A package of a repository with several may come without the licence, which is the same for all of them.
    const sibling = packages.find((other) => other.text && repository?.url && other.repository?.url === repository.url);
    const found = text || (sibling?.license === license ? sibling.text : '');
    if (!found) throw new Error(`the package ${name} is part of the program, but comes without its licence`);
    return { name, version, licence: license, text: found };
  });
  return components.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The folder of the package that a module belongs to; undefined for a module of this program. @param {string} source */
function folderOf(source) {
  // The bundler adds a module of its own, which has no path.
  if (source.startsWith('\0rolldown/')) return path.join(root, 'node_modules', 'rolldown');
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(source)?.[0];
}

/** @param {string} folder of a package */
function textsIn(folder) {
  return readdirSync(folder)
    .filter((name) => /^(?:licen[cs]e|copying|notice)(?:\.|$)/i.test(name))
    .map((name) => readFileSync(path.join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim())
    .join('\n\n');
}

/**
 * Node as a component.
 * @param {string} version
 * @param {readonly string[]} folders of packages with this Node; those for Windows lack the licence
 * @returns {Component}
 */
export function nodeComponent(version, folders) {
  const file = folders.map((folder) => path.join(folder, 'LICENSE')).find(existsSync);
  if (file === undefined) throw new Error(`no package with Node ${version} contains its licence`);
  return { name: 'node', version, licence: 'MIT', text: readFileSync(file, 'utf8') };
}
