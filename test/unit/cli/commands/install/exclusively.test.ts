import { expect, it } from 'vitest';
import { exclusively } from '../../../../../src/cli/commands/install/exclusively.ts';
import type { Lock } from '../../../../../src/core/ports.ts';

const LIMITS = { attempts: 3, pause: 0 };

/** A lock with these outcomes, and the list of what was done with it. */
function lockWith(outcomes: readonly (boolean | Error)[]): Lock & { readonly done: string[] } {
  const left = [...outcomes];
  const done: string[] = [];
  return {
    done,
    async tryAcquire() {
      done.push('try');
      const outcome = left.shift() ?? false;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    held: async () => true,
    async release() {
      done.push('release');
    },
  };
}

it('writes with the lock, and gives it back', async () => {
  const lock = lockWith([false, true]);
  const written = await exclusively(lock, async () => lock.done.push('write'), LIMITS);
  expect(written).toBe(3);
  expect(lock.done).toEqual(['try', 'try', 'write', 'release']);
});

it('gives the lock back when the write fails', async () => {
  const lock = lockWith([true]);
  await expect(exclusively(lock, () => Promise.reject(new Error('disk full')), LIMITS)).rejects.toThrow('disk full');
  expect(lock.done).toEqual(['try', 'release']);
});

it('writes nothing while another process holds the lock', async () => {
  const lock = lockWith([]);
  const write = async (): Promise<void> => void lock.done.push('write');
  await expect(exclusively(lock, write, LIMITS)).rejects.toThrow('another mcp-proxy is changing');
  expect(lock.done).toEqual(['try', 'try', 'try']);
});

it('writes without a lock where none can be made', async () => {
  const lock = lockWith([new Error('read-only file system')]);
  expect(await exclusively(lock, async () => 'written', LIMITS)).toBe('written');
});
