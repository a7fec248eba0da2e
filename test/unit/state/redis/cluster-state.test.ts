// Everything that replicas share works in a Redis Cluster, too.
import { afterEach, expect, it } from 'vitest';
import { openSharedState, type SharedState } from '../../../../src/state/redis/shared-state.ts';
import { type ClusterPeer, startCluster } from '../../../peers/cluster.ts';

const LIFETIME = 600_000;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** It gets the address of a node that has none of the keys. */
function sharedIn(cluster: ClusterPeer, complaints: string[]): SharedState {
  const place = { host: '127.0.0.1', port: cluster.others[0]?.port ?? 0 };
  const note = (line: string): void => void complaints.push(line);
  const state = openSharedState({
    address: { tls: false, ...place, username: undefined, password: undefined, database: 0, nodes: [place] },
    keys: ['k'.repeat(32)],
    log: { debug: () => {}, info: note, warn: note, error: note },
  });
  closing.push(() => state.close());
  return state;
}

it('all of it is at one node, whichever replica writes it', async () => {
  const cluster = await startCluster();
  closing.push(cluster.close);
  const complaints: string[] = [];
  const [one, other] = [sharedIn(cluster, complaints), sharedIn(cluster, complaints)];
  const lock = one.locks('account.lock');
  expect(await lock.tryAcquire()).toBe(true);
  expect(await other.locks('account.lock').tryAcquire()).toBe(false);
  await one.credentials.write('account', 'a token');
  await one.credentials.write('another', 'to be removed');
  expect(await other.credentials.names()).toEqual(['account', 'another']);
  await other.credentials.remove('another');
  expect([await other.credentials.read('account'), await one.credentials.read('another')]).toEqual([
    'a token',
    undefined,
  ]);
  await lock.release();
  await one.memory.remember(new URL('https://server.example/mcp'), 'modern');
  expect(await other.memory.recall(new URL('https://server.example/mcp'))).toBe('modern');
  await one.pins('server').update(() => ({ pinned: new Map([['tool', '{}']]), changed: new Map() }));
  expect((await other.pins('server').read()).pinned.get('tool')).toBe('{}');
  await Promise.all([one, other].map((each, at) => each.replicas.enter({ address: '127.0.0.1', port: at + 1 })));
  expect(await one.replicas.find(other.replicas.id)).toMatchObject({ port: 2 });

  const [own, taker] = [one, other].map((each) => each.records(LIFETIME, () => {}));
  if (!own || !taker) throw new Error('two');
  closing.push(
    () => own.close(),
    () => taker.close(),
  );
  own.keep('session', () => Buffer.from('{"a":1}'));
  own.events('session').append(0, 1, [Buffer.from('an event')]);
  const events = async (): Promise<string[]> =>
    (await taker.events('session').read()).map(({ frame }) => Buffer.concat(frame).toString());
  await expect.poll(events, { timeout: 60_000 }).toEqual(['an event']);
  expect(await taker.take('session')).toEqual({ kind: 'taken', record: Buffer.from('{"a":1}') });
  expect(await own.take('session')).toEqual({ kind: 'elsewhere', replica: other.replicas.id });
  taker.forget('session');
  await expect.poll(events, { timeout: 60_000 }).toEqual([]);

  for (const each of cluster.others) {
    expect(await each.command('DBSIZE')).toBe('0');
    // Commands that are sent to another node first lose their order.
    expect(await each.command('INFO', 'errorstats')).not.toContain('MOVED');
  }
  expect(Number(await cluster.owner.command('DBSIZE'))).toBeGreaterThan(5);
  expect(complaints).toEqual([]);
});
