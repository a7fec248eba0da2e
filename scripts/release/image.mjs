// The files of the container image, laid out by the same steps in a folder: for tests where no engine is.
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../run.mjs';

const DOCKERFILE = path.join(root, 'examples', 'docker', 'Dockerfile');

/**
 * @param {string} folder stands for the root of the image
 * @returns {{ command: [string, ...string[]], cache: string }} what the image starts, and the cache folder, both in that folder
 */
export function layOutImage(folder) {
  const text = readFileSync(DOCKERFILE, 'utf8');
  const copies = [...text.matchAll(/^COPY --from=build \/src\/(\S+) (\S+)$/gm)];
  for (const [, from = '', to = ''] of copies) {
    mkdirSync(path.dirname(path.join(folder, to)), { recursive: true });
    cpSync(path.join(root, from), path.join(folder, to), { recursive: true });
  }
  const cache = /^ENV XDG_CACHE_HOME=(\S+)$/m.exec(text)?.[1];
  const start = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(text)?.[1] ?? '[]');
  const script = start.pop();
  if (copies.length === 0 || cache === undefined || script === undefined) {
    throw new Error(`${path.relative(root, DOCKERFILE)} does not say what is in the image`);
  }
  mkdirSync(path.join(folder, cache), { recursive: true });
  // The init process is for processes that lose their parent.
  const [node, ...options] = start.slice(start.indexOf('--') + 1);
  if (node !== 'node') throw new Error(`${path.relative(root, DOCKERFILE)} does not start Node`);
  /** @type {[string, ...string[]]} */
  const command = [process.execPath, ...options, path.join(folder, script)];
  return { command, cache: path.join(folder, cache) };
}
