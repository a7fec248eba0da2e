// What belongs to the repository around this folder: the program under test, and where a run writes.
import fs from 'node:fs';
import path from 'node:path';
import { FOLDER } from './install.mjs';

const ROOT = path.join(FOLDER, '..', '..');

function built(...words) {
  if (!fs.existsSync(path.join(ROOT, 'dist'))) throw new Error('the proxy is not built: run `npm run build` first');
  return [process.execPath, path.join(ROOT, 'bin', 'mcp-proxy.js'), ...words];
}

/** The proxy for a client on stdio, and for clients over HTTP. */
export const builtProxy = () => built('{URL}', '--allow-http');
export const builtListener = () => built('{URL}', '--listen', '127.0.0.1:0');
/** The same in front of a server that it starts. */
export const builtLocalListener = (command) => built('--listen', '127.0.0.1:0', '--', ...command);

export const DOCS_FILE = path.join(ROOT, 'docs', 'conformance.md');

/** A folder of its own for every run, so that two at a time do not write over each other. */
export function newRunFolder() {
  return path.join(FOLDER, 'runs', `${new Date().toISOString().replaceAll(':', '-')}-${process.pid}`);
}
