// What the proxy does when the store is slow, gone, empty or full, and when other programs write into it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSharedState, type SharedState } from '../../../../src/state/redis/shared-state.ts';
import { type RedisPeer, startRedis } from '../../../peers/redis.ts';

const KEY = 'k'.repeat(32);
const GONE = /^the store redis:\/\/127\.0\.0\.1:\d+ cannot be used: /;

let redis: RedisPeer;
const open: SharedState[] = [];
let lines: string[] = [];
beforeEach(async () => {
  lines = [];
  redis = await startRedis();
});
afterEach(async () => {
  for (const shared of open.splice(0)) shared.close();
  await redis.close();
});

function shared(keys = [KEY], credentials: { username?: string; password?: string } = {}): SharedState {
  const note = (line: string): void => void lines.push(line);
  const { username, password } = credentials;
  const state = openSharedState({
    address: { tls: false, host: '127.0.0.1', port: redis.port, username, password, database: 0 },
    keys,
    log: { debug: () => {}, info: note, warn: note, error: note },
  });
  open.push(state);
  return state;
}

const until = (condition: () => unknown): Promise<unknown> => expect.poll(condition, { timeout: 60_000 }).toBeTruthy();

it('everything in the store is sealed, and has an end', async () => {
  const { credentials, locks, memory, pins, replicas } = shared();
  await credentials.write('account', 'a-refresh-token');
  await locks('account.lock').tryAcquire();
  await memory.remember(new URL('https://secret.example/mcp'), 'http');
  await pins('https://secret.example/').update(({ changed }) => ({
    pinned: new Map([['t', '{"secret":1}']]),
    changed,
  }));
  await replicas.enter({ address: '127.0.0.1', port: 1 });
  const keys = (await redis.command('KEYS', '*')).split('\n');
  expect(keys.length).toBeGreaterThan(5);
  for (const key of keys) {
    expect(key).toMatch(/^mcp-proxy:\{1\}:[a-z]+:[a-z0-9.-]+$/);
    expect(Number(await redis.command('PTTL', key)), key).toBeGreaterThan(0);
    const dumped = await redis.command('DUMP', key);
    expect(dumped).not.toMatch(/secret|refresh-token|127\.0\.0\.1/);
  }
});

describe('foreign data under keys of the proxy', () => {
  it('is never read, and what the proxy writes replaces it', async () => {
    const { credentials, memory } = shared();
    await credentials.write('other', 'from elsewhere');
    await redis.command('COPY', 'mcp-proxy:{1}:secret:other', 'mcp-proxy:{1}:secret:copied');
    await redis.command('SET', 'mcp-proxy:{1}:secret:text', '{"version":1}');
    await redis.command('SET', 'mcp-proxy:{1}:secret:empty', '');
    for (const name of ['copied', 'text', 'empty']) expect(await credentials.read(name)).toBeUndefined();
    expect(lines.filter((line) => line.includes('--state-key'))).toHaveLength(1);
    await credentials.write('text', 'ours');
    expect(await credentials.read('text')).toBe('ours');
    expect(await memory.recall(new URL('https://server.example/'))).toBeUndefined();
  });

  it('of another type is one clear error, for that key only', async () => {
    const { credentials, locks } = shared();
    await redis.command('LPUSH', 'mcp-proxy:{1}:secret:list', 'x');
    await expect(credentials.read('list')).rejects.toThrow(/another program has written to a key of this proxy/);
    await credentials.write('list', 'ours');
    expect(await credentials.read('list')).toBe('ours');
    await redis.command('LPUSH', 'mcp-proxy:{1}:lock:a', 'x');
    await redis.command('SET', 'mcp-proxy:{1}:fence:b', 'x');
    expect(await locks('b').tryAcquire()).toBe(true);
    expect(typeof (await locks('a').tryAcquire())).toBe('boolean');
  });

  it('sealed with a key that is no longer given is not read, except for what was read since a newer one came', async () => {
    const before = shared();
    await before.credentials.write('a', 'text');
    await before.credentials.write('b', 'unread');
    const rotated = shared(['n'.repeat(32), KEY]);
    expect(await rotated.credentials.read('a')).toBe('text');
    expect(Number(await redis.command('PTTL', 'mcp-proxy:{1}:secret:a'))).toBeGreaterThan(0);
    const later = shared(['n'.repeat(32)]);
    await expect.poll(() => later.credentials.read('a'), { timeout: 60_000 }).toBe('text');
    expect(await later.credentials.read('b')).toBeUndefined();
  });
});

describe('a replica that was too slow', () => {
  it('does not overwrite what the next owner of the lock has written', async () => {
    const [slow, next] = [shared(), shared()];
    const lock = slow.locks('account.write');
    await lock.tryAcquire();
    // As it happens when the process is suspended for longer than a lock lives.
    await redis.command('DEL', 'mcp-proxy:{1}:lock:account.write');
    const taken = next.locks('account.write');
    expect(await taken.tryAcquire()).toBe(true);
    await next.credentials.write('account', 'new');
    await taken.release();
    await slow.credentials.write('account', 'old');
    await slow.credentials.remove('account');
    expect(await next.credentials.read('account')).toBe('new');
    expect(await lock.held()).toBe(false);
    await lock.release();
    expect(await slow.locks('account.write').tryAcquire()).toBe(true);
    await slow.credentials.write('account', 'newer');
    expect(await next.credentials.read('account')).toBe('newer');
  });

  it('keeps a lock as long as it lives, and no longer', async () => {
    const [first, second] = [shared(), shared()];
    await first.locks('a').tryAcquire();
    const left = async (): Promise<number> => Number(await redis.command('PTTL', 'mcp-proxy:{1}:lock:a'));
    await expect.poll(left, { timeout: 60_000 }).toBeLessThan(8_000);
    await expect.poll(left, { timeout: 60_000 }).toBeGreaterThan(9_000);
    expect(await second.locks('a').tryAcquire()).toBe(false);
    first.close();
    await expect.poll(() => second.locks('a').tryAcquire(), { timeout: 60_000, interval: 500 }).toBe(true);
  });
});

describe('without the store', () => {
  it.each<[string, () => Promise<void> | void, () => Promise<void> | void]>([
    ['gone', () => redis.kill(), () => redis.restart()],
    ['silent', () => redis.freeze(), () => redis.thaw()],
  ])(
    'that is %s, each request ends with one error, and what was to be stored is stored later',
    async (_, lose, find) => {
      const state = shared();
      const { credentials, locks, memory, replicas } = state;
      await credentials.write('a', 'before');
      await replicas.enter({ address: '127.0.0.1', port: 1 });
      expect(await replicas.find(replicas.id)).toMatchObject({ port: 1 });
      await lose();
      await expect(credentials.read('a')).rejects.toThrow(GONE);
      const lock = locks('a');
      await expect(lock.tryAcquire()).rejects.toThrow(GONE);
      await expect(memory.recall(new URL('https://server.example/'))).rejects.toThrow(GONE);
      expect(state.trouble).toMatch(GONE);
      await credentials.write('a', 'meanwhile');
      expect(await credentials.read('a')).toBe('meanwhile');
      // What is known of other replicas stays known.
      expect(await replicas.find(replicas.id)).toMatchObject({ port: 1 });
      await expect(replicas.find('0123456789abcdef')).rejects.toThrow(GONE);
      await find();
      await until(() => state.trouble === undefined);
      await expect.poll(() => redis.command('EXISTS', 'mcp-proxy:{1}:secret:a'), { timeout: 60_000 }).toBe('1');
      expect(await credentials.read('a')).toBe('meanwhile');
      expect(await lock.tryAcquire()).toBe(true);
      expect(lines.filter((line) => line.includes('going on with'))).toEqual([expect.stringMatching(GONE)]);
      expect(lines.filter((line) => line.includes('kept in this process'))).toHaveLength(1);
      expect(lines.at(-1)).toMatch(/can be used again$/);
    },
  );

  it('that was emptied, replicas find each other again', async () => {
    const [one, other] = [shared(), shared()];
    await one.replicas.enter({ address: '127.0.0.1', port: 1 });
    await other.replicas.enter({ address: '127.0.0.1', port: 2 });
    await redis.command('FLUSHALL');
    await expect.poll(() => other.replicas.find(one.replicas.id), { timeout: 60_000 }).toMatchObject({ port: 1 });
    expect(await one.credentials.read('a')).toBeUndefined();
  });

  it('that is full, reads go on, and the error says so', async () => {
    const { credentials, memory } = shared();
    const url = new URL('https://server.example/');
    await credentials.write('a', 'text');
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(memory.remember(url, 'http')).rejects.toThrow(/it is full/);
    await credentials.write('a', 'later');
    expect(await credentials.read('a')).toBe('later');
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await memory.remember(url, 'sse');
    await credentials.write('a', 'last');
    expect(await shared().credentials.read('a')).toBe('last');
  });

  it('that refuses writes for a while, one line says so, and one when it does no longer', async () => {
    const state = shared();
    await state.replicas.enter({ address: '127.0.0.1', port: 1 });
    await state.credentials.read('a');
    const refusals = async (): Promise<number> =>
      Number(/errorstat_OOM:count=(\d+)/.exec(String(await redis.command('INFO', 'errorstats')))?.[1] ?? 0);
    const before = await refusals();
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    for (let times = 1; times <= 3; times++) {
      await expect.poll(refusals, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + times);
      // Reads succeed between the writes that fail.
      await until(() => state.trouble !== undefined);
      await state.credentials.read('a');
      expect(state.trouble).toMatch(/it is full/);
    }
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await until(() => state.trouble === undefined);
    expect(lines.filter((line) => line.includes('cannot be used'))).toEqual([expect.stringMatching(/it is full/)]);
    expect(lines.filter((line) => line.includes('can be used again'))).toHaveLength(1);
  });

  it('that refuses the password, the error says so, without the password', async () => {
    await redis.command('CONFIG', 'SET', 'requirepass', 'right-password');
    const state = shared([KEY], { password: 'wrong-password' });
    await expect(state.credentials.read('a')).rejects.toThrow(/refuses the user or the password/);
    expect(lines.join('\n')).toMatch(/refuses the user or the password/);
    expect(lines.join('\n')).not.toContain('wrong-password');
    expect(await shared([KEY], { password: 'right-password' }).credentials.read('a')).toBeUndefined();
  });
});

it('a replica that ends is found no longer, and the others are told', async () => {
  const [one, other] = [shared(), shared()];
  await one.replicas.enter({ address: '127.0.0.1', port: 1 });
  await other.replicas.enter({ address: '127.0.0.1', port: 2 });
  expect(await other.replicas.find(one.replicas.id)).toMatchObject({ port: 1, draining: false });
  await one.replicas.drain();
  await expect.poll(() => other.replicas.other(), { timeout: 60_000 }).toBeUndefined();
  let gone = false;
  other.replicas.whenGone(one.replicas.id, () => {
    gone = true;
  });
  await one.replicas.leave();
  await until(() => gone);
  expect(await other.replicas.find(one.replicas.id)).toBeUndefined();
});
