import { cachedDataVersionTag } from 'node:v8';
import { expect, it } from 'vitest';
import { collectShortLived } from '../../../src/platform/garbage-collection.ts';

it('compiled code that is stored at the end is good for the next start', () => {
  const before = cachedDataVersionTag();
  const known = new Set(process.listeners('exit'));
  collectShortLived();
  expect(cachedDataVersionTag()).not.toBe(before);
  const added = process.listeners('exit').filter((listener) => !known.has(listener));
  for (const listener of added) {
    listener(0);
    process.removeListener('exit', listener);
  }
  expect(cachedDataVersionTag()).toBe(before);
});
