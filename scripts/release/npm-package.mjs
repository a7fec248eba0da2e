// The package as npm publishes it.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { capture, npm } from '../run.mjs';

/**
 * Packs dist/ as it is.
 * @param {string} folder where the archive goes
 * @returns {Promise<string>} the path of the archive
 */
export async function packPackage(folder) {
  mkdirSync(folder, { recursive: true });
  const { code, output } = await capture([
    ...npm(),
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    folder,
  ]);
  if (code !== 0) throw new Error(`npm pack failed:\n${output.trimEnd()}`);
  // A list up to npm 11, and an object by name since.
  const [packed] = Object.values(JSON.parse(output.slice(output.search(/^[[{]/m))));
  return path.join(folder, packed.filename);
}
