// What the program consists of besides its own source: the packages that the bundle contains, and Node in executables.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../run.mjs';

/**
 * @typedef {object} Component
 * @property {string} name
 * @property {string} version
 * @property {string} licence an SPDX expression
 * @property {string} text of the licence; what package.json says where the package comes without it
 */

/**
 * The packages of npm that some of these modules belong to, by name.
 * @param {readonly string[]} sources the paths of modules
 * @returns {Component[]}
 */
export function componentsOf(sources) {
  const folders = new Set();
  for (const source of sources) {
    const folder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(source)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  const components = [...folders].map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const by = typeof author === 'string' ? author : (author?.name ?? 'its authors');
    const text =
      file === undefined
        ? `Copyright ${by}. Licence: ${license} (https://spdx.org/licenses/${license}.html)`
        : readFileSync(path.join(folder, file), 'utf8');
    return { name, version, licence: license, text };
  });
  return components.sort((a, b) => (a.name < b.name ? -1 : 1));
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

/**
 * What must accompany copies of these components.
 * @param {readonly Component[]} components
 */
export function noticesOf(components) {
  const parts = components.map(({ name, version, text }) => `${name} ${version}\n\n${text.trimEnd()}\n`);
  const own = readFileSync(path.join(root, 'LICENSE'), 'utf8').trimEnd();
  const rule = `\n${'='.repeat(80)}\n\n`;
  return [`mcp-proxy\n\n${own}\n`, ...parts].join(rule);
}
