// How much is kept of the events of a session, and what others can do to it in the store.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSharedState, type SharedState } from '../../../../src/state/redis/shared-state.ts';
import { type RedisPeer, startRedis } from '../../../peers/redis.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const LIFETIME = 600_000;
const LIST = 'mcp-proxy:{1}:events:*';

let redis: RedisPeer;
const open: { close(): void }[] = [];
beforeEach(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  await redis.close();
});

function recordsOf(lost: string[] = []): ReturnType<SharedState['records']> {
  const nobody = { username: undefined, password: undefined };
  const state = openSharedState({
    address: { tls: false, host: '127.0.0.1', port: redis.port, ...nobody, database: 0 },
    keys: ['k'.repeat(32)],
    log: SILENT,
  });
  const records = state.records(LIFETIME, (id) => lost.push(id));
  open.push(state, records);
  return records;
}

type Records = ReturnType<typeof recordsOf>;

const sequences = async (records: Records, id: string): Promise<number[]> =>
  (await records.events(id).read()).map(({ sequence }) => sequence);

/** Appends so many events of a size to a session, and waits until the store has the last one. */
async function appended(records: Records, id: string, count: number, size: number): Promise<void> {
  const events = records.events(id);
  for (let n = 1; n <= count; n++) events.append(0, n, [Buffer.alloc(size, 'x')]);
  await expect.poll(async () => (await sequences(records, id)).at(-1), { timeout: 60_000 }).toBe(count);
}

const listOf = (): Promise<string> => redis.command('KEYS', LIST);

it('the last 256 events are kept, for an hour at most', async () => {
  const records = recordsOf();
  records.keep('session', () => Buffer.from('{}'));
  await appended(records, 'session', 300, 10);
  expect(await sequences(records, 'session')).toEqual(Array.from({ length: 256 }, (_, n) => 45 + n));
  for (const key of (await redis.command('KEYS', '*')).split('\n')) {
    expect(Number(await redis.command('PTTL', key))).toBeGreaterThan(0);
    expect(Number(await redis.command('PTTL', key))).toBeLessThanOrEqual(LIFETIME);
  }
});

it('of large events, 1 MiB is kept, and none that is larger', async () => {
  const records = recordsOf();
  records.keep('session', () => Buffer.from('{}'));
  records.events('session').append(0, 1, [Buffer.alloc(1_048_577)]);
  await appended(records, 'session', 12, 100_000);
  expect(await sequences(records, 'session')).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

it('the limits hold for all replicas of a session together', async () => {
  const [one, other] = [recordsOf(), recordsOf()];
  one.keep('session', () => Buffer.from('{}'));
  await appended(one, 'session', 6, 100_000);
  expect(await other.take('session')).toMatchObject({ kind: 'taken' });
  for (let n = 1; n <= 6; n++) other.events('session').append(0, 1_000 + n, [Buffer.alloc(100_000, 'y')]);
  await expect.poll(() => sequences(other, 'session'), { timeout: 60_000 }).toContain(1_006);
  expect(await sequences(other, 'session')).toHaveLength(10);
});

it('a replica that has lost a session adds nothing to it, and learns that', async () => {
  const lost: string[] = [];
  const [one, other] = [recordsOf(lost), recordsOf()];
  one.keep('session', () => Buffer.from('{}'));
  await appended(one, 'session', 1, 10);
  await other.take('session');
  one.events('session').append(0, 2, [Buffer.from('late')]);
  await expect.poll(() => lost, { timeout: 60_000 }).toEqual(['session']);
  expect(await sequences(other, 'session')).toEqual([1]);
});

it('nothing is kept of a session that is over, or too large to go on elsewhere', async () => {
  const records = recordsOf();
  for (const [id, over] of [
    ['ended', () => records.forget('ended')],
    ['dropped', () => records.drop('dropped')],
  ] as const) {
    records.keep(id, () => Buffer.from('{}'));
    await appended(records, id, 2, 10);
    over();
    records.events(id).append(0, 3, [Buffer.from('late')]);
    await expect.poll(() => sequences(records, id), { timeout: 60_000 }).toEqual([]);
    expect(await redis.command('KEYS', 'mcp-proxy:{1}:events*')).toBe('');
  }
});

it('what is in the store cannot be read there, nor moved to another session', async () => {
  const records = recordsOf();
  records.keep('session', () => Buffer.from('{}'));
  records.events('session').append(0, 1, [Buffer.from('very secret')]);
  await expect.poll(() => sequences(records, 'session'), { timeout: 60_000 }).toEqual([1]);
  const list = await listOf();
  expect(await redis.command('LRANGE', list, '0', '-1')).not.toContain('secret');
  records.keep('other', () => Buffer.from('{}'));
  await appended(records, 'other', 1, 10);
  const [, foreign = ''] = (await listOf()).split('\n').sort((a) => (a === list ? -1 : 1));
  await redis.command('RENAME', list, foreign);
  expect(await sequences(records, 'other')).toEqual([]);
  await redis.command('SET', list, 'of another kind');
  expect(await sequences(records, 'session')).toEqual([]);
});
