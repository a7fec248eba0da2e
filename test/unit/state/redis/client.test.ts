// What becomes of commands that a store does not answer.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openClient, type StoreClient, textOf } from '../../../../src/state/redis/client.ts';
import { type RedisPeer, startRedis } from '../../../peers/redis.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let redis: RedisPeer;
let client: StoreClient;
beforeEach(async () => {
  redis = await startRedis();
  const nobody = { username: undefined, password: undefined };
  client = openClient({ tls: false, host: '127.0.0.1', port: redis.port, ...nobody, database: 0 }, SILENT);
});
afterEach(async () => {
  client.close();
  await redis.close();
});

const until = (condition: () => unknown): Promise<unknown> => expect.poll(condition, { timeout: 60_000 }).toBeTruthy();

it('a command that has failed without a connection never takes effect', async () => {
  await client.run('SET', 'before', '1');
  await redis.kill();
  await until(() => client.trouble);
  await expect(client.run('SET', 'meanwhile', '1')).rejects.toThrow(/cannot be used/);
  await redis.restart();
  await until(() => client.trouble === undefined);
  await client.run('SET', 'after', '1');
  expect(textOf(await client.run('GET', 'after'))).toBe('1');
  expect(await client.run('GET', 'meanwhile')).toBeNull();
});

it('a store that refuses the user is not used, even if it answers those who say no name', async () => {
  await redis.command('ACL', 'SETUSER', 'proxy', 'on', '>right', '~*', '+@all');
  const place = { tls: false, host: '127.0.0.1', port: redis.port, database: 0 };
  const errors: string[] = [];
  const log = { ...SILENT, error: (line: string) => void errors.push(line) };
  const refused = openClient({ ...place, username: 'proxy', password: 'wrong' }, log);
  try {
    const failures = async (): Promise<number> =>
      [...(await redis.command('ACL', 'LOG')).matchAll(/^auth$/gm)].length &&
      Number(/count\n(\d+)/.exec(await redis.command('ACL', 'LOG'))?.[1]);
    await expect.poll(failures, { timeout: 60_000 }).toBeGreaterThan(2);
    expect(refused.trouble).toMatch(/it refuses the user or the password$/);
    expect(errors).toHaveLength(1);
  } finally {
    refused.close();
  }
});

it('a silent store is left, and no more commands are sent to it until it answers', async () => {
  await client.run('SET', 'count', '0');
  redis.freeze();
  const reasons = new Set<string>();
  let sent = 0;
  // Those that are not sent fail with what is wrong with the connection, and at once.
  while (!reasons.has('not sent')) {
    const failure = client.run('INCR', 'count').catch((error: Error) => error.message);
    const turn = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
    if ((await Promise.race([failure, turn])) !== undefined) reasons.add('not sent');
    else sent++;
    await failure;
  }
  for (let n = 0; n < 20; n++) await client.run('INCR', 'count').catch(() => {});
  redis.thaw();
  await until(() => client.trouble === undefined);
  expect(Number(textOf(await client.run('GET', 'count')))).toBeLessThanOrEqual(sent);
});
