// What changes flags of V8 leaves them as they were when Node stores compiled code.
import { cachedDataVersionTag } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { collectShortLived } from '../../../src/platform/garbage-collection.ts';
import { inlineMore } from '../../../src/platform/inlining.ts';

describe.each([{ change: collectShortLived }, { change: inlineMore }])('$change.name', ({ change }) => {
  it('leaves compiled code that is stored at the end good for the next start', () => {
    const before = cachedDataVersionTag();
    const known = new Set(process.listeners('exit'));
    change();
    expect(cachedDataVersionTag()).not.toBe(before);
    const added = process.listeners('exit').filter((listener) => !known.has(listener));
    for (const listener of added) {
      listener(0);
      process.removeListener('exit', listener);
    }
    expect(cachedDataVersionTag()).toBe(before);
  });
});
