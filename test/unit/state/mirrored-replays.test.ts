// Which events of a stream are at hand, and which ones another replica has sent.
import { expect, it } from 'vitest';
import type { StreamEvent } from '../../../src/core/ports/replicas.ts';
import { NOT_YET } from '../../../src/core/ports.ts';
import { memoryReplays } from '../../../src/state/memory/replay-buffer.ts';
import { mirroredReplays } from '../../../src/state/mirrored-replays.ts';

const frame = [Buffer.from('{}')];
const numbers = (events: readonly { sequence: number }[]): number[] => events.map(({ sequence }) => sequence);

/** A buffer, and what is in the store. */
function mirrored(copies: StreamEvent[] = []) {
  let reads = 0;
  const events = {
    append: (stream: number, sequence: number) => void copies.push({ stream, sequence, frame }),
    async read() {
      reads++;
      return copies;
    },
  };
  const buffer = mirroredReplays(memoryReplays(), { events: () => events })('session');
  return { buffer, copies, reads: () => reads };
}

it('a session that began here has everything at hand', () => {
  const { buffer, copies, reads } = mirrored();
  buffer.keep(0, 1, frame);
  buffer.keep(0, 2, frame);
  buffer.keep(1, 1, frame);
  expect(numbers(buffer.peek(0, 0) as StreamEvent[])).toEqual([1, 2]);
  expect(numbers(buffer.peek(1, 0) as StreamEvent[])).toEqual([1]);
  expect(copies).toHaveLength(3);
  expect(reads()).toBe(0);
});

it('what another replica has sent is read from the store, each event once and in order', async () => {
  const earlier = [
    { stream: 0, sequence: 7, frame },
    { stream: 0, sequence: 6, frame },
    { stream: 0, sequence: 7, frame },
    { stream: 3, sequence: 1, frame },
  ];
  const { buffer } = mirrored(earlier);
  expect(buffer.peek(0, 5)).toBe(NOT_YET);
  expect(numbers(await buffer.read(0, 5))).toEqual([6, 7]);
  buffer.keep(0, 101, frame);
  buffer.keep(0, 102, frame);
  expect(buffer.peek(0, 6)).toBe(NOT_YET);
  expect(numbers(await buffer.read(0, 6))).toEqual([7, 101, 102]);
  expect(numbers(buffer.peek(0, 101) as StreamEvent[])).toEqual([102]);
  expect(numbers(await buffer.read(3, 0))).toEqual([1]);
});

it('an event that has replaced another one is read once, and says when it is lost', async () => {
  const { buffer, copies } = mirrored();
  const lost: string[] = [];
  const waiting = { waits: true, lost: () => void lost.push('lost') };
  const later = [Buffer.from('{"later":1}')];
  buffer.keep(0, 1, frame, waiting);
  buffer.keep(0, 2, frame);
  buffer.keep(0, 1, later, waiting);
  expect(await buffer.read(0, 0)).toEqual([expect.objectContaining({ sequence: 1, frame: later }), expect.anything()]);
  expect(copies).toHaveLength(3);
  buffer.keep(0, 3, [Buffer.alloc(1_048_576)]);
  expect(lost).toEqual(['lost']);
});

it('after the end of the session here, nothing more is copied', () => {
  const { buffer, copies } = mirrored();
  buffer.keep(0, 1, frame);
  buffer.clear();
  buffer.keep(0, 2, frame);
  expect(numbers(copies)).toEqual([1]);
});
