// What every implementation of a port promises: in memory, in files, and in a store that replicas share.
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PinStore } from '../../../../src/core/ports/pins.ts';
import { type Locks, type Log, NOT_YET, type SecretStore, type VerdictMemory } from '../../../../src/core/ports.ts';
import { fileLocks } from '../../../../src/state/files/locks.ts';
import { filePins } from '../../../../src/state/files/pins.ts';
import { fileStore } from '../../../../src/state/files/secrets.ts';
import { fileMemory } from '../../../../src/state/files/verdicts.ts';
import { memoryLocks } from '../../../../src/state/memory/locks.ts';
import { memoryPins } from '../../../../src/state/memory/pins.ts';
import { memoryStore } from '../../../../src/state/memory/secrets.ts';
import { openSharedState, type SharedState } from '../../../../src/state/redis/shared-state.ts';
import { type RedisPeer, startRedis } from '../../../peers/redis.ts';
import { temporaryFolder } from '../../platform/processes.ts';

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let redis: RedisPeer;
const opened: SharedState[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.command('FLUSHALL');
});
afterAll(async () => {
  for (const shared of opened) shared.close();
  await redis?.close();
});

function shared(): SharedState {
  const address = {
    tls: false,
    host: '127.0.0.1',
    port: redis.port,
    username: undefined,
    password: undefined,
    database: 0,
  };
  const state = openSharedState({ address, keys: ['k'.repeat(32)], log: SILENT });
  opened.push(state);
  return state;
}

/** Two of the same: those of one process, or of two. */
type Pair<T> = readonly [T, T];

const folder = (): string => path.join(temporaryFolder(), 'home', 'mcp-proxy');
function twice<T>(one: T): Pair<T> {
  return [one, one];
}

describe.each<[string, () => Pair<SecretStore>]>([
  ['memory', () => twice(memoryStore())],
  [
    'files',
    () => {
      const place = folder();
      return [fileStore(place), fileStore(place)];
    },
  ],
  ['a store of replicas', () => [shared().credentials, shared().credentials]],
])('secrets in %s', (_, make) => {
  it('are read as they were written, by everybody who shares them', async () => {
    const [one, other] = make();
    expect(await one.read('a')).toBeUndefined();
    await one.write('a', 'ä text');
    expect(await other.read('a')).toBe('ä text');
    await other.write('a', 'another');
    expect(await one.read('a')).toBe('another');
  });

  it('take effect in the order of the calls', async () => {
    const [one, other] = make();
    await Promise.all([one.write('a', '1'), one.write('a', '2'), one.remove('a'), one.write('a', '3')]);
    expect(await other.read('a')).toBe('3');
  });

  it('are listed in alphabetical order until they are removed', async () => {
    const [one, other] = make();
    await one.write('b', '1');
    await one.write('a.x', '2');
    expect(await other.names()).toEqual(['a.x', 'b']);
    await other.remove('b');
    await other.remove('b');
    expect(await one.names()).toEqual(['a.x']);
    expect(await one.read('b')).toBeUndefined();
  });

  it('are known at once, or not yet, but never wrong', async () => {
    const [one, other] = make();
    await one.write('a', 'text');
    expect(['text', NOT_YET]).toContain(other.peek('a'));
    expect([undefined, NOT_YET]).toContain(other.peek('b'));
  });
});

describe.each<[string, () => Pair<Locks>]>([
  ['memory', () => twice(memoryLocks())],
  [
    'files',
    () => {
      const place = folder();
      return [fileLocks(place), fileLocks(place)];
    },
  ],
  ['a store of replicas', () => [shared().locks, shared().locks]],
])('locks in %s', (_, make) => {
  it('have one owner for each name', async () => {
    const [one, other] = make();
    const [first, second, third] = [one('a'), other('a'), other('b')];
    expect(await first.tryAcquire()).toBe(true);
    expect(await first.tryAcquire()).toBe(true);
    expect(await second.tryAcquire()).toBe(false);
    expect(await third.tryAcquire()).toBe(true);
    expect([await first.held(), await second.held(), await third.held()]).toEqual([true, false, true]);
    await Promise.all([first.release(), second.release(), third.release()]);
  });

  it('are free again once their owner releases them, and not before', async () => {
    const [one, other] = make();
    const [first, second] = [one('a'), other('a')];
    await first.release();
    await first.tryAcquire();
    await second.release();
    expect(await second.tryAcquire()).toBe(false);
    await first.release();
    await first.release();
    expect(await first.held()).toBe(false);
    expect(await second.tryAcquire()).toBe(true);
    expect(await first.tryAcquire()).toBe(false);
    await second.release();
  });

  it('have one owner, however many want it at once', async () => {
    const [one, other] = make();
    const wanted = Array.from({ length: 16 }, (_, at) => (at % 2 === 0 ? one : other)('a'));
    const got = await Promise.all(wanted.map((lock) => lock.tryAcquire()));
    expect(got.filter(Boolean)).toHaveLength(1);
    await Promise.all(wanted.map((lock) => lock.release()));
  });
});

describe.each<[string, () => Pair<VerdictMemory>]>([
  [
    'files',
    () => {
      const place = folder();
      return [fileMemory(place), fileMemory(place)];
    },
  ],
  ['a store of replicas', () => [shared().memory, shared().memory]],
])('verdicts in %s', (_, make) => {
  it('are found by everybody who shares them, for the very URL', async () => {
    const [one, other] = make();
    const url = new URL('https://server.example/mcp?key=1');
    await one.remember(url, 'sse');
    expect(await other.recall(url)).toBe('sse');
    expect(['sse', NOT_YET]).toContain(other.peek(url));
    expect(await other.recall(new URL('https://server.example/mcp?key=2'))).toBeUndefined();
  });
});

describe.each<[string, () => Pair<PinStore>]>([
  ['memory', () => twice(memoryPins())],
  [
    'files',
    () => {
      const place = folder();
      const open = (): PinStore =>
        filePins({ folder: place, locks: fileLocks(place), identity: 'https://server.example/', label: 'server' });
      return [open(), open()];
    },
  ],
  ['a store of replicas', () => [shared().pins('https://server.example/'), shared().pins('https://server.example/')]],
])('pins in %s', (_, make) => {
  it('are what the last change made of them, and no change is lost', async () => {
    const [one, other] = make();
    expect(await one.read()).toEqual({ pinned: new Map(), changed: new Map() });
    const add = (pins: PinStore, name: string): Promise<void> =>
      pins.update(({ pinned, changed }) => ({ pinned: new Map([...pinned, [name, '{"a":1}']]), changed }));
    await Promise.all([add(one, 'a'), add(other, 'b')]);
    await add(one, 'c');
    const { pinned } = await other.read();
    expect([...pinned.keys()].sort()).toEqual(['a', 'b', 'c']);
  });
});
