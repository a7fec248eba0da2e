/** `--ca`, `--cert` and `--key`: files that are looked at before anything starts, and used when a connection needs them. */
import { DEFAULTS, type TlsConfig } from '../config.ts';
import { calledFile, type ReadFile, readGivenFile } from './given-files.ts';
import { usageError } from './mistakes.ts';
import type { Flags } from './tokens.ts';

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
const KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
/** PKCS #8 says it in the label, older formats in a header (RFC 1421, section 4.6.1.1). */
const LOCKED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m;

/** Throws a usage error when a file cannot be read or holds something else. */
export function readTls(flags: Flags, readFile: ReadFile): TlsConfig {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((flag) => flags.text(flag));
  if (ca === undefined && cert === undefined && key === undefined) return DEFAULTS.tls;
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    throw usageError(
      `--${given} is given without --${missing}`,
      'a client certificate needs both: --cert FILE --key FILE',
    );
  }
  for (const [flag, file] of [
    ['ca', ca],
    ['cert', cert],
  ] as const) {
    if (file !== undefined && !CERTIFICATE.test(readGivenFile(file, flag, readFile))) {
      throw noPem(flag, file, 'certificate', 'BEGIN CERTIFICATE');
    }
  }
  if (key !== undefined) checkKey(key, readFile);
  return { ca, cert, key };
}

function checkKey(file: string, readFile: ReadFile): void {
  const text = readGivenFile(file, 'key', readFile);
  if (!KEY.test(text)) throw noPem('key', file, 'private key', 'BEGIN PRIVATE KEY');
  if (LOCKED_KEY.test(text)) {
    throw usageError(
      `--key: ${calledFile(file)} is locked by a passphrase`,
      'write it without one: openssl pkey -in locked.pem -out key.pem, in a folder that only this user can read',
    );
  }
}

function noPem(flag: string, file: string, what: string, label: string): Error {
  return usageError(
    `--${flag}: ${calledFile(file)} holds no PEM ${what}`,
    `a PEM file is text with a line -----${label}-----; openssl converts other formats`,
  );
}
