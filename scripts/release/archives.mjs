// The archive of one system: the executable, and what comes with it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { componentsOf, nodeComponent } from '../components.mjs';
import { NOTICES, noticesOf } from '../notices.mjs';
import { root } from '../run.mjs';
import { entryOf, tarball, zip } from './archive.mjs';
import { debName, debPackage } from './deb.mjs';
import { buildExecutable } from './executable.mjs';
import { packageVersion } from './facts.mjs';
import { formatOf } from './format.mjs';
import { nodePackage } from './node-package.mjs';
import { sharedFiles } from './shared-files.mjs';
import { builderOf } from './targets.mjs';

/** @param {import('./targets.mjs').Target} target */
const folderName = (target) => `mcp-proxy-${packageVersion()}-${target.name}`;

/** @param {import('./targets.mjs').Target} target */
export const archiveName = (target) => `${folderName(target)}${target.format === 'pe' ? '.zip' : '.tar.gz'}`;

/**
 * Builds the executable of a system, and writes its archive and, for Linux, its Debian package.
 * @param {import('./targets.mjs').Target} target
 * @param {{ program: import('./program.mjs').Program, out: string }} what
 * @returns {Promise<string>} a remark for the table of the release
 */
export async function writeArchive(target, { program, out }) {
  const work = mkdtempSync(path.join(tmpdir(), 'mcp-proxy-release-'));
  try {
    const name = target.format === 'pe' ? 'mcp-proxy.exe' : 'mcp-proxy';
    const file = path.join(work, name);
    const built = await buildExecutable(target, { program, file });
    const { format, arch } = formatOf(file);
    if (format !== target.format || arch !== target.arch) {
      throw new Error(`the executable for ${target.name} is ${format} for ${arch}`);
    }
    const shared = await sharedFiles();
    const executable = entryOf(file, name, true);
    const notices = Buffer.from(await noticesIn(target, program.sources));
    const top = (/** @type {import('./archive.mjs').Entry} */ entry) => ({
      ...entry,
      name: `${folderName(target)}/${entry.name}`,
    });
    const texts = ['LICENSE', 'README.md', 'CHANGELOG.md'].map((text) => entryOf(path.join(root, text), text));
    const entries = [executable, ...texts, { name: NOTICES, content: notices }, ...shared].map(top);
    writeFileSync(path.join(out, archiveName(target)), target.format === 'pe' ? zip(entries) : tarball(entries));
    if (target.format === 'elf') {
      const files = [
        { ...executable, name: 'usr/bin/mcp-proxy' },
        { name: 'usr/share/doc/mcp-proxy/copyright', content: notices },
        ...shared.map((entry) => ({ ...entry, name: inDebian(entry.name) })),
      ];
      writeFileSync(path.join(out, debName(target.arch)), debPackage(target.arch, files));
    }
    return remarkOn(target, { ...built, size: executable.content.length });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Where the zsh of Debian looks for completions is another folder.
 * @param {string} name
 */
const inDebian = (name) => `usr/${name}`.replace('/zsh/site-functions/', '/zsh/vendor-completions/');

/**
 * The licences of what an executable contains.
 * @param {import('./targets.mjs').Target} target @param {readonly string[]} sources the modules of the program
 */
export async function noticesIn(target, sources) {
  const folders = await Promise.all([target.node, builderOf(target)].map(nodePackage));
  return noticesOf([...componentsOf(sources), nodeComponent(target.node.version, folders)]);
}

/** @param {import('./targets.mjs').Target} target @param {import('./executable.mjs').Built & { size: number }} built */
function remarkOn({ format, node }, { hasCodeCache, isStripped, signedBy, size }) {
  const signature = signedBy === 'none' ? 'not signed: does not start on arm64' : `signed ad hoc (${signedBy})`;
  return [
    `Node ${node.version}`,
    `${Math.round(size / 1e6)} MB unpacked`,
    hasCodeCache ? 'code cache' : 'no code cache: built on another system',
    ...(isStripped ? ['stripped'] : []),
    ...(format === 'mach-o' ? [signature] : []),
  ].join(', ');
}
