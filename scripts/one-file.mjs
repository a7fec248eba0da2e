// Runs programs written in TypeScript, which not every Node can load.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';
import { root } from './run.mjs';

/**
 * Bundles a program of this repository into one file, without the packages that it imports, and runs it in this
 * process.
 * @param {string} program its path from the root
 * @param {string} name the name of the file
 */
export async function runAsOneFile(program, name) {
  const file = path.join(root, 'node_modules', '.mcp-proxy', `${name}.mjs`);
  await build({
    cwd: root,
    input: path.join(root, program),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !path.isAbsolute(id),
    output: { file, format: 'esm', codeSplitting: false },
    logLevel: 'silent',
  });
  await import(pathToFileURL(file).href);
}
