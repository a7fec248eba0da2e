// Takes the signature of node.exe away, as `signtool remove /s` does: with a program in it, Windows would call it broken.
import { readFileSync, writeFileSync } from 'node:fs';

/** The offsets of the PE format (https://learn.microsoft.com/windows/win32/debug/pe-format). */
const OFFSETS = { header: 0x3c, optionalHeader: 24, directories: { 267: 96, 523: 112 }, certificateTable: 4 * 8 };

/**
 * @param {string} file
 * @throws {Error} when it is not a PE file, or its signature is not at its end
 */
export function removeSignature(file) {
  const bytes = readFileSync(file);
  const optional = bytes.readUInt32LE(OFFSETS.header) + OFFSETS.optionalHeader;
  const directories = OFFSETS.directories[/** @type {0x10b | 0x20b} */ (bytes.readUInt16LE(optional))];
  if (directories === undefined) throw new Error(`${file} is not an executable of Windows`);
  const entry = optional + directories + OFFSETS.certificateTable;
  const [start, size] = [bytes.readUInt32LE(entry), bytes.readUInt32LE(entry + 4)];
  if (size === 0) return;
  if (start + size !== bytes.length) throw new Error(`the signature of ${file} is not at its end`);
  bytes.writeBigUInt64LE(0n, entry);
  writeFileSync(file, bytes.subarray(0, start));
}
