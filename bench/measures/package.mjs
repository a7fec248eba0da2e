// What a user downloads: the size of the published package, and what it pulls in.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OURS } from '../contestants.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every file that a start without a sign-in reads. */
const STARTED = ['bin/mcp-proxy.js', 'bin/package.json', 'dist/compile-cache.cjs', 'dist/mcp-proxy.cjs'];

function measured() {
  const windows = process.platform === 'win32';
  const options = { cwd: root, encoding: 'utf8', shell: windows, stdio: ['ignore', 'pipe', 'pipe'] };
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [{ unpackedSize }] = JSON.parse(execFileSync(windows ? 'npm.cmd' : 'npm', args, options));
  const { dependencies = {} } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const loaded = STARTED.reduce((sum, name) => sum + statSync(`${root}${name}`).size, 0);
  return { unpacked: unpackedSize / 1000, loaded: loaded / 1000, dependencies: Object.keys(dependencies).length };
}

export const published = {
  name: 'package',
  once: true,
  metrics: [
    { id: 'unpacked', title: 'published package, unpacked', unit: 'KB', digits: 0 },
    { id: 'loaded', title: 'files that a start loads', unit: 'KB', digits: 0 },
    { id: 'dependencies', title: 'dependencies of the package', unit: '', digits: 0 },
  ],
  async run({ contestants }) {
    const ours = contestants.find(({ name }) => name === OURS);
    if (ours === undefined) return new Map();
    return new Map([[OURS, ours.absent ? new Error(ours.absent) : measured()]]);
  },
};
