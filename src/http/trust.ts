/**
 * Which certificates connections trust, and which one this client presents: `--ca`, `--cert` and
 * `--key`. Loaded only with one of them, because connections without them use Node's defaults.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls, { type SecureContext } from 'node:tls';
import type { TlsConfig } from '../config.ts';
import type { Env } from '../core/ports.ts';
import { ProxyError } from '../errors.ts';

/** The request options that decide this; empty means Node's defaults. */
export interface SecureOptions {
  readonly secureContext?: SecureContext;
}

export interface Trust {
  /** For the server's own origin: with the client certificate. */
  readonly own: SecureOptions;
  /** For every other origin, and for outbound proxies. */
  readonly foreign: SecureOptions;
}

/** Throws a ProxyError `unreachable` when the files are not what their flags say. */
export function readTrust({ ca, cert, key }: TlsConfig, env: Env): Trust {
  const authorities = ca === undefined ? undefined : { ca: [...usualAuthorities(env), ...certificatesIn(ca)] };
  const foreign = authorities ? { secureContext: tls.createSecureContext(authorities) } : {};
  if (cert === undefined || key === undefined) return { own: foreign, foreign };
  const client = { cert: read(cert, '--cert'), key: read(key, '--key') };
  try {
    return { own: { secureContext: tls.createSecureContext({ ...authorities, ...client }) }, foreign };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const mixed = code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' || code === 'ERR_OSSL_X509_KEY_TYPE_MISMATCH';
    const what = mixed ? 'do not belong together' : `cannot be used${code ? ` (${code})` : ''}`;
    const hint = 'the first certificate in --cert must be the one that was issued for the key in --key';
    throw new ProxyError('unreachable', `the client certificate ${cert} and the key ${key} ${what}`, { hint }, error);
  }
}

/** The authorities that Node trusts by default: naming an authority replaces these instead of adding to them. */
function usualAuthorities(env: Env): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  // Node 22.15 and later list all of them; earlier versions leave out those of the environment.
  if (getCACertificates) return getCACertificates('default');
  const extra = env.NODE_EXTRA_CA_CERTS;
  try {
    return extra ? [...tls.rootCertificates, ...blocksOf(readFileSync(extra, 'utf8'))] : tls.rootCertificates;
  } catch {
    // Node continues without them too, after a warning at startup.
    return tls.rootCertificates;
  }
}

const CERTIFICATE = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[\s\S]+?-----END \1-----/g;

function blocksOf(pem: string): string[] {
  return pem.match(CERTIFICATE) ?? [];
}

/** OpenSSL skips what it cannot read, which would look like a server that cannot be trusted. */
function certificatesIn(file: string): string[] {
  const blocks = blocksOf(read(file, '--ca'));
  const broken = blocks.findIndex((block) => !isCertificate(block));
  if (blocks.length > 0 && broken === -1) return blocks;
  const which = blocks.length > 0 ? `certificate ${broken + 1} in it is damaged` : 'there is no certificate in it';
  throw new ProxyError('unreachable', `the file ${file} of --ca cannot be used: ${which}`, {
    hint: 'a PEM file holds the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, unchanged',
  });
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

function read(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const hint = 'give the whole path, and let this user read the file';
    throw new ProxyError('unreachable', `the file ${file} of ${flag} cannot be read (${code})`, { hint }, error);
  }
}
