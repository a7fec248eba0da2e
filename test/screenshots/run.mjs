// `npm run screenshots [-- folder]`: every page that browsers are shown, as PNG files. What it runs is written in
// TypeScript, which not every Node can load: it is put into one file first.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const outfile = path.join(here, '..', '..', 'node_modules', '.mcp-proxy', 'screenshots.mjs');
await build({
  entryPoints: [path.join(here, 'main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
});
await import(pathToFileURL(outfile).href);
