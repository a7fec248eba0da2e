// JSON Web Tokens of the stand-ins, signed as the real ones are.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

const KEY_ID = 'stand-in';
let made: KeyObject | undefined;

/** One key for all of a test process, made when the first token is: that takes a while. */
function key(): KeyObject {
  made ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return made;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function jwt(claims: Record<string, unknown>): string {
  const text = `${encode({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key()).toString('base64url')}`;
}

/** What only its issuer can read: five parts, of which the second is empty. */
export function encrypted(): string {
  const part = (bytes: number): string => randomBytes(bytes).toString('base64url');
  return `${encode({ alg: 'dir', enc: 'A256GCM' })}..${part(12)}.${part(96)}.${part(16)}`;
}

export function claims(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  return JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
}

export function keys(): { keys: object[] } {
  const { kty, n, e } = createPublicKey(key()).export({ format: 'jwk' });
  return { keys: [{ kty, n, e, kid: KEY_ID, use: 'sig', alg: 'RS256' }] };
}
