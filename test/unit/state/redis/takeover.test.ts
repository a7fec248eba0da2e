// When replicas hold others for gone, and who has a session then.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSharedState, type SharedState } from '../../../../src/state/redis/shared-state.ts';
import { type RedisPeer, startRedis } from '../../../peers/redis.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const LIFETIME = 600_000;
const UNKNOWN = '0123456789abcdef';

let redis: RedisPeer;
const open: { close(): void }[] = [];
beforeEach(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  await redis.close();
});

function shared(): SharedState {
  const nobody = { username: undefined, password: undefined };
  const state = openSharedState({
    address: { tls: false, host: '127.0.0.1', port: redis.port, ...nobody, database: 0 },
    keys: ['k'.repeat(32)],
    log: SILENT,
  });
  open.push(state);
  return state;
}

async function entered(port: number): Promise<SharedState> {
  const state = shared();
  await state.replicas.enter({ address: '127.0.0.1', port });
  return state;
}

it.each<[string, (other: SharedState) => Promise<unknown>]>([
  [
    'that was emptied',
    async (other) => {
      await redis.command('FLUSHALL');
      const ids = (): Promise<string> => redis.command('SMEMBERS', 'mcp-proxy:{1}:replicas:ids');
      await expect.poll(ids, { timeout: 60_000 }).toBe(other.replicas.id);
    },
  ],
  [
    'that was gone',
    async (other) => {
      await redis.kill();
      await expect.poll(() => other.trouble, { timeout: 60_000 }).toBeDefined();
      await redis.restart();
      await expect.poll(() => other.trouble, { timeout: 60_000 }).toBeUndefined();
    },
  ],
])('in a store %s, a replica whose entry is missing is not gone at once', async (_, empty) => {
  const [one, other] = [await entered(1), await entered(2)];
  expect(await other.replicas.find(one.replicas.id)).toMatchObject({ port: 1 });
  let gone = false;
  other.replicas.whenGone(one.replicas.id, () => {
    gone = true;
  });
  one.close();
  await empty(other);
  // It reads the register.
  await other.replicas.find(UNKNOWN);
  expect(await other.replicas.find(one.replicas.id)).toMatchObject({ port: 1 });
  expect(gone).toBe(false);
  await expect.poll(() => gone, { timeout: 60_000 }).toBe(true);
  expect(await other.replicas.find(one.replicas.id)).toBeUndefined();
});

it('a watcher that is taken back twice leaves the later ones alone', async () => {
  const [one, other] = [await entered(1), await entered(2)];
  const { replicas } = other;
  const { id } = one.replicas;
  await replicas.find(id);
  const takeBack = replicas.whenGone(id, () => {});
  takeBack();
  let gone = false;
  replicas.whenGone(id, () => {
    gone = true;
  });
  takeBack();
  one.close();
  await expect.poll(() => gone, { timeout: 60_000 }).toBe(true);
});

describe('the record of a session', () => {
  const record = Buffer.from('{"first":1}');

  function recordsOf(state: SharedState): { lost: string[] } & ReturnType<SharedState['records']> {
    const lost: string[] = [];
    const records = state.records(LIFETIME, (id) => lost.push(id));
    open.push(records);
    return Object.assign(records, { lost });
  }

  it('is kept by its owner only, which learns that it has lost the session', async () => {
    const [home, next] = [recordsOf(shared()), recordsOf(await entered(2))];
    home.keep('session', () => record);
    await expect.poll(() => next.take('session')).toEqual({ kind: 'taken', record });
    home.keep('session', () => Buffer.from('{"stale":1}'));
    await expect.poll(() => home.lost).toEqual(['session']);
    home.keep('session', () => record);
    home.forget('session');
    await home.release('session');
    next.keep('session', () => Buffer.from('{"second":2}'));
    await next.release('session');
    const last = recordsOf(await entered(3));
    expect(await last.take('session')).toEqual({ kind: 'taken', record: Buffer.from('{"second":2}') });
    expect(next.lost).toEqual([]);
  });

  it('that was dropped is none, and its owner stays', async () => {
    const state = await entered(1);
    const [own, other] = [recordsOf(state), recordsOf(shared())];
    own.keep('session', () => record);
    await expect.poll(() => own.take('session')).toMatchObject({ kind: 'taken' });
    own.drop('session');
    expect(await other.take('session')).toEqual({ kind: 'elsewhere', replica: state.replicas.id });
    expect(await own.take('session')).toEqual({ kind: 'none' });
  });

  it.each<[string, (work: () => void) => Promise<void>]>([
    [
      'has been emptied since',
      async (work) => {
        work();
        await expect.poll(() => redis.command('KEYS', 'mcp-proxy:{1}:session:*'), { timeout: 60_000 }).not.toBe('');
        await redis.command('FLUSHALL');
      },
    ],
    [
      'is full for a while',
      async (work) => {
        await redis.command('CONFIG', 'SET', 'maxmemory', '1');
        work();
        const refused = (): Promise<string> => redis.command('INFO', 'errorstats');
        await expect.poll(refused, { timeout: 60_000 }).toContain('errorstat_OOM');
        await redis.command('CONFIG', 'SET', 'maxmemory', '0');
      },
    ],
    [
      'is gone for a while',
      async (work) => {
        await redis.kill();
        work();
        await redis.restart();
      },
    ],
  ])('is written again, as it is then, into a store that %s', async (_, disturb) => {
    const own = recordsOf(await entered(1));
    let current = '{"first":1}';
    await disturb(() => own.keep('session', () => Buffer.from(current)));
    current = '{"second":2}';
    const next = recordsOf(shared());
    const owned = (): Promise<string> => redis.command('KEYS', 'mcp-proxy:{1}:session:*');
    await expect.poll(owned, { timeout: 60_000 }).not.toBe('');
    await own.release('session');
    expect(await next.take('session')).toEqual({ kind: 'taken', record: Buffer.from(current) });
  });

  it('that was dropped, or has ended, is not written again', async () => {
    const own = recordsOf(await entered(1));
    let writes = 0;
    const written = (): Buffer => {
      writes++;
      return record;
    };
    for (const id of ['dropped', 'ended', 'kept']) own.keep(id, written);
    own.drop('dropped');
    own.forget('ended');
    await redis.command('FLUSHALL');
    const names = async (): Promise<number> =>
      (await redis.command('KEYS', 'mcp-proxy:{1}:session:*')).split('\n').filter(Boolean).length;
    const owners = (): Promise<string> => redis.command('KEYS', 'mcp-proxy:{1}:owner:*');
    await expect.poll(names, { timeout: 60_000 }).toBe(1);
    await expect.poll(async () => (await owners()).split('\n').length, { timeout: 60_000 }).toBe(2);
    expect([await names(), writes]).toEqual([1, 4]);
  });

  describe('of many sessions', () => {
    const COUNT = 2_000;
    const ids = Array.from({ length: COUNT }, (_, i) => `session ${i}`);
    const LAST = ids.at(-1) as string;

    const stored = async (): Promise<number> =>
      (await redis.command('KEYS', 'mcp-proxy:{1}:session:*')).split('\n').filter(Boolean).length;

    async function many(): Promise<ReturnType<typeof recordsOf>> {
      const own = recordsOf(await entered(1));
      for (const id of ids) own.keep(id, () => record);
      await expect.poll(stored, { timeout: 60_000 }).toBe(COUNT);
      return own;
    }

    it('is written again by each of them, also if the store loses it once more meanwhile', async () => {
      const own = await many();
      await redis.command('FLUSHALL');
      own.renew();
      await redis.command('FLUSHALL');
      own.renew();
      await expect.poll(stored, { timeout: 60_000 }).toBe(COUNT);
    });

    it('is not written again by one that ends meanwhile', async () => {
      const own = await many();
      await redis.command('FLUSHALL');
      own.renew();
      own.forget(LAST);
      await expect.poll(stored, { timeout: 60_000 }).toBe(COUNT - 1);
      await own.release(ids[0] as string);
      expect(await recordsOf(shared()).take(LAST)).toEqual({ kind: 'none' });
    });
  });

  it.each(['forget', 'drop'] as const)(
    'is gone when the store takes it again, after a %s that it refused',
    async (end) => {
      const own = recordsOf(await entered(1));
      own.keep('session', () => record);
      const names = (): Promise<string> => redis.command('KEYS', 'mcp-proxy:{1}:session:*');
      await expect.poll(names, { timeout: 60_000 }).not.toBe('');
      // Nothing listens there: it keeps what it has, and takes nothing.
      await redis.command('REPLICAOF', '127.0.0.1', '9');
      own[end]('session');
      const refused = (): Promise<string> => redis.command('INFO', 'errorstats');
      await expect.poll(refused, { timeout: 60_000 }).toContain('errorstat_READONLY');
      expect(await names()).not.toBe('');
      if (end === 'forget') expect(await own.take('session')).toEqual({ kind: 'none' });
      await redis.command('REPLICAOF', 'NO', 'ONE');
      await expect.poll(names, { timeout: 60_000 }).toBe('');
    },
  );
});
