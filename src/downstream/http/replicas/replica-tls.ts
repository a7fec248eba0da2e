/**
 * TLS between replicas, with a key that all of them derive from `--state-key` (RFC 4279, RFC 8442): each side proves that
 * it has the key, and nobody between them can read a request. No certificate is needed.
 */
import type { SecureContextOptions, TlsOptions } from 'node:tls';

/** A key of the replicas, under a name that says nothing of it. */
export interface ReplicaKey {
  readonly id: string;
  readonly key: Buffer;
}

/** With an ephemeral key exchange: a key that leaks later opens nothing that was recorded before. */
const CIPHERS: SecureContextOptions = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES256-CBC-SHA384',
  // Node has callbacks for such keys in this version only.
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
};

/** Accepts each of the keys, so that operators can replace one. */
export function acceptingAny(keys: readonly ReplicaKey[]): TlsOptions {
  return {
    ...CIPHERS,
    pskCallback: (_socket, identity) => keys.find(({ id }) => id === identity)?.key ?? null,
  };
}

/** For connections to another replica. */
export function proving({ id, key }: ReplicaKey) {
  return {
    ...CIPHERS,
    pskCallback: () => ({ psk: key, identity: id }),
    // The key has proved who the other side is.
    checkServerIdentity: () => undefined,
  };
}
