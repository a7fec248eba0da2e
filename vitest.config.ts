import os from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/conformance/**', '**/node_modules/**'],
    // Limits against hanging, not expectations of speed: most tests start processes, on machines of any size.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Real sockets and child processes: each file gets a process of its own, and nothing outlives it unseen.
    pool: 'forks',
    // Most of them wait for most of their time; the default leaves a machine with two cores idle.
    maxWorkers: Math.max(4, 3 * os.availableParallelism()),
    allowOnly: false,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
