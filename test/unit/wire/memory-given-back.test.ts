// Where the memory of a large message is given back before the garbage is collected.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LineReader } from '../../../src/wire/lines.ts';
import { Gatherer } from '../../../src/wire/message-buffer.ts';
import { SseParser } from '../../../src/wire/sse.ts';

/** Large enough for a block. */
const SIZE = 600_000;

// Node 20 lacks the method, and a later one must not decide what these tests see.
const own = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'transfer');
let freed: number[] = [];
beforeEach(() => {
  freed = [];
  Object.defineProperty(ArrayBuffer.prototype, 'transfer', {
    configurable: true,
    writable: true,
    value(this: ArrayBuffer) {
      freed.push(this.byteLength);
      structuredClone(this, { transfer: [this] });
    },
  });
});
afterEach(() => {
  if (own) Object.defineProperty(ArrayBuffer.prototype, 'transfer', own);
  else Reflect.deleteProperty(ArrayBuffer.prototype, 'transfer');
});

const piece = (fill: string): Buffer => Buffer.allocUnsafeSlow(SIZE).fill(fill);

it('each block that a larger one has replaced', () => {
  const gatherer = new Gatherer();
  for (const fill of 'abcdefgh') gatherer.add(piece(fill));
  // Of 2, 4 and 8 pieces; the last one holds all.
  expect(freed).toEqual([2 * SIZE, 4 * SIZE]);
  const text = gatherer.take();
  expect(text).toHaveLength(8 * SIZE);
  expect([...'abcdefgh'].map((_, i) => text.toString('latin1', i * SIZE, i * SIZE + 1)).join('')).toBe('abcdefgh');
});

it('owned pieces, also those that had waited for enough others', () => {
  const small = Buffer.allocUnsafeSlow(SIZE / 2).fill('a');
  const given = [small, piece('b'), piece('c')];
  const text = Buffer.concat(given);
  const gatherer = new Gatherer({ owned: true });
  gatherer.add(small);
  expect(small).toHaveLength(SIZE / 2);
  for (const later of given.slice(1)) gatherer.add(later);
  expect(given.map(({ length }) => length)).toEqual([0, 0, 0]);
  expect(gatherer.take().equals(text)).toBe(true);
});

it('no pieces that share their memory with others, and none that others may read', () => {
  const shared = piece('a');
  const owned = new Gatherer({ expected: SIZE, owned: true });
  owned.add(shared.subarray(0, 1_000));
  owned.add(shared.subarray(1_000));
  expect(shared).toHaveLength(SIZE);
  const others = piece('b');
  new Gatherer().add(others);
  expect(others).toHaveLength(SIZE);
});

it('the chunks of a large event, but not those that hold other events', () => {
  const events: string[] = [];
  const parser = new SseParser(10 * SIZE, ({ data }) => void events.push(`${data.length}`));
  const chunks = [Buffer.from(`data: small\n\ndata: ${'a'.repeat(SIZE)}`), piece('b'), Buffer.from('c\n\ndata: d\n\n')];
  for (const chunk of chunks) parser.push(chunk);
  expect(events).toEqual(['5', `${2 * SIZE + 1}`, '1']);
  expect(chunks.map(({ length }) => length > 0)).toEqual([true, false, true]);
});

it('the chunks of a large line, if nobody else reads them', () => {
  for (const owned of [true, false]) {
    const lines: number[] = [];
    const reader = new LineReader(
      10 * SIZE,
      ({ length }) => void lines.push(length),
      () => {},
      { owned },
    );
    const chunks = [piece('a'), piece('b'), Buffer.from('c\nd\n')];
    for (const chunk of chunks) reader.push(chunk);
    expect(lines).toEqual([2 * SIZE + 1, 1]);
    expect(chunks.map(({ length }) => length > 0)).toEqual([!owned, !owned, true]);
  }
});
