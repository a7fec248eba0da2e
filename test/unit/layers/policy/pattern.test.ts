import { describe, expect, it } from 'vitest';
import { anyOf, matcher } from '../../../../src/layers/policy/pattern.ts';
import { seeded } from '../../core/random.ts';

/** The meaning of a pattern as a regular expression: right, but too slow for names from outside. */
function reference(pattern: string): RegExp {
  const pieces = pattern.split('*').map((piece) => piece.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^${pieces.join('[^]*')}$`);
}

describe('matcher', () => {
  it.each([
    ['delete', 'delete', true],
    ['delete', 'delete_all', false],
    ['delete*', 'delete', true],
    ['delete*', 'delete_all', true],
    ['*delete', 'force_delete', true],
    ['*delete*', 'x_delete_y', true],
    ['a*b', 'ab', true],
    ['a*b', 'a', false],
    ['a*a', 'a', false],
    ['ab*ba', 'aba', false],
    ['a*bc*c', 'abc', false],
    ['a*bc*c', 'abcc', true],
    ['*', '', true],
    ['*', 'anything', true],
    ['**', 'x', true],
    ['', '', true],
    ['', 'x', false],
    ['a**b', 'a-b', true],
    ['Delete', 'delete', false],
    ['a.c', 'abc', false],
    ['[a]+$', '[a]+$', true],
    ['a?c', 'abc', false],
    ['*\n*', 'a\nb', true],
    ['é*', 'été', true],
    ['*\udde0', '🧠', true],
  ])('%j and %j', (pattern, name, matches) => {
    expect(matcher(pattern)(name)).toBe(matches);
  });

  it('agrees with a regular expression on patterns and names made at random', () => {
    const wrong: string[] = [];
    let matches = 0;
    for (let seed = 1; seed <= 20_000; seed++) {
      const random = seeded(seed);
      const text = (alphabet: string[], length: number): string =>
        Array.from({ length: random.int(length) }, () => random.pick(alphabet)).join('');
      const pattern = text(['a', 'b', '*', '*', '.', '\n'], 8);
      const name = text(['a', 'b', 'a', '.', '\n', '*'], 10);
      const expected = reference(pattern).test(name);
      if (expected) matches++;
      if (matcher(pattern)(name) !== expected) wrong.push(`${JSON.stringify(pattern)} and ${JSON.stringify(name)}`);
    }
    expect(wrong).toEqual([]);
    expect(matches).toBeGreaterThan(1_000);
  });

  it('does not go back and forth in long names', () => {
    const name = 'a'.repeat(100_000);
    expect(matcher(`${'*a'.repeat(200)}*b`)(name)).toBe(false);
    expect(matcher(`${'a*'.repeat(200)}b*c`)(name)).toBe(false);
    expect(matcher('*a'.repeat(10_000))(name)).toBe(true);
  });
});

describe('anyOf', () => {
  it('is true for names of any of the patterns, and false without patterns', () => {
    const matches = anyOf(['a*', '*z']);
    expect(['abc', 'xyz', 'mno'].map(matches)).toEqual([true, true, false]);
    expect(anyOf([])('a')).toBe(false);
  });
});
