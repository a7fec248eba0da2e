// What changes flags of V8 leaves them as they were when Node stores compiled code.
import { cachedDataVersionTag, getHeapStatistics } from 'node:v8';
import { describe, expect, it, vi } from 'vitest';
import { collectShortLived } from '../../../src/platform/garbage-collection.ts';
import { inlineMore } from '../../../src/platform/inlining.ts';
import { collectAll, freeCompilerMemory } from '../../../src/platform/memory-at-rest.ts';

/** The version of V8 that knows the compiler whose memory is freed differently: that of Node 22. */
const hasMaglev = Number.parseInt(process.versions.v8, 10) >= 12;

describe.each([
  { change: collectShortLived, changes: true },
  { change: inlineMore, changes: true },
  { change: freeCompilerMemory, changes: hasMaglev },
])('$change.name', ({ change, changes }) => {
  it('leaves compiled code that is stored at the end good for the next start', () => {
    const before = cachedDataVersionTag();
    const known = new Set(process.listeners('exit'));
    change();
    expect(cachedDataVersionTag() !== before).toBe(changes);
    const added = process.listeners('exit').filter((listener) => !known.has(listener));
    for (const listener of added) {
      listener(0);
      process.removeListener('exit', listener);
    }
    expect(cachedDataVersionTag()).toBe(before);
  });
});

/** Leaves as many bytes as garbage. In a function of its own, whose variables are gone afterwards. */
function litter(bytes: number): number {
  return Buffer.allocUnsafeSlow(bytes).fill(1).length;
}

it('a collection of all garbage leaves them as they were, and no garbage', async () => {
  const before = cachedDataVersionTag();
  const held = getHeapStatistics().external_memory;
  const size = litter(32 * 1_048_576);
  expect(getHeapStatistics().external_memory - held).toBeGreaterThanOrEqual(size);
  // V8 frees it on another thread, and counts that as done with the next collection.
  await vi.waitFor(() => {
    collectAll();
    expect(getHeapStatistics().external_memory - held).toBeLessThan(size);
  }, 60_000);
  expect(cachedDataVersionTag()).toBe(before);
});
