// The program as one CommonJS script, which is all that a single executable can contain.
import { parseSync } from 'rolldown/utils';
import { bundle, bundleOptions } from '../bundle.mjs';

/** The end of the name of an asset that is the code cache of another one. */
export const CODE_CACHE = '.cache';

/**
 * The file that a start needs is the script, with a code cache. The files loaded on demand are assets, so that a start
 * neither reads nor checks them; each becomes a function that is compiled when it is first called, from a code cache if
 * the executable has one.
 *
 * @typedef {object} Program
 * @property {string} script
 * @property {ReadonlyMap<string, string>} assets the texts of the files loaded on demand, by name
 * @property {string[]} sources the paths of the modules in all of them
 *
 * @returns {Promise<Program>}
 */
export async function programScript() {
  const { files, sources } = await bundle({
    name: 'mcp-proxy',
    modules: ['src/cli/main.ts'],
    options: bundleOptions('node26'),
  });
  const functions = files.map(({ name, text }) => ({ name, text: asFunction(text) }));
  const [entry, ...others] = functions.sort((a, b) => Number(a.name.includes('/')) - Number(b.name.includes('/')));
  const loader = LOADER.replace('ENTRY', () => `${JSON.stringify(entry?.name)}, ${entry?.text}`);
  return { script: loader, assets: new Map(others.map(({ name, text }) => [name, text])), sources };
}

/** @param {string} text */
const asFunction = (text) => `(function (exports, require, module, __filename, __dirname) {${withoutImports(text)}\n})`;

/**
 * A script with a code cache cannot call `import()` (https://github.com/nodejs/node/pull/62678). The bundler leaves it
 * only where the module is Node's own or is not part of the program.
 * @param {string} text
 */
function withoutImports(text) {
  let result = text;
  for (const { start, end, source } of importsIn(parseSync('program.js', text).program).toReversed()) {
    const name = text.slice(source.start, source.end);
    result = `${result.slice(0, start)}Promise.resolve().then(()=>require(${name}))${result.slice(end)}`;
  }
  return result;
}

/** The dynamic imports, in the order of the text. */
function importsIn(node) {
  if (node?.type === 'ImportExpression') return [node];
  const children = Object.values(node).filter((value) => value !== null && typeof value === 'object');
  return children.flatMap((child) => importsIn(child)).sort((a, b) => a.start - b.start);
}

const LOADER = `
const { dirname, posix } = require('node:path');
const loaded = new Map();
function load(name) {
  return loaded.get(name)?.exports ?? run(name, compile(name));
}
function compile(name) {
  const { Script } = require('node:vm');
  const { getAsset, getAssetKeys, getRawAsset } = require('node:sea');
  const cache = name + '${CODE_CACHE}';
  const cachedData = getAssetKeys().includes(cache) ? new Uint8Array(getRawAsset(cache)) : undefined;
  return new Script(getAsset(name, 'utf8'), { filename: name, cachedData }).runInThisContext();
}
function run(name, body) {
  const module = { exports: {} };
  loaded.set(name, module);
  const from = (id) => (id.startsWith('.') ? load(posix.join(name, '..', id)) : process.getBuiltinModule(id) ?? require(id));
  body(module.exports, from, module, process.execPath, dirname(process.execPath));
  return module.exports;
}
run(ENTRY).main();
`;
