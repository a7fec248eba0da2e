import { describe, expect, it } from 'vitest';
import { Budget } from '../../../../src/downstream/http/body-budget.ts';

const LIMITS = { own: 10, group: 20, all: 30, small: 2 };
const owner = (): object => ({});

/** Claims that must succeed, one owner each. */
function fill(budget: Budget, group: string, amounts: number[]): (() => void)[] {
  return amounts.map((amount) => {
    const release = budget.claim(owner(), [group], amount);
    if (!release) throw new Error(`${amount} was refused`);
    return release;
  });
}

describe('a budget', () => {
  it('refuses an owner that is over its share, until something of it is released', () => {
    const [budget, one, other] = [new Budget(LIMITS), owner(), owner()];
    const first = budget.claim(one, [], 6);
    expect(budget.claim(one, [], 5)).toBeUndefined();
    expect(budget.claim(one, [], 4)).toBeDefined();
    expect(budget.claim(one, [], 1)).toBeUndefined();
    expect(budget.claim(other, [], 5)).toBeDefined();
    first?.();
    expect(budget.claim(one, [], 6)).toBeDefined();
  });

  it('takes what is larger than a share when nothing else of its owner waits', () => {
    const [budget, one] = [new Budget(LIMITS), owner()];
    const release = budget.claim(one, ['a'], 100);
    expect(release).toBeDefined();
    expect(budget.claim(one, ['a'], 1)).toBeUndefined();
  });

  it('refuses a group that is over its share, and no other', () => {
    const budget = new Budget(LIMITS);
    const [first] = fill(budget, 'a', [10, 10]);
    expect(budget.claim(owner(), ['a'], 3)).toBeUndefined();
    expect(budget.claim(owner(), ['b', 'a'], 3)).toBeUndefined();
    fill(budget, 'b', [3]);
    first?.();
    fill(budget, 'a', [3]);
  });

  it('refuses what is large when all together are at the limit, and takes what is small', () => {
    const budget = new Budget(LIMITS);
    const [first] = fill(budget, 'a', [10]);
    fill(budget, 'b', [10, 10]);
    expect(budget.claim(owner(), ['c'], 3)).toBeUndefined();
    const small = owner();
    expect(budget.claim(small, ['c'], 1)).toBeDefined();
    expect(budget.claim(small, ['c'], 1)).toBeDefined();
    expect(budget.claim(small, ['c'], 1)).toBeUndefined();
    first?.();
    fill(budget, 'c', [3]);
  });

  it('counts a release once', () => {
    const [budget, one] = [new Budget(LIMITS), owner()];
    const release = budget.claim(one, ['a'], 5);
    budget.claim(one, ['a'], 5);
    release?.();
    release?.();
    expect(budget.claim(one, ['a'], 6)).toBeUndefined();
    expect(budget.claim(one, ['a'], 5)).toBeDefined();
  });
});
