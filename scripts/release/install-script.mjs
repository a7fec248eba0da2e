// The script that installs the executable of this release, with the digests of its archives.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../run.mjs';
import { packageVersion, repositoryUrl } from './facts.mjs';

/** @param {ReadonlyMap<string, { sha256: string }>} archives by target; those for Windows are left out */
export function installScript(archives) {
  const digests = [...archives].filter(([target]) => !target.startsWith('windows-'));
  const cases = digests.map(([target, { sha256 }]) => `    ${target}) echo ${sha256} ;;`);
  return readFileSync(path.join(root, 'packaging', 'install.sh'), 'utf8')
    .replace('    # @DIGESTS@', cases.join('\n'))
    .replaceAll('@VERSION@', packageVersion())
    .replaceAll('@REPOSITORY@', repositoryUrl());
}
