// Archives with the same bytes for the same contents: no times, no owners, files in a fixed order.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import * as tar from 'tar';

/**
 * @typedef {object} Entry
 * @property {string} name its path in the archive, with slashes
 * @property {Buffer} content
 * @property {boolean} [isExecutable]
 */

// Zip has no earlier time.
const TIME = new Date('1980-01-01T00:00:00');

/** @param {readonly Entry[]} entries */
export function tarball(entries) {
  const blocks = [];
  const folders = new Set(entries.flatMap(({ name }) => foldersOf(name)));
  for (const folder of [...folders].sort())
    blocks.push(header({ path: `${folder}/`, type: 'Directory', mode: 0o755, size: 0 }));
  for (const { name, content, isExecutable } of entries) {
    const mode = isExecutable ? 0o755 : 0o644;
    blocks.push(header({ path: name, type: 'File', mode, size: content.length }), content);
    blocks.push(Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  blocks.push(Buffer.alloc(1_024));
  return gzipSync(Buffer.concat(blocks), { level: 9 });
}

/** @param {readonly Entry[]} entries */
export function zip(entries) {
  /** @type {import('fflate').Zippable} */
  const files = {};
  // Made on Unix, so that unpacking there keeps the permission to execute.
  for (const { name, content, isExecutable } of entries) {
    files[name] = [content, { os: 3, attrs: (isExecutable ? 0o100755 : 0o100644) << 16, mtime: TIME }];
  }
  return Buffer.from(zipSync(files, { level: 9 }));
}

/** @param {string} name @returns {string[]} */
function foldersOf(name) {
  const folder = path.posix.dirname(name);
  return folder === '.' ? [] : [...foldersOf(folder), folder];
}

/** @param {{ path: string, type: 'File' | 'Directory', mode: number, size: number }} entry */
function header(entry) {
  const made = new tar.Header({ ...entry, uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(0) });
  const block = Buffer.alloc(512);
  if (made.encode(block, 0)) throw new Error(`the path is too long for an archive: ${entry.path}`);
  return block;
}

/** @param {string} file @param {string} name @param {boolean} [isExecutable] @returns {Entry} */
export const entryOf = (file, name, isExecutable = false) => ({ name, content: readFileSync(file), isExecutable });
