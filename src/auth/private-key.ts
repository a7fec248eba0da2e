/** The private key of a client that authenticates with signed assertions (RFC 7523, section 2.2). */
import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type * as oauth from 'oauth4webapi';
import { ProxyError } from '../errors.ts';

const HINT =
  'put the key into the client info: "private_key" (PEM) or "private_key_file", and "token_endpoint_auth_signing_alg" if it is not the usual one of the key';

const HASHES: Readonly<Record<string, string>> = { 256: 'SHA-256', 384: 'SHA-384', 512: 'SHA-512' };

/** Reads the key that a client info names. Rejects with a ProxyError that never shows the key. */
export async function privateKeyOf(info: Readonly<Record<string, unknown>>): Promise<oauth.PrivateKey> {
  let key: KeyObject;
  try {
    const inline = info.private_key;
    const file = info.private_key_file;
    if (typeof inline !== 'string' && typeof file !== 'string') throw new Error('there is none');
    key = createPrivateKey(typeof inline === 'string' ? inline : await readFile(file as string, 'utf8'));
  } catch {
    throw new ProxyError('usage', 'the private key of --static-oauth-client-info cannot be read', { hint: HINT });
  }
  const stated = info.token_endpoint_auth_signing_alg;
  const algorithm = parametersOf(typeof stated === 'string' ? stated : usualAlgorithm(key), key);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const imported = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  return { key: imported as oauth.CryptoKey, ...(typeof info.kid === 'string' && { kid: info.kid }) };
}

function usualAlgorithm(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return curve === 'secp384r1' ? 'ES384' : curve === 'secp521r1' ? 'ES512' : 'ES256';
}

function parametersOf(
  algorithm: string,
  key: KeyObject,
): webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams | string {
  const [, family = '', size = ''] = /^(RS|PS|ES)(256|384|512)$/.exec(algorithm) ?? [];
  const hash = HASHES[size] ?? '';
  if (family === 'RS' && key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash };
  if (family === 'PS' && key.asymmetricKeyType === 'rsa') return { name: 'RSA-PSS', hash };
  if (family === 'ES' && key.asymmetricKeyType === 'ec')
    return { name: 'ECDSA', namedCurve: size === '512' ? 'P-521' : `P-${size}` };
  if (/^(EdDSA|Ed25519)$/.test(algorithm) && key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  throw new ProxyError('usage', `the private key cannot sign with ${JSON.stringify(algorithm)}`, { hint: HINT });
}
