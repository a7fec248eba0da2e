// Keeps the package small: compresses the files loaded on demand that no stdio client waits for.
import { brotliCompressSync } from 'node:zlib';

/** In bytes; to compress smaller ones is not worth a second file. */
const SMALL = 3_700;

/**
 * What a stdio client, or a user who asks for help, may wait for. It stays as it is, because to unpack it would take a
 * millisecond, and a megabyte for Node's `zlib`.
 */
export const AWAITED = new Set([
  'args',
  'bridge',
  'crossing',
  'described-options',
  'local-server',
  'options',
  'policy-layers',
  'session',
  'start',
  'stdio-servers',
  'transport',
  'value-checks',
  'waiting',
]);

/** A file loaded on demand; its name ends in a hash. */
const ON_DEMAND = /^chunks\/(.+)-[\w-]{8}\.cjs$/;

const UNPACKER = 'unpack.cjs';

/** Runs `<file>.br` as the text of a file; what it exports is what the file exports. Code is ASCII, see bundle.mjs. */
const UNPACK = `'use strict';
const { readFileSync } = require('node:fs');
const { brotliDecompressSync } = require('node:zlib');
module.exports = (module) => {
  const packed = module.filename + '.br';
  module._compile(unpack(packed), packed);
};
function unpack(file) {
  try {
    return brotliDecompressSync(readFileSync(file)).toString('latin1');
  } catch (cause) {
    throw Object.assign(new Error("Cannot load '" + file + "'", { cause }), { code: 'MODULE_NOT_FOUND' });
  }
}
`;

/**
 * The files of the program as the package has them. A compressed one keeps its name: it becomes one line, and has its
 * code beside it.
 * @param {readonly { name: string, text: string }[]} files
 * @returns {{ name: string, text: string | Buffer }[]}
 */
export function compressed(files) {
  return [
    ...files.flatMap(({ name, text }) => {
      const [, title] = ON_DEMAND.exec(name) ?? [];
      if (title === undefined || AWAITED.has(title) || text.length < SMALL) return [{ name, text }];
      return [
        { name, text: `require('../${UNPACKER}')(module);\n` },
        { name: `${name}.br`, text: brotliCompressSync(text) },
      ];
    }),
    { name: UNPACKER, text: UNPACK },
  ];
}
