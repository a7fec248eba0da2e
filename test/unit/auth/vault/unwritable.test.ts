import { expect, it } from 'vitest';
import { forgivingLock, forgivingStore, Unwritable } from '../../../../src/auth/vault/unwritable.ts';
import type { Lock, SecretStore } from '../../../../src/core/ports.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { memoryLocks } from '../../../../src/state/memory/locks.ts';
import { memoryStore } from '../../../../src/state/memory/secrets.ts';

function unwritable(): { place: Unwritable; warnings: string[] } {
  const warnings: string[] = [];
  const log = { debug: () => {}, info: () => {}, warn: (line: string) => void warnings.push(line), error: () => {} };
  return { place: new Unwritable(log), warnings };
}

const ERRORS = [new ProxyError('internal', 'read-only folder'), new Error('the connection was reset')];

it.each(ERRORS)('what a store does not take stays in this process, and that is logged once: %s', async (error) => {
  const { place, warnings } = unwritable();
  const texts = memoryStore();
  await texts.write('a', 'stored');
  await texts.write('b', 'stored');
  const fails = (): Promise<never> => Promise.reject(error);
  const refusing: SecretStore = { ...texts, empty: false, write: fails, remove: fails };
  const store = forgivingStore(refusing, place);
  await store.write('a', 'kept');
  await store.remove('b');
  expect([await store.read('a'), store.peek('a'), await store.read('b'), store.peek('b')]).toEqual([
    'kept',
    'kept',
    undefined,
    undefined,
  ]);
  await store.write('b', 'kept');
  expect(await store.read('b')).toBe('kept');
  expect(warnings).toEqual([`${error.message}: this sign-in ends with this process`]);
});

it.each(ERRORS)('a lock that cannot be asked keeps nobody out, and that is logged once: %s', async (error) => {
  const fails = (): Promise<never> => Promise.reject(error);
  const lock = memoryLocks()('a');
  const broken: Lock[] = [
    { ...lock, tryAcquire: fails },
    { ...lock, held: fails },
    { ...lock, release: fails },
  ];
  for (const one of broken) {
    const { place, warnings } = unwritable();
    const forgiving = forgivingLock(one, place);
    expect(await forgiving.tryAcquire()).toBe(true);
    expect(await forgiving.held()).toBe(true);
    await forgiving.release();
    expect(warnings).toEqual([`${error.message}: this sign-in ends with this process`]);
  }
});
