// Bundles the program into one file, with the files that it loads on demand beside it. They import what they share with
// the program from the program's own file, which is loaded anyway: every start would pay for a file between them. All
// are CommonJS: Node's loader of ES modules costs a tenth of the program's startup time.
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { changingExports, exportedTogether, takenOnce } from './exports.mjs';
import { wrap } from './wrap.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * How this program is bundled.
 * @param {string} target the oldest Node that runs it, such as `node20.19`
 */
export function bundleOptions(target) {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return {
    cwd: root,
    resolve: {
      alias: {
        debug: path.join(root, 'src', 'http', 'outbound-proxy', 'silent-debug.ts'),
        // What Node would load is UMD, which a bundler cannot follow.
        'jsonc-parser': path.join(root, 'node_modules', 'jsonc-parser', 'lib', 'esm', 'main.js'),
      },
    },
    transform: { target, define: { __VERSION__: JSON.stringify(version) } },
  };
}

/**
 * Bundles the modules into `<name>.cjs`, which exports all their exports, and puts the code that they load on demand
 * into `chunks/`. Resolves with the files, with the names that each module exports, and with the paths of all modules.
 * @param {{ name: string, modules: string[], options: import('rolldown').InputOptions & { cwd: string } }} what
 */
export async function bundle({ name, modules, options }) {
  const entry = path.join(options.cwd, `${name}.ts`);
  /** @type {Map<string, string[]>} */
  const exported = new Map();
  /** @type {Set<string>} the names of the exports of the program's file that the others take once */
  const taken = new Set();
  /** @type {string[]} the paths of the modules in packages that are bundled on their own */
  const inside = [];
  const { output } = await build({
    ...options,
    write: false,
    input: { [name]: entry },
    platform: 'node',
    external: isBuiltin,
    // The program's file may export more than the modules do: the files loaded on demand need that.
    preserveEntrySignatures: 'allow-extension',
    treeshake: { moduleSideEffects: false },
    plugins: [
      {
        name: 'enums',
        transform: (code, id) => (id.includes('node_modules') ? withPureEnums(code) : undefined),
      },
      {
        name: 'packages in CommonJS',
        async load(id) {
          if (!isCommonJs(id)) return undefined;
          const whole = await asOneModule(id, options);
          inside.push(...whole.sources);
          return whole.code;
        },
      },
      {
        name: 'exports taken once',
        renderChunk(code) {
          const { code: text, names } = takenOnce(code, `../${name}.cjs`);
          for (const one of names) taken.add(one);
          return text;
        },
      },
      { name: 'getters of the global object', renderChunk: withoutGetters },
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) =>
          id === entry ? modules.map((file) => `export * from ${JSON.stringify(`./${file}`)};`).join('\n') : undefined,
        buildEnd() {
          for (const file of modules) {
            exported.set(file, this.getModuleInfo(path.join(options.cwd, file)).exports);
          }
        },
      },
    ],
    output: {
      format: 'cjs',
      strict: true,
      esModule: false,
      entryFileNames: '[name].cjs',
      chunkFileNames: 'chunks/[name]-[hash].cjs',
      minify: true,
      comments: false,
    },
  });
  const files = [];
  const sources = [];
  for (const chunk of output) {
    if (chunk.type !== 'chunk') throw new Error(`${chunk.fileName} is not code`);
    const loaded = chunk.imports.filter((file) => !isBuiltin(file));
    // Every start would pay for a file loaded at once.
    if (chunk.isEntry && loaded.length > 0) throw new Error(`${chunk.fileName} loads ${loaded.join(', ')} at once`);
    const code = exportedTogether(escaped(chunk.code));
    const changing = chunk.isEntry ? changingExports(code).filter((one) => taken.has(one)) : [];
    if (changing.length > 0) throw new Error(`${chunk.fileName} exports variables that change: ${changing.join(', ')}`);
    files.push({ name: chunk.fileName, text: wrap(code) });
    sources.push(...chunk.moduleIds);
  }
  return { files, exported, sources: [...sources, ...inside] };
}

/** Packages that are not ES modules. @param {string} id the path of a module */
function isCommonJs(id) {
  return /[\\/]node_modules[\\/]iovalkey[\\/]built[\\/]index\.js$/.test(id);
}

/**
 * A package in CommonJS as one ES module: the bundler would put what it needs to run such packages into a file that the
 * program's file loads at once.
 * @param {string} id the path of its first module
 * @param {import('rolldown').InputOptions & { cwd: string }} options
 */
async function asOneModule(id, options) {
  const { output } = await build({
    ...options,
    write: false,
    input: { whole: id },
    platform: 'node',
    external: isBuiltin,
    output: { format: 'esm', comments: false, codeSplitting: false },
  });
  const [chunk] = output;
  return { code: chunk.code, sources: chunk.moduleIds.filter((file) => file !== id) };
}

/**
 * Enums as the compiler of TypeScript writes them, so that the bundler can leave out those that nothing uses. A constant
 * enum is such a one: its members are in the code already.
 * @param {string} code
 */
function withPureEnums(code) {
  return code.replace(
    /\bvar (\w+);\n(\(function \(\1\) \{\n(?: {4}\1\[.*\n)+)\}\)\(\1 \|\| \(\1 = \{\}\)\);/g,
    'var $1 = /* @__PURE__ */ $2return $1; })({});',
  );
}

/** What Node's global object has as getters. V8 calls a getter at every use, and cannot inline what comes of it. */
const GETTERS = ['Buffer', 'process'];

/**
 * Takes what the code uses of these once, in variables, which also become shorter.
 * @param {string} code a module that is not minified yet
 */
function withoutGetters(code) {
  const used = GETTERS.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
  if (used.length === 0) return code;
  // A directive must stay in front.
  return code.replace(/^"use strict";\n|^/, (directive) => `${directive}const { ${used.join(', ')} } = globalThis;\n`);
}

/**
 * Escapes every letter beyond ASCII: V8 keeps a text with one such letter in two bytes a letter, which costs a start more
 * memory and a garbage collection. Letters as these are in strings and regular expressions only.
 * @param {string} code
 */
function escaped(code) {
  if (code.includes('String.raw')) throw new Error('String.raw would show the escapes');
  return code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
