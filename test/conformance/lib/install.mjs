// Installs the suite on first use, and again when its lock file changes: nobody types a set-up step.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The suite needs Node 22; on an older one the lock file's optional packages bring a Node 22 for its process. */
export const ownRuntime = Number(process.versions.node.split('.')[0]) >= 22;

export function ensureInstalled() {
  const stamp = path.join(FOLDER, 'node_modules', '.installed');
  const lock = fs.readFileSync(path.join(FOLDER, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  const [wanted, more] = [`${digest} ${ownRuntime ? 'suite only' : 'suite and runtime'}`, `${digest} suite and runtime`];
  if (fs.existsSync(stamp) && [wanted, more].includes(fs.readFileSync(stamp, 'utf8'))) return;

  console.error('conformance: installing the suite (once)');
  const args = ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund', '--loglevel=error'];
  if (ownRuntime) args.push('--omit=optional');
  const npm = spawnSync('npm', args, { cwd: FOLDER, encoding: 'utf8', shell: process.platform === 'win32' });
  if (npm.status !== 0) {
    throw new Error(`npm ci failed in ${FOLDER}\n${npm.error ?? ''}${npm.stdout ?? ''}${npm.stderr ?? ''}`);
  }
  fs.writeFileSync(stamp, wanted);
}
