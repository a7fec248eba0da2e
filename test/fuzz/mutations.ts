// Changes a text as a faulty or hostile peer would: bytes flipped, cut out, repeated, taken from another text, or
// replaced by what parsers often get wrong.
import type { Random } from '../unit/core/random.ts';

/** Bytes that have a meaning in some format here, or none in any. */
const PIECES = [
  ...['\0', '\n', '\r', '\r\n', '\n\n', '"', '\\', '\\u', '\\ud800', '{', '}', '[', ']', ',', ':', '=', ';', ' ', '\t'],
  ...['__proto__', 'constructor', 'null', '-0', '1e999', '18446744073709551616', 'true', '"id":', '"id":1,"id":2'],
  ...[
    'data:',
    'event:',
    'id:',
    'retry:',
    ': ',
    'Bearer ',
    'realm="',
    '${NAME}',
    '%00',
    '%',
    '../',
    'é',
    '世',
    '\u2028',
  ],
].map((text) => Buffer.from(text));
const RAW = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf], [0x80]].map((bytes) => Buffer.from(bytes));

/** The text with one to eight changes. */
export function mutated(corpus: readonly Buffer[], random: Random): Buffer {
  let bytes = random.pick(corpus);
  for (let n = 1 + random.int(8); n > 0; n--) bytes = changed(bytes, corpus, random);
  return bytes;
}

function changed(bytes: Buffer, corpus: readonly Buffer[], random: Random): Buffer {
  const at = random.int(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.int(16));
  const around = (middle: Buffer, from = at, to = at): Buffer =>
    Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);
  switch (random.int(7)) {
    case 0:
      return around(Buffer.from([random.int(256)]), at, Math.min(bytes.length, at + 1));
    case 1:
      return around(Buffer.alloc(0), at, end);
    case 2:
      return around(random.pick(PIECES));
    case 3:
      return around(random.pick(RAW));
    case 4:
      return around(bytes.subarray(at, end), at);
    case 5: {
      const other = random.pick(corpus);
      const from = random.int(other.length + 1);
      return around(other.subarray(from, from + random.int(64)), at, end);
    }
    default: {
      const piece = bytes.subarray(at, end);
      const times = random.chance(0.05) ? 2_000 : random.int(40);
      return around(Buffer.concat(Array.from({ length: times }, () => piece)));
    }
  }
}

/** The text cut into chunks at random places. */
export function cut(bytes: Buffer, random: Random): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.int(random.chance(0.5) ? 3 : 40));
    // A copy, as each read of a socket is a buffer of its own.
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}
