// Reads from the first bytes of an executable for which kind of system it is.
import { closeSync, openSync, readSync } from 'node:fs';

const ENOUGH = 4_096;

// The numbers of the processors: e_machine of ELF, cputype of Mach-O, Machine of PE.
const ELF = new Map([
  [0x3e, 'x64'],
  [0xb7, 'arm64'],
]);
const MACH_O = new Map([
  [0x0100_0007, 'x64'],
  [0x0100_000c, 'arm64'],
]);
const PE = new Map([
  [0x8664, 'x64'],
  [0xaa64, 'arm64'],
]);

/**
 * @param {string} file
 * @returns {{ format: 'elf' | 'mach-o' | 'pe' | 'unknown', arch: string }}
 */
export function formatOf(file) {
  const bytes = head(file);
  const number = (/** @type {number} */ at) => (at + 4 <= bytes.length ? bytes.readUInt32LE(at) : 0);
  const arch = (/** @type {Map<number, string>} */ known, /** @type {number} */ code) =>
    known.get(code) ?? `unknown (${code})`;
  if (bytes.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'))) {
    return { format: 'elf', arch: arch(ELF, number(18) & 0xffff) };
  }
  if (number(0) === 0xfeed_facf) return { format: 'mach-o', arch: arch(MACH_O, number(4)) };
  if (bytes.subarray(0, 2).toString('latin1') === 'MZ') {
    const header = number(0x3c);
    if (number(header) === 0x4550) return { format: 'pe', arch: arch(PE, number(header + 4) & 0xffff) };
  }
  return { format: 'unknown', arch: 'unknown' };
}

/** @param {string} file */
function head(file) {
  const bytes = Buffer.alloc(ENOUGH);
  const descriptor = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, ENOUGH, 0));
  } finally {
    closeSync(descriptor);
  }
}
