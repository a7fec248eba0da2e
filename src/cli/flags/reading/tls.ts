/**
 * Certificates and keys on the command line. The files are checked before anything starts, and used when a connection
 * needs them.
 */
import type { ListenConfig, TlsConfig } from '../../../config.ts';
import { usageError } from '../usage-error.ts';
import type { Flags } from '../words.ts';
import { calledFile, type ReadFile, readGivenFile } from './given-files.ts';

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
const KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
/** PKCS #8 marks an encrypted key in the label, older formats in a header (RFC 1421, section 4.6.1.1). */
const LOCKED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m;

/** Throws a usage error when a file cannot be read or holds something else. */
export function readTls(flags: Flags, readFile: ReadFile): TlsConfig {
  const ca = flags.text('ca');
  if (ca !== undefined) checkCertificate('ca', ca, readFile);
  const pair = readPair(flags, readFile, { cert: 'cert', key: 'key', what: 'a client certificate' });
  return { ca, cert: pair?.cert, key: pair?.key };
}

/** The same for the certificate that HTTP mode presents to clients. Undefined: no TLS. */
export function readServerTls(flags: Flags, readFile: ReadFile): ListenConfig['tls'] {
  return readPair(flags, readFile, { cert: 'tls-cert', key: 'tls-key', what: 'https:' });
}

interface Pair {
  /** The names of the flags. */
  readonly cert: string;
  readonly key: string;
  /** The part of the program that needs both of them. */
  readonly what: string;
}

function readPair(flags: Flags, readFile: ReadFile, { cert, key, what }: Pair): ListenConfig['tls'] {
  const [certificate, privateKey] = [flags.text(cert), flags.text(key)];
  if (certificate === undefined && privateKey === undefined) return undefined;
  if (certificate === undefined || privateKey === undefined) {
    const [given, missing] = certificate === undefined ? [key, cert] : [cert, key];
    throw usageError(`--${given} is given without --${missing}`, `${what} needs both: --${cert} FILE --${key} FILE`);
  }
  checkCertificate(cert, certificate, readFile);
  checkKey(key, privateKey, readFile);
  return { cert: certificate, key: privateKey };
}

function checkCertificate(flag: string, file: string, readFile: ReadFile): void {
  const text = readGivenFile(file, flag, readFile);
  if (CERTIFICATE.test(text)) return;
  throw usageError(
    `--${flag}: ${calledFile(file)} contains no PEM certificate`,
    KEY.test(text) ? 'it contains a key; give the file of the certificate' : pemHint('CERTIFICATE', 'x509'),
  );
}

function checkKey(flag: string, file: string, readFile: ReadFile): void {
  const text = readGivenFile(file, flag, readFile);
  if (!KEY.test(text)) {
    throw usageError(
      `--${flag}: ${calledFile(file)} contains no PEM private key`,
      CERTIFICATE.test(text) ? 'it contains a certificate; give the file of the key' : pemHint('PRIVATE KEY', 'pkey'),
    );
  }
  if (LOCKED_KEY.test(text)) {
    throw usageError(
      `--${flag}: ${calledFile(file)} is locked by a passphrase`,
      'write it without one: openssl pkey -in locked.pem -out key.pem, in a folder that only this user can read',
    );
  }
}

/** @param command the openssl command */
function pemHint(label: string, command: string): string {
  return `a PEM file is text with a line -----BEGIN ${label}-----; to convert a DER file: openssl ${command} -inform der -in FILE -out FILE.pem`;
}
