import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Lock, Locks } from '../../../src/core/ports.ts';
import { fileLocks } from '../../../src/state/files/locks.ts';
import { localLocks } from '../../../src/state/locks.ts';
import { memoryLocks } from '../../../src/state/memory/locks.ts';
import { temporaryFolder } from '../platform/processes.ts';

const open: Lock[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((lock) => lock.release()));
});

describe.each([
  ['files', () => fileLocks(path.join(temporaryFolder(), 'home', 'mcp-proxy'))],
  ['memory', () => memoryLocks()],
  ['files that are used on demand', () => localLocks(path.join(temporaryFolder(), 'home', 'mcp-proxy'))],
  ['memory that is used on demand', () => localLocks(undefined)],
])('locks in %s', (_, make) => {
  const lockOf = (locks: Locks, name: string): Lock => {
    const lock = locks(name);
    open.push(lock);
    return lock;
  };

  it('have one owner for each name', async () => {
    const locks = make();
    const [first, second, other] = [lockOf(locks, 'a'), lockOf(locks, 'a'), lockOf(locks, 'b')];
    expect([await first.held(), await second.held()]).toEqual([false, false]);
    expect(await first.tryAcquire()).toBe(true);
    expect(await first.tryAcquire()).toBe(true);
    expect(await second.tryAcquire()).toBe(false);
    expect(await other.tryAcquire()).toBe(true);
    expect([await first.held(), await second.held()]).toEqual([true, false]);
  });

  it('are free again once their owner releases them, and not before', async () => {
    const locks = make();
    const [first, second] = [lockOf(locks, 'a'), lockOf(locks, 'a')];
    await first.release();
    await first.tryAcquire();
    await second.release();
    expect(await second.tryAcquire()).toBe(false);
    await first.release();
    await first.release();
    expect(await first.held()).toBe(false);
    expect(await second.tryAcquire()).toBe(true);
    expect(await first.tryAcquire()).toBe(false);
  });
});
