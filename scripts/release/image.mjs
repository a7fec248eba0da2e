// The files of the container image, laid out by the same steps in a folder: for tests where no engine is.
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../run.mjs';

const DOCKERFILE = path.join(root, 'examples', 'docker', 'Dockerfile');

/**
 * @param {string} folder stands for the root of the image
 * @returns {{ program: string, cache: string }} the paths, in that folder, of the script and of the cache folder
 */
export function layOutImage(folder) {
  const text = readFileSync(DOCKERFILE, 'utf8');
  const copies = [...text.matchAll(/^COPY --from=build \/src\/(\S+) (\S+)$/gm)];
  for (const [, from = '', to = ''] of copies) {
    mkdirSync(path.dirname(path.join(folder, to)), { recursive: true });
    cpSync(path.join(root, from), path.join(folder, to), { recursive: true });
  }
  const cache = /^ENV XDG_CACHE_HOME=(\S+)$/m.exec(text)?.[1];
  const program = /ln -s (\S+) \/usr\/local\/bin\/mcp-proxy\b/.exec(text)?.[1];
  if (copies.length === 0 || cache === undefined || program === undefined) {
    throw new Error(`${path.relative(root, DOCKERFILE)} does not say what is in the image`);
  }
  mkdirSync(path.join(folder, cache), { recursive: true });
  return { program: path.join(folder, program), cache: path.join(folder, cache) };
}
