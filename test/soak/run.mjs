// `npm run soak [-- --minutes 60 --clients 200 --seed N]`. What it runs is written in TypeScript, which not every Node
// can load: it is put into one file first.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..', '..');
const outfile = path.join(root, 'node_modules', '.mcp-proxy', 'soak.mjs');
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
