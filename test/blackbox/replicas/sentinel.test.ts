// Replicas whose store is found through Sentinel, and those that are given a Redis Cluster.
import { afterEach, describe, expect, it } from 'vitest';
import { startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { startProxy } from '../../peers/proxy.ts';
import { startRedis } from '../../peers/redis.ts';
import { startScripted } from '../../peers/scripted.ts';
import { startPair, startSentinel } from '../../peers/sentinel.ts';
import { KEY, startReplica } from './replicated.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const storeIn = async (url: string): Promise<unknown> =>
  ((await (await fetch(`${url}/readyz`)).json()) as { store: unknown }).store;

describe('through Sentinel', () => {
  it('replicas follow a failover, and sessions of one that dies afterwards go on', async () => {
    const server = await startScripted('/mcp', legacyServer());
    const [primary, copy] = await startPair(['--requirepass', 'a-password', '--masterauth', 'a-password']);
    closing.push(server.close, primary.close, copy.close);
    const sentinel = await startSentinel('main', primary.port, { password: 'a-password' });
    closing.push(sentinel.close);
    // Nothing listens at the first port.
    const url = `redis+sentinel://:a-password@127.0.0.1:9,127.0.0.1:${sentinel.port}/main`;
    const [one, other] = await Promise.all([1, 2].map(() => startReplica(server.url, { url })));
    if (!one || !other) throw new Error('two replicas');
    closing.push(() => Promise.all([one.stop(), other.stop()]));
    expect(await storeIn(one.url)).toEqual({ reachable: true, replicas: expect.any(Number) });
    await primary.kill();
    await expect.poll(() => storeIn(one.url), { timeout: 60_000 }).toMatchObject({ reachable: false });
    for (const each of [one, other])
      await expect
        .poll(() => storeIn(each.url), { timeout: 60_000 })
        .toEqual({ reachable: true, replicas: expect.any(Number) });
    const opening = new StreamableClient(`${one.url}/mcp`);
    await opening.initialize('2025-11-25');
    const client = new StreamableClient(`${other.url}/mcp`);
    closing.push(() => client.vanish());
    client.sessionId = opening.sessionId;
    client.protocolVersion = opening.protocolVersion;
    opening.vanish();
    one.proxy.kill('SIGKILL');
    await one.proxy.exited;
    // A replica counts those that it knows as running for a while after an outage.
    const called = async (): Promise<number> =>
      (await client.post('{"jsonrpc":"2.0","id":1,"method":"ping"}').response).status;
    await expect.poll(called, { timeout: 60_000 }).toBe(200);
    expect(other.proxy.stderr).not.toContain('a-password');
  });

  it('a replica says which part it cannot reach', async () => {
    const server = await startScripted('/mcp', legacyServer());
    const [primary, copy] = await startPair();
    closing.push(server.close, primary.close, copy.close);
    const sentinel = await startSentinel('main', primary.port);
    closing.push(sentinel.close);
    const reasons = { [`127.0.0.1:${sentinel.port}/other`]: 'its sentinels know no primary with this name' };
    Object.assign(reasons, { '127.0.0.1:9/main': 'no sentinel can be reached' });
    for (const [place, reason] of Object.entries(reasons)) {
      const replica = await startReplica(server.url, { url: `redis+sentinel://${place}` });
      closing.push(() => replica.stop());
      expect(await storeIn(replica.url)).toEqual({
        reachable: false,
        replicas: 1,
        reason: `the store redis+sentinel://${place} cannot be used: ${reason}`,
      });
      expect(await replica.stop()).toEqual({ code: 0, signal: null });
    }
  });
});

describe('a Redis Cluster', () => {
  it('is refused at the start where its URL says so', async () => {
    for (const url of ['redis://one:6379,two:6379', 'redis+cluster://one', 'rediss-cluster://one']) {
      const proxy = startProxy('https://server.example/mcp', ['--listen', ':0', '--state', url, '--state-key', KEY]);
      expect(await proxy.exit()).toMatchObject({ code: 2 });
      expect(proxy.stderr).toMatch(/--state does not support Redis Cluster.*\n.*redis\+sentinel:\/\//);
      await proxy.close();
    }
  });

  it('is named when a node of one is the store', async () => {
    const server = await startScripted('/mcp', legacyServer());
    const store = await startRedis(['--cluster-enabled', 'yes']);
    closing.push(server.close, store.close);
    const replica = await startServing(server.url, ['--state', store.url, '--state-key', KEY]);
    closing.push(() => replica.stop());
    await expect
      .poll(() => storeIn(replica.url), { timeout: 60_000 })
      .toEqual({
        reachable: false,
        replicas: 1,
        reason: `the store ${store.url} cannot be used: it is part of a Redis Cluster, which is not supported`,
      });
    const told = replica.proxy.stderr.match(/error: the store .* part of a Redis Cluster/g);
    expect(told, replica.proxy.stderr).toHaveLength(1);
  });
});
