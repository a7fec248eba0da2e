import { cachedDataVersionTag } from 'node:v8';
import { expect, it } from 'vitest';
import { skipBaselineCompiler } from '../../../src/platform/compilation.ts';

// Elsewhere V8 has no such compiler.
it.runIf(['x64', 'arm64'].includes(process.arch))(
  'without the first compiler, code that is stored at the end is good for the next start',
  () => {
    const before = cachedDataVersionTag();
    const known = new Set(process.listeners('exit'));
    skipBaselineCompiler();
    expect(cachedDataVersionTag()).not.toBe(before);
    const added = process.listeners('exit').filter((listener) => !known.has(listener));
    for (const listener of added) {
      listener(0);
      process.removeListener('exit', listener);
    }
    expect(cachedDataVersionTag()).toBe(before);
  },
);
