// Builds dist/: the program as one file with what it loads on demand beside it, the public API
// as a view of that file, and the API's type declarations.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

rmSync(path.join(root, 'dist'), { recursive: true, force: true });

/** @type {import('esbuild').BuildOptions} */
const shared = {
  platform: 'node',
  target: 'node20.19',
  minify: true,
  // Node shows the line that an error comes from.
  lineLimit: 200,
  legalComments: 'none',
  define: { __VERSION__: JSON.stringify(version) },
  alias: { debug: './src/http/silent-debug.ts' },
  logLevel: 'warning',
};

const { files, exported } = await bundle({
  root,
  entries: ['src/cli/main.ts', 'src/index.ts'],
  name: 'mcp-proxy',
  outdir: 'dist',
  options: shared,
});
// Apart from the program, because it must run before the program is loaded.
const early = await bundle({
  root,
  entries: ['src/cli/compile-cache.ts'],
  name: 'compile-cache',
  outdir: 'dist',
  options: shared,
});
const api = `export { ${exported.get('src/index.ts').join(', ')} } from './mcp-proxy.js';\n`;
for (const { file, text } of [...files, ...early.files, { file: path.join(root, 'dist', 'index.js'), text: api }]) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const tsc = createRequire(import.meta.url).resolve('typescript/package.json');
execFileSync(process.execPath, [path.join(path.dirname(tsc), 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

/** Declarations that keep their comments. */
const TOLD = new Set(['config.d.ts', 'index.d.ts']);

// Of the declarations, only those that the API leads to are of use to anybody.
const types = path.join(root, 'dist', 'types');
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
  // A configuration has to be explained to whoever writes one; the package is to stay small, so the rest is in the source.
  else if (!TOLD.has(name)) writeFileSync(file, readFileSync(file, 'utf8').replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, ''));
}
