// What clients and operators see while the store is gone, and what a replica needs to be one.
import { afterEach, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { startRedis } from '../../peers/redis.ts';
import { startScripted } from '../../peers/scripted.ts';
import { KEY, type Replicated, startReplica, startReplicated } from './replicated.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(): Promise<Replicated> {
  const server = await startScripted('/mcp', legacyServer());
  closing.push(server.close);
  const all = await startReplicated(server.url, { count: 2 });
  closing.push(all.close);
  return all;
}

const storeIn = async (url: string): Promise<{ reachable: boolean; reason?: string }> =>
  ((await (await fetch(`${url}/readyz`)).json()) as { store: { reachable: boolean } }).store;

it('sessions, new ones, and calls without a session go on at every replica, and /readyz tells', async () => {
  const { url, replicas, store } = await start();
  const [first] = replicas;
  const client = new StreamableClient(`${url}/mcp`);
  const modern = new ModernClient(`${url}/mcp`);
  closing.push(() => {
    client.vanish();
    modern.vanish();
  });
  await client.initialize('2025-11-25');
  expect(await storeIn(first?.url ?? '')).toEqual({ reachable: true, replicas: expect.any(Number) });
  await store.kill();
  await expect
    .poll(() => storeIn(first?.url ?? ''), { timeout: 60_000 })
    .toMatchObject({
      reachable: false,
      reason: expect.stringMatching(/^the store redis:\/\/127\.0\.0\.1:\d+ cannot be used: /),
    });
  expect((await fetch(`${first?.url}/readyz`)).status).toBe(200);
  for (let n = 0; n < 4; n++) {
    expect((await client.request('tools/call', { name: 'echo', arguments: {} })).content).toHaveLength(1);
    expect((await modern.call('tools/call', { name: 'echo', arguments: {} })).message.result).toBeDefined();
  }
  await store.restart();
  await expect.poll(() => storeIn(first?.url ?? ''), { timeout: 60_000 }).toEqual({ reachable: true, replicas: 2 });
  expect((await client.request('tools/call', { name: 'echo', arguments: {} })).content).toHaveLength(1);
  for (const { proxy } of replicas) {
    expect(proxy.stderr.match(/going on with what needs no other replica/g)).toHaveLength(1);
    expect(proxy.stderr).not.toContain(KEY);
  }
});

it('a replica starts without the store, and is found once it is there', async () => {
  const server = await startScripted('/mcp', legacyServer());
  const store = await startRedis();
  closing.push(server.close, store.close);
  await store.kill();
  const [one, other] = await Promise.all([startReplica(server.url, store), startReplica(server.url, store)]);
  closing.push(() => Promise.all([one.stop(), other.stop()]));
  const opening = new StreamableClient(`${one.url}/mcp`);
  await opening.initialize('2025-11-25');
  const client = new StreamableClient(`${other.url}/mcp`);
  closing.push(() => {
    opening.vanish();
    client.vanish();
  });
  client.sessionId = opening.sessionId;
  client.protocolVersion = opening.protocolVersion;
  const status = async (): Promise<number> =>
    (await client.post('{"jsonrpc":"2.0","id":1,"method":"ping"}').response).status;
  expect(await status()).toBe(503);
  await store.restart();
  await expect.poll(status, { timeout: 60_000 }).toBe(200);
});

it('a replica with another key is none of the others', async () => {
  const server = await startScripted('/mcp', legacyServer());
  const store = await startRedis();
  closing.push(server.close, store.close);
  const one = await startReplica(server.url, store);
  const foreign = await startReplica(server.url, store, [], { STATE_KEY: `another-${KEY}` });
  closing.push(() => Promise.all([one.stop(), foreign.stop()]));
  const client = new StreamableClient(`${one.url}/mcp`);
  await client.initialize('2025-11-25');
  closing.push(() => client.vanish());
  const stranger = new StreamableClient(`${foreign.url}/mcp`);
  closing.push(() => stranger.vanish());
  stranger.sessionId = client.sessionId;
  expect((await stranger.post('{"jsonrpc":"2.0","id":1,"method":"ping"}').response).status).toBe(404);
});

it('on every interface, replicas need a client token that is the same for all', async () => {
  const flags = ['--state', 'redis://127.0.0.1:9', '--state-key', KEY];
  const starting = startServing('https://server.example/mcp', flags, { listen: ':0' });
  await expect(starting).rejects.toThrow(/--state needs --client-token/);
});
