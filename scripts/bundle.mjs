// Bundles the program into one file, with the files that it loads on demand beside it. They import what they share with
// the program from the program's own file, which is loaded anyway: every start would pay for a file between them. All
// are CommonJS: Node's loader of ES modules costs a tenth of the program's startup time.
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { parseSync } from 'rolldown/utils';
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
        debug: path.join(root, 'src', 'http', 'silent-debug.ts'),
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
    files.push({ name: chunk.fileName, text: wrap(exportedTogether(escaped(chunk.code))) });
    sources.push(...chunk.moduleIds);
  }
  return { files, exported, sources };
}

/**
 * Exports in one go what the bundler exports with a statement each, which makes the program 1 % smaller.
 * @param {string} code
 */
function exportedTogether(code) {
  let text = code;
  for (const { type, expression } of parseSync('program.cjs', code).program.body.toReversed()) {
    if (type !== 'ExpressionStatement' || expression.type !== 'SequenceExpression') continue;
    const all = expression.expressions;
    const names = all.map(exportedName);
    const first = names.lastIndexOf(undefined) + 1;
    if (all.length - first < 2) continue;
    const members = all.slice(first).map(({ right }, i) => `${names[first + i]}:${code.slice(right.start, right.end)}`);
    const { start } = all[first];
    text = `${text.slice(0, start)}Object.assign(exports,{${members.join(',')}})${text.slice(expression.end)}`;
  }
  return text;
}

/** The name in `exports.name = value`; undefined for any other expression. */
function exportedName({ type, operator, left }) {
  const isExport = type === 'AssignmentExpression' && operator === '=' && left.type === 'MemberExpression';
  return isExport && !left.computed && left.object.name === 'exports' ? left.property.name : undefined;
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
