// Programs that the tests run against and that do not come from npm.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { capture } from './run.mjs';

// name of the command -> the Debian package that holds it
const PEERS = {
  tinyproxy: 'tinyproxy',
  chromium: 'chromium',
  nginx: 'nginx-light',
  'redis-server': 'redis-server',
  zsh: 'zsh',
  fish: 'fish',
  mandoc: 'mandoc',
};

// Other names of the same programs, where they are already installed.
const ALSO = { chromium: ['google-chrome'] };

/**
 * Installs missing programs where that needs no confirmation: as root, with apt-get.
 * @returns {Promise<string[]>} the programs still missing, as lines for a person
 */
export async function installPeers() {
  const missing = Object.entries(PEERS).filter(([command]) => !isInstalled(command));
  if (missing.length === 0) return [];
  const packages = missing.map(([, name]) => name);
  let reason = '';
  if (process.getuid?.() === 0 && isOnPath('apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages];
    let result = await capture(install, { env });
    if (result.code !== 0) {
      // The usual cause is missing or old package lists.
      await capture(['apt-get', 'update', '-qq'], { env });
      result = await capture(install, { env });
    }
    if (result.code !== 0) reason = `; apt-get install failed:\n${result.output.trimEnd()}`;
  }
  return missing
    .filter(([command]) => !isInstalled(command))
    .map(([command, name]) => `missing for some tests: ${command} (Debian: apt-get install ${name})${reason}`);
}

/** @param {string} command */
function isInstalled(command) {
  return [command, ...(ALSO[command] ?? [])].some(isOnPath);
}

/** @param {string} command */
function isOnPath(command) {
  // Debian keeps servers in sbin, which is not on every user's PATH.
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.some((folder) => existsSync(path.join(folder, command)));
}
