import { expect, it } from 'vitest';
import { afterDeath, COOL_DOWN, NO_DEATHS, nextStart, QUICK } from '../../../../src/upstream/stdio/restarts.ts';

it('the first start waits for nothing', () => {
  expect(nextStart(NO_DEATHS, 5, 1)).toBe(0);
});

it('the pause grows with each quick end, and is spread', () => {
  const once = afterDeath(NO_DEATHS, 10, 1_000);
  const twice = afterDeath(once, 10, 2_000);
  expect(nextStart(once, 1_000, 0)).toBe(500);
  expect(nextStart(once, 1_000, 1)).toBe(750);
  expect(nextStart(twice, 2_000, 0)).toBe(1_000);
  expect(nextStart(twice, 2_600, 0)).toBe(400);
  expect(nextStart(twice, 9_000, 0)).toBe(0);
});

it('three quick ends in a row are enough, until the user has had time to repair it', () => {
  const deaths = [10, 10, 10].reduce((before, lived) => afterDeath(before, lived, 1_000), NO_DEATHS);
  expect(nextStart(deaths, 1_001, 0)).toBeUndefined();
  expect(nextStart(deaths, 1_000 + COOL_DOWN - 1, 0)).toBeUndefined();
  expect(nextStart(deaths, 1_000 + COOL_DOWN, 0)).toBe(0);
});

it('a process that has worked for a while begins a new count', () => {
  const twice = [10, 10].reduce((before, lived) => afterDeath(before, lived, 1_000), NO_DEATHS);
  expect(afterDeath(twice, QUICK, 1_000).quick).toBe(0);
});
