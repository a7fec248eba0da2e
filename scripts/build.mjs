// Builds dist/: the program as one file with the files it loads on demand beside it, the public API as a view of that
// file, and the API's type declarations.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, bundleOptions } from './bundle.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

// Takes the place of dist/ when it is whole: a program that runs from there still finds what it loads on demand.
const dist = path.join(root, 'dist.new');
const remove = (/** @type {string} */ folder) => rmSync(path.join(root, folder), { recursive: true, force: true });
remove('dist.new');
const options = bundleOptions('node20.19');
const { files, exported } = await bundle({
  name: 'mcp-proxy',
  modules: ['src/cli/main.ts', 'src/index.ts'],
  options,
});
// A separate file, because it must run before the program is loaded.
const early = await bundle({ name: 'compile-cache', modules: ['src/cli/compile-cache.ts'], options });
const api = `import program from './mcp-proxy.cjs';\nexport const { ${exported.get('src/index.ts').sort().join(', ')} } = program;\n`;
for (const { name, text } of [...files, ...early.files, { name: 'index.js', text: api }]) {
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

// Keep only the declarations that the API leads to.
const wanted = new Set();
const follow = (file) => {
  if (wanted.has(file)) return;
  wanted.add(file);
  for (const [, next] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()["'](\.[^"']+)\.ts["']/g)) {
    follow(path.join(path.dirname(file), `${next}.d.ts`));
  }
};
follow(path.join(types, 'index.d.ts'));
for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
  const file = path.join(types, name);
  if (!name.endsWith('.d.ts')) continue;
  if (!wanted.has(file)) rmSync(file);
  // Authors of a configuration need its comments. The package must stay small, so other comments are only in the
  // source.
  else if (!TOLD.has(name)) writeFileSync(file, readFileSync(file, 'utf8').replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, ''));
}

remove('dist.old');
try {
  renameSync(path.join(root, 'dist'), path.join(root, 'dist.old'));
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
}
renameSync(dist, path.join(root, 'dist'));
remove('dist.old');
