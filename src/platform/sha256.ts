/**
 * SHA-256 (FIPS 180-4), for the names of files and nothing else. A start needs such a name before its first request
 * leaves; to load `node:crypto` for it would cost every start two milliseconds, and every process a megabyte.
 */
import { sha256 as digest } from '@noble/hashes/sha2.js';

/** The digest of a text in UTF-8, as hexadecimal digits. */
export function sha256(text: string): string {
  return Buffer.from(digest(Buffer.from(text))).toString('hex');
}
