import { describe, expect, it } from 'vitest';
import { Gatherer } from '../../../src/wire/message-buffer.ts';
import { type Random, seeded } from '../core/random.ts';

/** From this size on, pieces go into one block. */
const BLOCK = 524_288;

/** Bytes by which every place can be recognised. */
function bytes(random: Random, length: number): Buffer {
  const text = Buffer.allocUnsafe(length);
  let state = random.int(2 ** 31) | 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    text[i] = state >>> 16;
  }
  return text;
}

function pieces(random: Random, text: Buffer, largest: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    // Empty pieces too.
    const end = at + (random.chance(0.1) ? 0 : random.int(largest) + 1);
    found.push(text.subarray(at, end));
    at = end;
  }
  return found;
}

function gathered(gatherer: Gatherer, parts: readonly Buffer[]): Buffer {
  let size = 0;
  for (const part of parts) {
    gatherer.add(part);
    size += part.length;
    if (gatherer.size !== size) throw new Error(`holds ${gatherer.size} of ${size} bytes`);
  }
  return gatherer.take();
}

const SIZES = [0, 1, 100, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17];

describe('what was gathered is what came, byte for byte', () => {
  it.each(SIZES)('%i bytes, in pieces of every size', (length) => {
    const random = seeded(length + 1);
    const text = bytes(random, length);
    for (const largest of [1_000, 65_536, 2 * BLOCK]) {
      const parts = pieces(random, text, largest);
      expect(gathered(new Gatherer(), parts).equals(text)).toBe(true);
      for (const expected of [0, 1, length >> 1, length - 1, length, length + 1, 2 * length, 4 * BLOCK]) {
        const taken = gathered(new Gatherer({ expected: Math.max(0, expected) }), parts);
        if (!taken.equals(text)) throw new Error(`of ${length} bytes, expecting ${expected}: got ${taken.length}`);
      }
    }
  });

  it('one byte at a time, across the size from which on there is a block', () => {
    const text = bytes(seeded(7), 2_000);
    const head = bytes(seeded(8), BLOCK - 1_000);
    const one = Array.from(text, (_, i) => text.subarray(i, i + 1));
    expect(gathered(new Gatherer(), [head, ...one]).equals(Buffer.concat([head, text]))).toBe(true);
  });

  it('again and again, with small and large texts in turn', () => {
    const gatherer = new Gatherer();
    const taken: Buffer[] = [];
    const given: Buffer[] = [];
    for (let seed = 1; seed <= 30; seed++) {
      const random = seeded(seed);
      const text = bytes(random, random.chance(0.3) ? BLOCK + random.int(BLOCK) : random.int(5_000));
      given.push(text);
      taken.push(gathered(gatherer, pieces(random, text, 100_000)));
      expect(gatherer.size).toBe(0);
    }
    // All of them are compared at the end: later pieces must not overwrite what was taken before.
    for (const [i, text] of given.entries()) expect(taken[i]?.equals(text), `text ${i}`).toBe(true);
  });
});

describe('memory', () => {
  it('of one small piece is that of the piece', () => {
    const piece = Buffer.from('as it came');
    expect(gathered(new Gatherer(), [piece])).toBe(piece);
  });

  it('of a text whose size was told is exactly that size', () => {
    const text = bytes(seeded(1), 2 * BLOCK);
    const taken = gathered(new Gatherer({ expected: text.length }), pieces(seeded(2), text, 65_536));
    expect(taken.buffer.byteLength).toBe(text.length);
  });

  it('of a text whose size was not told is no more than about twice its size', () => {
    const text = bytes(seeded(1), 5 * BLOCK + 1);
    const taken = gathered(new Gatherer(), pieces(seeded(2), text, 65_536));
    expect(taken.buffer.byteLength).toBeLessThanOrEqual(2 * text.length + 65_536);
  });

  it('does not belong to the sender of the pieces, once they went into a block', () => {
    const piece = bytes(seeded(1), BLOCK);
    const before = Buffer.from(piece);
    const gatherer = new Gatherer();
    gatherer.add(piece);
    piece.fill(0);
    expect(gatherer.take().equals(before)).toBe(true);
  });
});

it('nothing at all is an empty text', () => {
  const gatherer = new Gatherer({ expected: BLOCK });
  expect(gatherer.take()).toHaveLength(0);
  gatherer.add(Buffer.alloc(0));
  expect([gatherer.size, gatherer.take().length]).toEqual([0, 0]);
});
