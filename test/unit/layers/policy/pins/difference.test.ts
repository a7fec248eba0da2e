import { expect, it } from 'vitest';
import { differenceOf, FEW, leftOut } from '../../../../../src/layers/policy/pins/difference.ts';

const long = (end: string): string => JSON.stringify({ description: `${'a'.repeat(5_000)}${end}` });

it('shows a change at the end of a long value', () => {
  const difference = differenceOf(long('before'), long('after'), FEW);
  expect(difference.lines).toEqual([
    expect.stringMatching(/^ {2}- description: …a{40}before"$/),
    expect.stringMatching(/^ {2}\+ description: …a{40}after"$/),
  ]);
  expect(leftOut(difference)).toBeUndefined();
});

it('says so when a value differs in more than it shows', () => {
  const [before, after] = ['x', 'y'].map((letter) => JSON.stringify({ title: `${letter}${'a'.repeat(500)}${letter}` }));
  const difference = differenceOf(before as string, after as string, FEW);
  expect(difference.lines.map((line) => line.length)).toEqual([312, 312]);
  expect(leftOut(difference)).toBe('some values differ in more than is shown here');
});

it.each([
  [10, undefined],
  [11, '1 more change is not shown here'],
  [13, '3 more changes are not shown here'],
])('of %s changes, it says how many it leaves out', (count, left) => {
  const all = (value: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, value])));
  const difference = differenceOf(all(1), all(2), FEW);
  expect(difference.lines).toHaveLength(20);
  expect(leftOut(difference)).toBe(left);
});

it('shows what only one of the definitions has, with its letters escaped', () => {
  const { lines } = differenceOf('{"a":{"x":1}}', '{"a":{"y":"\u202e"}}', FEW);
  expect(lines).toEqual(['  - a.x: 1', '  + a.y: "\\u202e"']);
});
