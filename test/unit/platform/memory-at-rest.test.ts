import { describe, expect, it } from 'vitest';
import { RestingHeap } from '../../../src/platform/memory-at-rest.ts';

const MIB = 1_048_576;
const SECOND = 1_000_000;

/** The decisions for looks at the CPU used so far, in seconds, and the bytes held, in MiB. A collection leaves 7 MiB. */
function decisions(looks: readonly (readonly [cpu: number, held: number])[], left = 7): boolean[] {
  const heap = new RestingHeap();
  return looks.map(([cpu, held]) => {
    const worth = heap.worthCollecting(cpu * SECOND, held * MIB);
    if (worth) heap.collected(left * MIB);
    return worth;
  });
}

describe('garbage is collected', () => {
  it.each([
    [
      'once, when there was no work since the last look',
      [
        [3, 30],
        [3.01, 30],
        [3.02, 7.5],
      ],
      [false, true, false],
    ],
    [
      'after each time of work',
      [
        [3, 30],
        [3.01, 30],
        [5, 30],
        [5.01, 30],
      ],
      [false, true, false, true],
    ],
    [
      'not during work, however much is held',
      [
        [3, 90],
        [4, 90],
        [4.06, 90],
      ],
      [false, false, false],
    ],
    [
      'not in a process that has hardly begun',
      [
        [0.04, 7],
        [0.05, 7],
        [0.06, 13.9],
      ],
      [false, false, false],
    ],
    [
      'after little work that left much',
      [
        [0.04, 7],
        [0.08, 40],
      ],
      [false, true],
    ],
    [
      'when more is held than at the last look, but V8 has collected before',
      [
        [3, 2],
        [3.01, 9],
        [3.02, 10],
      ],
      [false, false, true],
    ],
  ] as const)('%s', (_, looks, expected) => {
    expect(decisions(looks)).toEqual(expected);
  });

  it('not again while what is left is needed', () => {
    const looks = [
      [3, 30],
      [3.01, 30],
      [3.02, 29],
      [3.03, 36],
      [3.04, 37],
    ] as const;
    expect(decisions(looks, 29)).toEqual([false, true, false, false, true]);
  });
});
