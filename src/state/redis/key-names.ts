/** The names of the keys in the store. */
import { createHash } from 'node:crypto';

/**
 * The number is that of the format: proxies with another one share nothing. In braces, because a cluster then keeps all
 * of these keys at one node (Redis Cluster specification, "Hash tags"), and scripts may change several of them.
 */
const PREFIX = 'mcp-proxy:{1}:';

/** Kinds of keys. */
export type KeyKind =
  | 'secret'
  | 'lock'
  | 'fence'
  | 'verdict'
  | 'pins'
  | 'replica'
  | 'replicas'
  | 'session'
  | 'owner'
  | 'events'
  | 'events-size';

export function keyOf(kind: KeyKind, name: string): string {
  return `${PREFIX}${kind}:${name}`;
}

/** A name for what may hold a secret, or characters that a key should not have. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The kind of a key of the proxy. */
export function kindOf(key: string): string {
  return key.slice(PREFIX.length).split(':')[0] ?? '';
}
