// `npm run foreign [-- --write-docs]`. What it runs is written in TypeScript, which not every Node can load: it is put
// into one file first.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

for (const [command, ...args] of [
  ['python3', '--version'],
  ['go', 'version'],
]) {
  if (spawnSync(command, args).status !== 0) {
    process.stderr.write(`npm run foreign needs ${command} on the PATH\n`);
    process.exit(1);
  }
}

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..', '..');
process.chdir(root);
const outfile = path.join(root, 'node_modules', '.mcp-proxy', 'foreign.mjs');
await build({
  entryPoints: [path.join(here, 'main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
});
process.env.MCP_PROXY_BIN ??= path.join(root, 'bin', 'mcp-proxy.js');
await import(pathToFileURL(outfile).href);
