// The program as one CommonJS script, which is all that a single executable can contain.
import { parseSync } from 'rolldown/utils';
import { bundle, bundleOptions } from '../bundle.mjs';

/**
 * Each file of the program is a function of the script, called when the file is first loaded: what a start does not
 * need is neither run nor compiled. CommonJS, because the code cache of a module made the start slower, not faster.
 * @returns {Promise<{ text: string, sources: string[] }>} the script, and the paths of the modules in it
 */
export async function programScript() {
  const { files, sources } = await bundle({
    name: 'mcp-proxy',
    modules: ['src/cli/main.ts'],
    options: bundleOptions('node26'),
    format: 'cjs',
  });
  const functions = files.map(
    ({ name, text }) =>
      `${JSON.stringify(name)}: (function (exports, require, module, __filename) {${withoutImports(text)}\n})`,
  );
  const [entry] = files.filter(({ name }) => !name.includes('/'));
  const head = `const ENTRY = ${JSON.stringify(entry?.name)};\nconst files = { __proto__: null, ${functions.join(',\n')} };`;
  return { text: `${head}\n${LOADER}`, sources };
}

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
const loaded = new Map();
const { posix } = process.getBuiltinModule('node:path');
function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const from = (id) => (id.startsWith('.') ? load(posix.join(name, '..', id)) : process.getBuiltinModule(id) ?? require(id));
  files[name](module.exports, from, module, process.execPath);
  return module.exports;
}
load(ENTRY).main();
`;
