/**
 * Seals what leaves this process (AES-256-GCM, NIST SP 800-38D). A sealed text can neither be read nor changed without a
 * key of `--state-key`, nor be put in the place of another one: the place is part of what the seal covers. The first key
 * seals, and every key opens, so that operators can replace a key.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const VERSION = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD = 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES;
const CIPHER = 'aes-256-gcm';

interface Key {
  /** Says which key sealed a text. */
  readonly id: Buffer;
  readonly bytes: Buffer;
}

export interface Seal {
  /** @param place what the text is kept as; only there can it be opened. */
  seal(place: string, text: string | Buffer): Buffer;
  /** Undefined when no key has sealed this for the place. */
  open(place: string, sealed: Buffer): Buffer | undefined;
  /** Whether another key than the first one has sealed this. */
  isOld(sealed: Buffer): boolean;
}

/** @param secrets the texts of the keys, at least one: the first one seals, and each of them opens. */
export function sealWith(secrets: readonly string[]): Seal {
  const keys = secrets.map(
    (secret): Key => ({ id: derived(secret, 'id', KEY_ID_BYTES), bytes: derived(secret, 'seal', 32) }),
  );
  const [first] = keys;
  if (!first) throw new TypeError('a seal needs a key');
  return {
    seal(place, text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, first.bytes, nonce);
      cipher.setAAD(Buffer.from(place));
      const body = Buffer.concat([
        typeof text === 'string' ? cipher.update(text, 'utf8') : cipher.update(text),
        cipher.final(),
      ]);
      return Buffer.concat([Buffer.of(VERSION), first.id, nonce, cipher.getAuthTag(), body]);
    },
    isOld: (sealed) => !idOf(sealed).equals(first.id),
    open(place, sealed) {
      if (sealed.length < HEAD || sealed[0] !== VERSION) return undefined;
      const id = idOf(sealed);
      const [nonce, tag] = [
        sealed.subarray(1 + KEY_ID_BYTES, HEAD - TAG_BYTES),
        sealed.subarray(HEAD - TAG_BYTES, HEAD),
      ];
      const key = keys.find((known) => known.id.equals(id));
      if (!key) return undefined;
      try {
        const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(place));
        decipher.setAuthTag(tag);
        return Buffer.concat([decipher.update(sealed.subarray(HEAD)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

function idOf(sealed: Buffer): Buffer {
  return sealed.subarray(1, 1 + KEY_ID_BYTES);
}

/** Bytes for one purpose (HKDF with SHA-256, RFC 5869), which tell nothing about those for another. */
export function derived(secret: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `mcp-proxy state ${purpose}`, bytes));
}
