import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/core/jsonrpc.ts';
import { LineWriter } from '../../../src/wire/line-writer.ts';
import { LineReader } from '../../../src/wire/lines.ts';
import { seeded } from '../core/random.ts';

const MIB = 1_048_576;

/** A reader that reads when the test says so. */
class Reader extends Writable {
  readonly chunks: Buffer[] = [];
  writes = 0;
  #open: boolean;
  #waiting: (() => void) | undefined;

  constructor(open: boolean) {
    super();
    this.#open = open;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#take(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  /** Reads everything from here on. */
  read(): void {
    this.#open = true;
    this.#waiting?.();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  #take(chunks: Buffer[], done: () => void): void {
    this.#waiting = () => {
      this.#waiting = undefined;
      this.writes++;
      this.chunks.push(...chunks);
      done();
    };
    if (this.#open) this.#waiting();
  }
}

const frame = (...parts: string[]): Frame => parts.map((part) => Buffer.from(part));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const other = new LineReader(
  100,
  () => {},
  () => {},
);
/** Another stream brings a chunk. */
const chunkArrives = (): void => other.push(Buffer.from('\n'));

/** Whether a promise settles with what can happen now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await turn();
  return settled;
}

describe('lines', () => {
  it('leave at once when a chunk brings one, each whole', () => {
    const reader = new Reader(true);
    const writer = new LineWriter(reader);
    chunkArrives();
    writer.write(frame('{"a":', '1', '}'));
    expect(reader.text).toBe('{"a":1}\n');
    chunkArrives();
    writer.write(frame('{"b":"x\\ny",\n"c":2}'));
    expect(reader.text).toBe('{"a":1}\n{"b":"x\\ny", "c":2}\n');
  });

  it('of any size, few or many a chunk, arrive whole and in order', async () => {
    const reader = new Reader(true);
    const writer = new LineWriter(reader);
    const expected: string[] = [];
    const random = seeded(3);
    for (let i = 0; i < 400; i++) {
      // Below, at and above the size from which on parts are not joined any more.
      const size = random.pick([0, 1, 100, 16_383, 16_384, 16_385, 70_000]);
      const parts = [`{"n":${i},"x":"`, 'x'.repeat(size), '"}'];
      expected.push(parts.join(''));
      if (random.chance(0.5)) chunkArrives();
      writer.write(frame(...parts));
      if (random.chance(0.2)) await turn();
    }
    await writer.flushed();
    expect(reader.text).toBe(`${expected.join('\n')}\n`);
  });

  it('of one chunk leave together as long as chunks bring several, after the promises that they settle', async () => {
    const reader = new Reader(true);
    const writer = new LineWriter(reader);
    const later = async (text: string): Promise<void> => {
      await undefined;
      await undefined;
      writer.write(frame(text));
    };
    const brought = (bring: () => void): Promise<[text: string, writes: number]> =>
      new Promise((resolve) => {
        setImmediate(() => {
          chunkArrives();
          bring();
          setImmediate(() => resolve([reader.text, reader.writes]));
        });
      });
    const sync = (): void => {
      for (const text of ['a', '{"x":\n1}', '2']) writer.write(frame(text));
      expect(reader.text).toBe('a\n');
    };
    expect(await brought(sync)).toEqual(['a\n{"x": 1}\n2\n', 2]);
    const promised = (): void => {
      for (const text of ['b', 'c', 'd']) void later(text);
    };
    expect(await brought(promised)).toEqual(['a\n{"x": 1}\n2\nb\nc\nd\n', 3]);
  });

  it('leave at once again after a chunk with a single one', async () => {
    const reader = new Reader(true);
    const writer = new LineWriter(reader);
    chunkArrives();
    for (const line of ['a', 'b']) writer.write(frame(line));
    await turn();
    chunkArrives();
    writer.write(frame('c'));
    expect(reader.text).toBe('a\nb\n');
    await turn();
    expect(reader.text).toBe('a\nb\nc\n');
    chunkArrives();
    writer.write(frame('d'));
    expect(reader.text).toBe('a\nb\nc\nd\n');
  });

  it('that no chunk of lines brings leave at the end of their callbacks', async () => {
    const reader = new Reader(true);
    const writer = new LineWriter(reader);
    for (const line of ['a', 'b', 'c']) {
      writer.write(frame(line));
      await turn();
      expect(reader.text.endsWith(`${line}\n`)).toBe(true);
    }
  });

  it('wait for a slow reader, with what is gathered counted', async () => {
    const reader = new Reader(false);
    const writer = new LineWriter(reader);
    expect(writer.write(frame('x'.repeat(MIB / 2)))).toBeUndefined();
    const full = writer.write(frame('y'.repeat(MIB / 2))) as Promise<void>;
    expect(full).toBeInstanceOf(Promise);
    const flushed = writer.flushed();
    reader.read();
    await Promise.all([full, flushed]);
    expect(reader.text).toBe(`${'x'.repeat(MIB / 2)}\n${'y'.repeat(MIB / 2)}\n`);
  });
});

describe('a slow reader', () => {
  it('is told by promises: none while there is room, one for all when there is not', async () => {
    const reader = new Reader(false);
    const writer = new LineWriter(reader);
    expect([writer.write(frame('small')), writer.room()]).toEqual([undefined, undefined]);
    const full = writer.write(frame('x'.repeat(MIB))) as Promise<void>;
    expect(full).toBeInstanceOf(Promise);
    expect(writer.write(frame('more'))).toBe(full);
    expect(writer.room()).toBe(full);
    expect(await isSettled(full)).toBe(false);
    reader.read();
    await full;
    expect(writer.room()).toBeUndefined();
    await writer.flushed();
    expect(reader.text).toBe(`small\n${'x'.repeat(MIB)}\nmore\n`);
  });

  it('holds up a writer that waits, at about the size that may wait', async () => {
    const reader = new Reader(false);
    const writer = new LineWriter(reader);
    const line = frame('y'.repeat(10_000));
    let written = 0;
    const writing = (async () => {
      for (let i = 0; i < 1_000; i++) {
        const full = writer.write(line);
        written++;
        if (full) await full;
        // As lines come from a socket: some in one turn, some in the next.
        if (i % 3 === 0) await turn();
      }
    })();
    while (writer.room() === undefined) await turn();
    const before = written;
    for (let i = 0; i < 20; i++) await turn();
    expect(written - before).toBeLessThanOrEqual(3);
    expect(reader.writableLength).toBeLessThan(2 * MIB);
    reader.read();
    await writing;
    await writer.flushed();
    expect(reader.text.length).toBe(10_001_000);
  });

  it('that goes away ends every wait', async () => {
    const reader = new Reader(false);
    const writer = new LineWriter(reader);
    const full = writer.write(frame('x'.repeat(MIB))) as Promise<void>;
    const flushed = writer.flushed();
    reader.destroy();
    await Promise.all([full, flushed]);
    expect([writer.write(frame('late')), writer.room()]).toEqual([undefined, undefined]);
    await writer.flushed();
  });

  it('that goes away with an error ends every wait, too', async () => {
    const reader = new Reader(false);
    reader.on('error', () => {});
    const writer = new LineWriter(reader);
    const full = writer.write(frame('x'.repeat(MIB))) as Promise<void>;
    const flushed = writer.flushed();
    reader.destroy(new Error('EPIPE'));
    await Promise.all([full, flushed]);
    await writer.flushed();
  });
});

describe('flushed', () => {
  it('is at once when nothing is written', async () => {
    await new LineWriter(new Reader(false)).flushed();
  });

  it('includes the lines that wait for the end of their callback', async () => {
    const reader = new Reader(true);
    const writer = new LineWriter(reader);
    for (const line of ['a', 'b']) writer.write(frame(line));
    await turn();
    for (const line of ['c', 'd']) writer.write(frame(line));
    await writer.flushed();
    expect(reader.text).toBe('a\nb\nc\nd\n');
  });

  it('waits until the reader has read', async () => {
    const reader = new Reader(false);
    const writer = new LineWriter(reader);
    writer.write(frame('a'));
    const flushed = writer.flushed();
    expect(await isSettled(flushed)).toBe(false);
    reader.read();
    await flushed;
    expect(reader.text).toBe('a\n');
  });
});
