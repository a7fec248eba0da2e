/** The private key of a client that authenticates with signed assertions (RFC 7523, section 2.2). */
import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as oauth from 'oauth4webapi';
import { ProxyError } from '../../errors.ts';

const HINT =
  'put the key into the client info: "private_key" (PEM) or "private_key_file", and "token_endpoint_auth_signing_alg" if it is not the usual one of the key';

const HASHES: Readonly<Record<string, string>> = { 256: 'SHA-256', 384: 'SHA-384', 512: 'SHA-512' };

type Info = Readonly<Record<string, unknown>>;

/** Authenticates with the key that the client info names. Rejects with a ProxyError that never shows the key. */
export async function authenticationByKey(info: Info): Promise<oauth.ClientAuth> {
  const key = await privateKeyOf(info);
  return (server, client, body, headers) =>
    oauth.PrivateKeyJwt(key, {
      [oauth.modifyAssertion]: (header) => {
        if (header.alg === 'Ed25519') header.alg = nameOfEd25519(info, server);
      },
    })(server, client, body, headers);
}

/** The algorithm has a new name (RFC 9864), and many servers know only the old one (RFC 8037). */
function nameOfEd25519({ token_endpoint_auth_signing_alg: stated }: Info, server: oauth.AuthorizationServer): string {
  if (typeof stated === 'string') return stated;
  const known = server.token_endpoint_auth_signing_alg_values_supported;
  return known?.includes('Ed25519') && !known.includes('EdDSA') ? 'Ed25519' : 'EdDSA';
}

async function privateKeyOf(info: Info): Promise<oauth.PrivateKey> {
  let key: KeyObject;
  try {
    const inline = info.private_key;
    const file = info.private_key_file;
    if (typeof inline !== 'string' && typeof file !== 'string') throw new Error('there is none');
    // In environment variables, keys are often a single line.
    const pem = typeof inline === 'string' ? inline.replaceAll('\\n', '\n') : await readFile(file as string, 'utf8');
    key = createPrivateKey(pem);
  } catch {
    throw new ProxyError('usage', 'the private key of --static-oauth-client-info cannot be read', { hint: HINT });
  }
  const stated = info.token_endpoint_auth_signing_alg;
  const algorithm = typeof stated === 'string' ? stated : usualAlgorithm(key);
  const parameters = parametersOf(algorithm, key);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  try {
    if (!parameters) throw new Error('another kind of key');
    const imported = await webcrypto.subtle.importKey('pkcs8', der, parameters, false, ['sign']);
    return { key: imported as oauth.CryptoKey, ...(typeof info.kid === 'string' && { kid: info.kid }) };
  } catch {
    throw new ProxyError('usage', `the private key cannot sign with ${JSON.stringify(algorithm)}`, { hint: HINT });
  }
}

function usualAlgorithm(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return curve === 'secp384r1' ? 'ES384' : curve === 'secp521r1' ? 'ES512' : 'ES256';
}

/** The parameters for importing the key; undefined if the key does not fit the algorithm. */
function parametersOf(
  algorithm: string,
  key: KeyObject,
): webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams | string | undefined {
  const [, family = '', size = ''] = /^(RS|PS|ES)(256|384|512)$/.exec(algorithm) ?? [];
  const hash = HASHES[size] ?? '';
  if (family === 'RS' && key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash };
  if (family === 'PS' && key.asymmetricKeyType === 'rsa') return { name: 'RSA-PSS', hash };
  if (family === 'ES' && key.asymmetricKeyType === 'ec')
    return { name: 'ECDSA', namedCurve: size === '512' ? 'P-521' : `P-${size}` };
  if (/^(EdDSA|Ed25519)$/.test(algorithm) && key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  return undefined;
}
