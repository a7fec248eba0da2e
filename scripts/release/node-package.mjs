// Fetches the Nodes that the executables contain, each once, into .nodes/pinned/.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as tar from 'tar';
import { capture, npm, root } from '../run.mjs';

const CACHE = path.join(root, '.nodes', 'pinned');

/**
 * The folder of a package of npm that contains Node: `node` or `node.exe` in `bin/`, and `LICENSE`.
 * @param {import('./targets.mjs').NodePackage} wanted
 * @throws {Error} when it cannot be fetched, or is not what it was when its digest was written down
 */
export async function nodePackage({ name, version, integrity }) {
  const folder = path.join(CACHE, `${name}@${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  // Complete or absent: several processes may fetch it at the same time.
  const work = mkdtempSync(path.join(CACHE, 'fetching-'));
  try {
    // `npm install` refuses packages for other systems.
    const flags = ['--pack-destination', work, '--ignore-scripts', '--loglevel=error'];
    const { code, output } = await capture([...npm(), 'pack', `${name}@${version}`, ...flags]);
    if (code !== 0) throw new Error(`fetching ${name}@${version} from npm failed:\n${output.trimEnd()}`);
    const archive = path.join(work, readdirSync(work)[0] ?? '');
    const digest = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (digest !== integrity) throw new Error(`${name}@${version} has the digest ${digest}, not ${integrity}`);
    const unpacked = path.join(work, 'unpacked');
    mkdirSync(unpacked);
    const wanted = /^(bin\/node(\.exe)?|LICENSE|package\.json)$/;
    await tar.extract({
      file: archive,
      cwd: unpacked,
      strip: 1,
      filter: (file) => wanted.test(file.replace(/^[^/]+\//, '')),
    });
    try {
      renameSync(unpacked, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/**
 * The executable in the folder of such a package.
 * @param {string} folder
 */
export function nodeIn(folder) {
  const file = ['node', 'node.exe'].map((name) => path.join(folder, 'bin', name)).find(existsSync);
  if (file === undefined) throw new Error(`${folder} contains no executable`);
  return file;
}
