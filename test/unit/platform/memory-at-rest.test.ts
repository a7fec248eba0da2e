import { describe, expect, it } from 'vitest';
import { RestingHeap } from '../../../src/platform/memory-at-rest.ts';

const MIB = 1_048_576;
const SECOND = 1_000_000;

/**
 * The decisions, `y` or `n`, for looks: the CPU used so far, in seconds, and the MiB held. `left` is what a collection
 * leaves, in MiB.
 */
function decisions(looks: string, left = 7): string {
  const heap = new RestingHeap();
  const decided = looks.split(' ').map((look) => {
    const [cpu = 0, held = 0] = look.split('/').map(Number);
    const worth = heap.worthCollecting(cpu * SECOND, held * MIB);
    if (worth) heap.collected(left * MIB);
    return worth ? 'y' : 'n';
  });
  return decided.join('');
}

describe('garbage is collected', () => {
  it.each([
    ['once, when two looks in a row find no work', '3/30 3.01/30 3.02/30 3.03/7.5 3.04/7.5', 'nnynn'],
    ['after each time of work', '3/30 3.01/30 3.02/30 5/30 5.01/30 5.02/30', 'nnynny'],
    ['not between the calls of a conversation', '3/30 3.01/30 3.1/30 3.11/30 3.2/30 3.21/30', 'nnnnnn'],
    ['not during work, however much is held', '3/90 4/90 4.06/90', 'nnn'],
    ['not in a process that has hardly begun', '0.04/7 0.05/7 0.06/13.9', 'nnn'],
    ['after little work that left much', '0.04/7 0.08/40', 'ny'],
    ['when V8 itself has collected, and much has come since', '3/2 3.01/9 3.02/9.9 3.03/10', 'nnny'],
  ])('%s', (_, looks, expected) => {
    expect(decisions(looks)).toBe(expected);
  });

  it('not again while what is left is needed, or not much more than that has come', () => {
    expect(decisions('3/30 3.01/30 3.02/30 3.03/36 3.04/37', 29)).toBe('nnyny');
    expect(decisions('3/90 3.01/90 3.02/90 3.03/99 3.04/100', 80)).toBe('nnyny');
  });
});
