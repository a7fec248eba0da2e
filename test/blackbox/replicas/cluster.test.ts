// Replicas whose store is a Redis Cluster.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClusterPeer, startCluster } from '../../peers/cluster.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { startProxy } from '../../peers/proxy.ts';
import { startRedis } from '../../peers/redis.ts';
import { startScripted } from '../../peers/scripted.ts';
import { expectFailover, storeIn } from './failover.ts';
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
  it('fails over: replicas follow, and sessions of one that dies afterwards go on', async () => {
    const { owner, others } = await cluster();
    // Nothing listens at the first port, and the other node has no key of the proxy.
    const url = `redis+cluster://proxy:a-password@127.0.0.1:9,127.0.0.1:${others[0]?.port}`;
    closing.push(await expectFailover(url, owner.kill, 'a-password'));
  });

  it('moves the keys to another node: replicas follow at once', async () => {
    const { owner, copy, others } = await cluster();
    const server = await startScripted('/mcp', legacyServer());
    closing.push(server.close);
    const state = { url: `redis+cluster://proxy:a-password@127.0.0.1:${others[1]?.port}` };
    const replica = await startReplica(server.url, state);
    closing.push(() => replica.stop());
    await copy.command('CLUSTER', 'FAILOVER');
    await expect.poll(() => copy.command('ROLE'), { timeout: 60_000 }).toMatch(/^master/);
    const client = new StreamableClient(`${replica.url}/mcp`);
    closing.push(() => client.vanish());
    await client.initialize('2025-11-25');
    const records = (): Promise<string> => copy.command('KEYS', 'mcp-proxy:{1}:session:*');
    await expect.poll(records, { timeout: 60_000 }).not.toBe('');
    expect(await storeIn(replica.url)).toMatchObject({ reachable: true });
    expect(replica.proxy.stderr).not.toContain('cannot be used');
    expect(await owner.command('ROLE')).toMatch(/^slave/);
  });

  it('is named when its URL is that of one server, and the reverse', async () => {
    const server = await startScripted('/mcp', legacyServer());
    const alone = await startRedis();
    const node = await startRedis(['--cluster-enabled', 'yes']);
    closing.push(server.close, alone.close, node.close);
    const reasons = {
      [node.url]: 'it is part of a Redis Cluster',
      [alone.url.replace('redis:', 'redis+cluster:')]: 'it is not part of a Redis Cluster',
      [node.url.replace('redis:', 'redis+cluster:')]: 'none of its nodes can be used',
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
