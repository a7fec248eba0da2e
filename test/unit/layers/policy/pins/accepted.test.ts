import { expect, it } from 'vitest';
import { accepted } from '../../../../../src/layers/policy/pins/accepted.ts';

const PINS = {
  pinned: new Map([
    ['a', '1'],
    ['b', '1'],
  ]),
  changed: new Map([
    ['a', '2'],
    ['b', '3'],
  ]),
};

it('takes the changes that the user has seen, and no others', () => {
  const taken = accepted(
    PINS,
    new Map([
      ['a', '2'],
      ['b', '2'],
      ['c', '1'],
    ]),
  );
  expect([...taken.pinned]).toEqual([
    ['a', '2'],
    ['b', '1'],
  ]);
  expect([...taken.changed]).toEqual([['b', '3']]);
});

it('changes nothing of what it got', () => {
  accepted(PINS, new Map([['a', '2']]));
  expect(PINS.pinned.get('a')).toBe('1');
});
