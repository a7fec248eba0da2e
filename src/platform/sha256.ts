/**
 * SHA-256 (FIPS 180-4, section 6.2), for the names of files and nothing else. A start needs such a name before its first
 * request leaves; to load `node:crypto` for it would cost every start two milliseconds, and every process a megabyte.
 */

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2). */
const ROUNDS = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];

/** The same of the square roots of the first eight primes (section 5.3.3). */
const INITIAL = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/** Bytes of a block. */
const BLOCK = 64;
/** Bytes of the length at the end of the last block. */
const LENGTH = 8;

/** The digest of a text in UTF-8, as hexadecimal digits. */
export function sha256(text: string): string {
  const bytes = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil((bytes.length + 1 + LENGTH) / BLOCK) * BLOCK);
  bytes.copy(padded);
  padded[bytes.length] = 0x80;
  padded.writeUIntBE(bytes.length * 8, padded.length - 6, 6);
  const state = Uint32Array.from(INITIAL);
  for (let at = 0; at < padded.length; at += BLOCK) compress(state, padded, at);
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** Takes one block into the state. */
function compress(state: Uint32Array, bytes: Buffer, at: number): void {
  const schedule = new Uint32Array(ROUNDS.length);
  const word = (i: number): number => schedule[i] as number;
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < ROUNDS.length; i++) {
    schedule[i] =
      i < 16
        ? bytes.readUInt32BE(at + 4 * i)
        : word(i - 16) + spread(word(i - 15), 7, 18, 3) + word(i - 7) + spread(word(i - 2), 17, 19, 10);
    const first = h + mixed(e, 6, 11, 25) + ((e & f) ^ (~e & g)) + (ROUNDS[i] as number) + word(i);
    const second = mixed(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  // The array keeps the low 32 bits of each sum.
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] as number) + value;
}

function rotated(x: number, by: number): number {
  return (x >>> by) | (x << (32 - by));
}

/** Σ of section 4.1.2. */
function mixed(x: number, first: number, second: number, third: number): number {
  return rotated(x, first) ^ rotated(x, second) ^ rotated(x, third);
}

/** σ of section 4.1.2, whose last part is shifted. */
function spread(x: number, first: number, second: number, shift: number): number {
  return rotated(x, first) ^ rotated(x, second) ^ (x >>> shift);
}
