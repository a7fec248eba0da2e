import { describe, expect, it } from 'vitest';
import { LinkedList, ListNode } from '../../../../src/core/lists/linked-list.ts';
import { seeded } from '../random.ts';

class Named extends ListNode {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

function rollOf(...names: string[]): { readonly roll: LinkedList<Named>; readonly entries: Named[] } {
  const roll = new LinkedList<Named>();
  const entries = names.map((name) => new Named(name));
  for (const entry of entries) roll.add(entry);
  return { roll, entries };
}

const names = (roll: LinkedList<Named>): string[] => [...roll].map(({ name }) => name);

describe('a linked list', () => {
  it('is empty at first', () => {
    const { roll } = rollOf();
    expect(roll.size).toBe(0);
    expect(names(roll)).toEqual([]);
    expect(roll.newest).toBeUndefined();
  });

  it('has its entries in the order in which they came', () => {
    const { roll } = rollOf('a', 'b', 'c');
    expect(names(roll)).toEqual(['a', 'b', 'c']);
    expect(roll.size).toBe(3);
  });

  it.each([
    ['the first', 0, ['b', 'c']],
    ['one in the middle', 1, ['a', 'c']],
    ['the last', 2, ['a', 'b']],
  ] as const)('removes %s of them, and no other', (_, place, left) => {
    const { roll, entries } = rollOf('a', 'b', 'c');
    expect(roll.delete(entries[place] as Named)).toBe(true);
    expect(names(roll)).toEqual(left);
    expect(roll.size).toBe(2);
    expect(entries.map((entry) => roll.has(entry))).toEqual([0, 1, 2].map((at) => at !== place));
  });

  it('says that there was nothing to remove, and stays as it is', () => {
    const { roll, entries } = rollOf('a', 'b');
    expect(roll.delete(new Named('stranger'))).toBe(false);
    expect(roll.delete(entries[0] as Named)).toBe(true);
    expect(roll.delete(entries[0] as Named)).toBe(false);
    expect(names(roll)).toEqual(['b']);
    expect(roll.size).toBe(1);
  });

  it('takes an entry again that has left, at the end', () => {
    const { roll, entries } = rollOf('a', 'b');
    roll.delete(entries[0] as Named);
    roll.add(entries[0] as Named);
    expect(names(roll)).toEqual(['b', 'a']);
    expect(roll.has(entries[0] as Named)).toBe(true);
  });

  it('keeps nothing of an entry that has left, and the entry nothing of it', () => {
    const { roll, entries } = rollOf('a', 'b', 'c');
    const [, middle] = entries as [Named, Named, Named];
    roll.delete(middle);
    expect(middle.before).toBeUndefined();
    expect(middle.after).toBeUndefined();
  });

  it('knows the newest, and the newest of a kind', () => {
    const { roll, entries } = rollOf('a', 'b');
    expect(roll.newest).toBe(entries[1]);
    expect(roll.newestThat(() => true)).toBe(entries[1]);
    roll.delete(entries[1] as Named);
    expect(roll.newest).toBe(entries[0]);
    expect(roll.newestThat((entry) => entry === entries[0])).toBe(entries[0]);
    expect(roll.newestThat(() => false)).toBeUndefined();
    roll.delete(entries[0] as Named);
    expect(roll.newest).toBeUndefined();
  });
});

describe('going through a linked list', () => {
  it('is not disturbed by entries that leave or come on the way', () => {
    const { roll, entries } = rollOf('a', 'b', 'c');
    const seen: string[] = [];
    for (const entry of roll) {
      seen.push(entry.name);
      roll.delete(entry);
      roll.delete(entries[2] as Named);
      roll.add(new Named(`after ${entry.name}`));
    }
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(names(roll)).toEqual(['after a', 'after b', 'after c']);
  });

  it('works several times at once', () => {
    const { roll } = rollOf('a', 'b');
    const pairs = [...roll].flatMap((one) => [...roll].map((other) => `${one.name}${other.name}`));
    expect(pairs).toEqual(['aa', 'ab', 'ba', 'bb']);
  });
});

it('is what an array would be, whatever comes and goes', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seeded(seed);
    const roll = new LinkedList<Named>();
    let expected: Named[] = [];
    const gone: Named[] = [];
    for (let step = 0; step < 200; step++) {
      const returning = gone[random.int(gone.length + 1)];
      const leaving = expected[random.int(expected.length + 1)];
      if (random.chance(0.5) && leaving) {
        expect(roll.delete(leaving)).toBe(true);
        expected = expected.filter((entry) => entry !== leaving);
        gone.push(leaving);
      } else {
        const entry = returning && !expected.includes(returning) ? returning : new Named(String(step));
        roll.add(entry);
        expected.push(entry);
      }
      expect(roll.size, `seed ${seed}, step ${step}`).toBe(expected.length);
    }
    expect([...roll], `seed ${seed}`).toEqual(expected);
    expect(
      gone.filter((entry) => !expected.includes(entry) && roll.has(entry)),
      `seed ${seed}`,
    ).toEqual([]);
  }
});
