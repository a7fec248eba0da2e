// Builds dist/: the program as one file with the files it loads on demand beside it, the public API as a view of that
// file, the API's type declarations, and the licences of what was bundled.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, bundleOptions } from './bundle.mjs';
import { componentsOf } from './components.mjs';
import { compressed } from './compressed.mjs';
import { neededDeclarations } from './declarations.mjs';
import { NOTICES, noticesOf } from './notices.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

// Takes the place of dist/ when it is whole: a program that runs from there still finds what it loads on demand.
const dist = path.join(root, 'dist.new');
const remove = (/** @type {string} */ folder) => rmSync(path.join(root, folder), { recursive: true, force: true });
remove('dist.new');
const options = bundleOptions('node20.19');
const { files, exported, sources } = await bundle({
  name: 'mcp-proxy',
  modules: ['src/cli/main.ts', 'src/index.ts'],
  options,
});
// A separate file, because it must run before the program is loaded.
const early = await bundle({ name: 'compile-cache', modules: ['src/cli/compile-cache.ts'], options });
const api = `import program from './mcp-proxy.cjs';\nexport const { ${exported.get('src/index.ts').sort().join(', ')} } = program;\n`;
const notices = noticesOf(componentsOf([...sources, ...early.sources]));
const others = [
  { name: 'index.js', text: api },
  { name: NOTICES, text: notices },
];
for (const { name, text } of [...compressed(files), ...early.files, ...others]) {
  const file = path.join(dist, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const tsc = createRequire(import.meta.url).resolve('typescript/package.json');
const types = path.join(dist, 'types');
execFileSync(
  process.execPath,
  [path.join(path.dirname(tsc), 'bin', 'tsc'), '-p', 'tsconfig.build.json', '--outDir', types],
  { cwd: root, stdio: 'inherit' },
);

/** Declarations that keep their comments. */
const TOLD = new Set([
  'config.d.ts',
  'index.d.ts',
  ...['environment', 'options'].map((name) => path.join('app', `${name}.d.ts`)),
]);

const needed = neededDeclarations(path.join(types, 'index.d.ts'));
rmSync(types, { recursive: true });
for (const [file, text] of needed) {
  mkdirSync(path.dirname(file), { recursive: true });
  // Authors of a configuration need its comments. The package must stay small, so other comments are only in the
  // source.
  const isTold = TOLD.has(path.relative(types, file));
  const told = isTold ? text : text.replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, '');
  writeFileSync(
    file,
    told.replace(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4)),
  );
}

remove('dist.old');
try {
  renameSync(path.join(root, 'dist'), path.join(root, 'dist.old'));
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
}
renameSync(dist, path.join(root, 'dist'));
remove('dist.old');
