// The package for Debian and Ubuntu: an archive of `ar` with two archives of `tar` in it (man deb).
import { createHash } from 'node:crypto';
import { tarball } from './archive.mjs';
import { packageVersion, repositoryUrl, SUMMARY } from './facts.mjs';

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/** The libraries of the system that Node loads. */
const DEPENDS = 'libc6 (>= 2.28), libstdc++6, libgcc-s1, libatomic1';

/** @param {'x64' | 'arm64'} arch */
export const debName = (arch) => `mcp-proxy_${packageVersion()}_${ARCHITECTURES[arch]}.deb`;

/**
 * @param {'x64' | 'arm64'} arch
 * @param {readonly import('./archive.mjs').Entry[]} files with the paths that they get, such as `usr/bin/mcp-proxy`
 * @returns {Buffer}
 */
export function debPackage(arch, files) {
  const size = files.reduce((sum, { content }) => sum + Math.ceil(content.length / 1_024), 0);
  const control = `Package: mcp-proxy
Version: ${packageVersion()}
Architecture: ${ARCHITECTURES[arch]}
Maintainer: the mcp-proxy authors <mikluko@users.noreply.github.com>
Installed-Size: ${size}
Depends: ${DEPENDS}
Section: net
Priority: optional
Homepage: ${repositoryUrl()}
Description: ${SUMMARY}
 A host that only speaks stdio uses a remote MCP server as if it ran on this
 machine, sign-in included. With --listen, it serves HTTP clients.
`;
  const sums = files.map(({ name, content }) => `${createHash('md5').update(content).digest('hex')}  ${name}\n`);
  const described = [
    { name: './control', content: Buffer.from(control) },
    { name: './md5sums', content: Buffer.from(sums.join('')) },
  ];
  return ar([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', tarball(described)],
    ['data.tar.gz', tarball(files.map((file) => ({ ...file, name: `./${file.name}` })))],
  ]);
}

/** @param {readonly [name: string, content: Buffer][]} members */
function ar(members) {
  const parts = [Buffer.from('!<arch>\n')];
  for (const [name, content] of members) {
    // Name, time, owner, group, mode, size.
    const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)];
    parts.push(Buffer.from(`${fields.join('')}${String(content.length).padEnd(10)}\`\n`), content);
    // Each member begins at an even offset.
    if (content.length % 2 === 1) parts.push(Buffer.from('\n'));
  }
  return Buffer.concat(parts);
}
