// Replicas whose store is a Redis Cluster.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClusterPeer, startCluster } from '../../peers/cluster.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { startProxy } from '../../peers/proxy.ts';
import { nodeFlags, type RedisPeer, startRedis } from '../../peers/redis.ts';
import { startScripted } from '../../peers/scripted.ts';
import { expectFailover, expectTakeover, storeIn } from './failover.ts';
import { KEY, startReplica } from './replicated.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The commands that the user of the proxy needs at a cluster, as operators read it. */
function allowed(): string[] {
  const page = readFileSync('docs/replicas.md', 'utf8');
  const [, list = ''] = /The user needs `([A-Z ]+)` on `mcp-proxy:\*`/.exec(page) ?? [];
  const [, more = ''] = /in a cluster also `([A-Z|]+)`/.exec(page) ?? [];
  expect([list, more]).not.toContain('');
  return [...list.split(' '), more].map((name) => `+${name.toLowerCase()}`);
}

async function cluster(): Promise<ClusterPeer> {
  const started = await startCluster(['--user', 'proxy', 'on', '>a-password', '~mcp-proxy:*', ...allowed()]);
  closing.push(started.close);
  return started;
}

describe('a Redis Cluster', () => {
  it.each<[string, (owner: RedisPeer) => unknown]>([
    ['killed', (owner) => owner.kill()],
    ['frozen', (owner) => owner.freeze()],
  ])('whose primary is %s fails over: replicas follow, and sessions of one that dies go on', async (_, end) => {
    const { owner, others } = await cluster();
    // Nothing listens at the first port, and the other node has no key of the proxy.
    const url = `redis+cluster://proxy:a-password@127.0.0.1:9,127.0.0.1:${others[0]?.port}`;
    closing.push(await expectFailover(url, () => end(owner), 'a-password'));
  });

  it('moves the keys to another node, one by one: replicas follow, and no session is lost', async () => {
    const { owner, others } = await cluster();
    const [, target] = others;
    if (!target) throw new Error('three primaries');
    const server = await startScripted('/mcp', legacyServer());
    closing.push(server.close);
    const state = { url: `redis+cluster://proxy:a-password@127.0.0.1:${others[0]?.port}` };
    const [one, other] = await Promise.all([1, 2].map(() => startReplica(server.url, state)));
    if (!one || !other) throw new Error('two replicas');
    closing.push(() => Promise.all([one.stop(), other.stop()]));
    const opened = async (): Promise<StreamableClient> => {
      const client = new StreamableClient(`${one.url}/mcp`);
      closing.push(() => client.vanish());
      await client.initialize('2025-11-25');
      return client;
    };
    const before = await opened();
    const records = (node: RedisPeer): Promise<string> => node.command('KEYS', 'mcp-proxy:{1}:session:*');
    await expect.poll(() => records(owner), { timeout: 60_000 }).not.toBe('');
    const slot = await owner.command('CLUSTER', 'KEYSLOT', 'mcp-proxy:{1}:');
    const [from, to] = [await owner.command('CLUSTER', 'MYID'), await target.command('CLUSTER', 'MYID')];
    await target.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from);
    await owner.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to);
    // While the replicas write new ones.
    const during = await opened();
    for (;;) {
      const keys = (await owner.command('CLUSTER', 'GETKEYSINSLOT', slot, '100')).split('\n').filter(Boolean);
      if (keys.length === 0) break;
      await owner.command('MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...keys);
      await during.request('ping');
    }
    for (const node of [target, owner, ...others]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to);
    for (const each of [one, other]) {
      const back = { reachable: true, replicas: 2 };
      await expect.poll(() => storeIn(each.url), { timeout: 60_000 }).toEqual(back);
    }
    const after = await opened();
    // Also that of the session which began while its key was at neither node.
    await expect.poll(async () => (await records(target)).split('\n').length, { timeout: 60_000 }).toBe(3);
    for (const client of [before, during, after]) expect(await client.request('ping')).toEqual({});
    await expectTakeover(one, other, before);
    for (const { proxy } of [one, other]) expect(proxy.stderr).not.toMatch(/warning|Unhandled|internal error/i);
  });

  it('gives the keys to a copy: replicas follow', async () => {
    const { owner, copy, others } = await cluster();
    const server = await startScripted('/mcp', legacyServer());
    closing.push(server.close);
    const state = { url: `redis+cluster://proxy:a-password@127.0.0.1:${others[1]?.port}` };
    const replica = await startReplica(server.url, state);
    closing.push(() => replica.stop());
    await copy.command('CLUSTER', 'FAILOVER');
    await expect.poll(() => copy.command('ROLE'), { timeout: 60_000 }).toMatch(/^master/);
    await expect.poll(() => copy.command('CLIENT', 'LIST'), { timeout: 60_000 }).toContain('user=proxy');
    await expect.poll(() => storeIn(replica.url), { timeout: 60_000 }).toMatchObject({ reachable: true });
    const client = new StreamableClient(`${replica.url}/mcp`);
    closing.push(() => client.vanish());
    await client.initialize('2025-11-25');
    const records = (): Promise<string> => copy.command('KEYS', 'mcp-proxy:{1}:session:*');
    await expect.poll(records, { timeout: 60_000 }).not.toBe('');
    expect(await owner.command('ROLE')).toMatch(/^slave/);
  });

  it('is named when its URL is that of one server, and the reverse', async () => {
    const server = await startScripted('/mcp', legacyServer());
    const alone = await startRedis();
    const node = await startRedis(await nodeFlags());
    closing.push(server.close, alone.close, node.close);
    const reasons = {
      [node.url]: 'it is part of a Redis Cluster, so its URL must begin with redis+cluster:// or rediss+cluster://',
      [alone.url.replace('redis:', 'redis+cluster:')]:
        'it is not part of a Redis Cluster, so its URL must begin with redis:// or rediss://',
      [node.url.replace('redis:', 'redis+cluster:')]: 'it has no primary for the keys of the proxy',
    };
    for (const [url, reason] of Object.entries(reasons)) {
      const replica = await startReplica(server.url, { url });
      closing.push(() => replica.stop());
      await expect
        .poll(() => storeIn(replica.url), { timeout: 60_000 })
        .toEqual({ reachable: false, replicas: 1, reason: `the store ${url} cannot be used: ${reason}` });
      const told = replica.proxy.stderr.match(/error: the store .* cannot be used/g);
      expect(told, replica.proxy.stderr).toHaveLength(1);
      expect(await replica.stop()).toEqual({ code: 0, signal: null });
    }
  });

  it('has a URL of its own, and the forms of other programs are answered with it', async () => {
    for (const url of ['redis://one:6379,two:6379', 'rediss-cluster://one']) {
      const proxy = startProxy('https://server.example/mcp', ['--listen', ':0', '--state', url, '--state-key', KEY]);
      expect(await proxy.exit()).toMatchObject({ code: 2 });
      expect(proxy.stderr).toMatch(/invalid value for --state.*\n.*redis\+cluster:\/\/HOST,HOST/);
      await proxy.close();
    }
  });
});
