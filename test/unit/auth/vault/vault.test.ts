import { afterEach, expect, it, vi } from 'vitest';
import { Vault } from '../../../../src/auth/vault/vault.ts';
import { Cancellation } from '../../../../src/core/cancel.ts';
import type { Lock } from '../../../../src/core/ports.ts';
import { memoryLocks } from '../../../../src/state/memory/locks.ts';
import { memoryStore } from '../../../../src/state/memory/secrets.ts';

const TAKEN: Lock = { tryAcquire: async () => false, held: async () => false, release: async () => {} };

afterEach(() => {
  vi.useRealTimers();
});

it('waits for the owner of the lock, but not forever', async () => {
  vi.useFakeTimers();
  const vault = new Vault(memoryStore(), 'name', TAKEN, memoryLocks()('write'));
  const seen: number[] = [];
  const ended = vault
    .lockUnless(
      async () => undefined,
      new Cancellation(),
      async (waited) => {
        seen.push(waited);
      },
    )
    .catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(11 * 60_000);
  expect(await ended).toMatchObject({ code: 'timeout', data: { hint: expect.any(String) } });
  expect(seen.length).toBeGreaterThan(100);
  expect(vi.getTimerCount()).toBe(0);
});

it('writes in the end, although another process is stuck in the middle of a write', async () => {
  vi.useFakeTimers();
  const vault = new Vault(memoryStore(), 'name', memoryLocks()('lock'), TAKEN);
  const written = vault.update({ url: 'https://mcp.example/mcp' });
  await vi.advanceTimersByTimeAsync(11_000);
  expect(await written).toMatchObject({ serial: 1 });
});
