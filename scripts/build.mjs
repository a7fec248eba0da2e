// Builds dist/: the program as one bundled file with lazily loaded chunks, the
// public API as another, and the API's type declarations.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

rmSync(path.join(root, 'dist'), { recursive: true, force: true });

/** @type {import('esbuild').BuildOptions} */
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  splitting: true,
  minify: true,
  legalComments: 'none',
  define: { __VERSION__: JSON.stringify(version) },
  alias: { debug: './src/upstream/silent-debug.ts' },
  logLevel: 'warning',
};

// Two builds, not one with two entries: a shared chunk would cost every start a second file.
await build({
  ...shared,
  entryPoints: { 'mcp-proxy': 'src/cli/main.ts' },
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
});
await build({ ...shared, entryPoints: { index: 'src/index.ts' }, outdir: 'dist', chunkNames: 'chunks/[name]-[hash]' });

const tsc = createRequire(import.meta.url).resolve('typescript/package.json');
execFileSync(process.execPath, [path.join(path.dirname(tsc), 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
