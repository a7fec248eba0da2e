// Bundles the program into one file, with the files that it loads on demand beside it. They import what they share with
// the program from the program's own file, which is loaded anyway: every start would pay for a file between them.
import { readFileSync } from 'node:fs';
import { builtinModules, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
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
    resolve: { alias: { debug: path.join(root, 'src', 'http', 'silent-debug.ts') } },
    transform: { target, define: { __VERSION__: JSON.stringify(version) } },
  };
}

/**
 * Bundles the modules into `<name>.js`, which exports all their exports, and puts the code that they load on demand
 * into `chunks/`. Resolves with the files, with the names that each module exports, and with the paths of all modules.
 * @param {{ name: string, modules: string[], options: import('rolldown').InputOptions & { cwd: string }, format?: 'esm' | 'cjs' }} what
 */
export async function bundle({ name, modules, options, format = 'esm' }) {
  const entry = path.join(options.cwd, `${name}.ts`);
  /** @type {Map<string, string[]>} */
  const exported = new Map();
  const { output } = await build({
    ...options,
    write: false,
    input: { [name]: entry },
    platform: 'node',
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
      esmExternalRequirePlugin({ external: [/^node:/, ...builtinModules] }),
      format === 'esm' ? builtins() : undefined,
    ],
    output: {
      format,
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
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
    files.push({ name: chunk.fileName, text: wrap(chunk.code) });
    sources.push(...chunk.moduleIds);
  }
  return { files, exported, sources };
}

/**
 * Reads Node's own modules without importing them. An import makes Node build a view of the module with every one of
 * its exports, which costs a tenth of the program's startup time.
 * @returns {import('rolldown').Plugin}
 */
function builtins() {
  return {
    name: 'builtins',
    renderChunk(code) {
      let text = code;
      for (const node of this.parse(code).body.toReversed()) {
        if (node.type !== 'ImportDeclaration' || !isBuiltin(node.source.value)) continue;
        text = `${text.slice(0, node.start)}${taken(node)}${text.slice(node.end)}`;
      }
      return text;
    },
  };
}

/** @param {import('rolldown/utils').ESTree.ImportDeclaration} statement */
function taken({ specifiers, source }) {
  const module = `process.getBuiltinModule(${JSON.stringify(source.value)})`;
  const whole = [];
  const named = [];
  for (const { imported, local } of specifiers) {
    if (imported === undefined || imported.name === 'default') whole.push(`var ${local.name} = ${module};`);
    else named.push(`${imported.name}: ${local.name}`);
  }
  return [...whole, named.length > 0 ? `var { ${named.join(', ')} } = ${module};` : ''].join(' ');
}
